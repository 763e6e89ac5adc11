"""Rows of the benchmarks."""

import pytest

from benchmarks.__main__ import main, modules
from benchmarks.rows import meets, row


def test_whether_a_goal_is_met_follows_from_the_value() -> None:
    assert row("a", 0.09, "share", "<= 0.1")["ok"]
    assert not row("a", 0.11, "share", "<= 0.1")["ok"]
    assert meets(0.86, ">= 0.85")
    with pytest.raises(ValueError, match="not a sign and a number"):
        meets(1, "about 3")


def test_a_value_that_is_missing_or_no_number_meets_nothing() -> None:
    for value in (None, float("nan"), float("inf")):
        made = row("a", value, "share", ">= 0")
        assert made["value"] is None
        assert made["ok"] is False


def test_every_module_that_gives_rows_is_found() -> None:
    assert {"effort", "certificate"} <= set(modules())
    assert "rows" not in modules()


def test_a_name_that_is_no_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "speeed"])
    assert "no benchmark “speeed”" in capsys.readouterr().err
