"""What the correction page is measured by."""

import pytest

from benchmarks.__main__ import modules
from benchmarks.annotator import budgets
from benchmarks.annotator.peer import Peer
from benchmarks.annotator.script import LARGE, SIDE, labels, script
from benchmarks.annotator.visit import Seen


@pytest.mark.parametrize("side", [SIDE, LARGE])
def test_all_that_is_drawn_lies_on_the_slice_and_every_fill_in_a_blob(side: int) -> None:
    drawn = script(side)
    spots = [spot for path in (*drawn.strokes, *drawn.lassos) for spot in path]
    assert all(0 <= x < side and 0 <= y < side for x, y in spots)
    mask = labels(side)
    assert all(mask[int(y), int(x)] == 1 for x, y in drawn.fills)
    # Strokes and lassos find empty ground, so that each of them changes something.
    assert all(mask[int(y), int(x)] == 0 for x, y in spots)


def test_every_budget_has_one_row_and_what_was_not_seen_meets_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budgets, "first_javascript", lambda: 59 * 1024)
    quick = Seen(
        handlers=[0.2] * 20,
        draws=[0.5] * 20,
        ends=[4.0],
        undos=[5.0],
        lassos=[1.0],
        fills=[12.0],
        flips=[8.0],
        shown=[30.0],
        idle=[29.0],
        seal=[40.0],
        patches=[2048],
    )
    slow = Seen(handlers=[2.0], draws=[5.0], late=0.04, visible=900.0, server=200.0)
    rows = budgets.rows(
        {(SIDE, 1): quick, (SIDE, 4): slow, (LARGE, 1): quick}, Peer(events=[6.0], fills=[30.0])
    )
    found = {row["name"]: row for row in rows}
    assert len(found) == len(rows) == 25
    assert {name for name, row in found.items() if not row["ok"]} == {"fill of a blob, p95"}
    assert found["slice visible at 20 Mbit/s, processor 4x slower"]["value"] == 0.7
    assert found["pointer handler, p95"]["peers"] == {"napari": 6.0}
    flip = found["flip to a neighbour, warm, p95"]
    assert (flip["value"], flip["peers"]["the same, of a key that does nothing"]) == (8.0, 29.0)
    nothing = budgets.rows({(SIDE, 1): Seen()}, None)
    assert not next(row for row in nothing if row["name"].startswith("pointer"))["ok"]


def test_the_science_does_not_measure_the_page() -> None:
    assert not any(name.startswith("annotator") for name in modules())
