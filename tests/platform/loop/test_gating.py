"""The promotion gate: what a few masks may decide, and what many must show."""

from collections.abc import Iterable
from typing import Any

import pytest

from lamella.learning.models import ModelVersion
from lamella.loop import gating
from lamella.studies.models import Study

STUDY = Study()
SERVING = ModelVersion(number=1, study=STUDY)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The verdict on a candidate whose Dice differs by so much on each mask."""

    def verdict(differences: Iterable[float]) -> dict[str, Any]:
        pairs = [(0.8 + difference, 0.8) for difference in differences]
        monkeypatch.setattr(gating, "_pairs", lambda *given: iter(pairs))
        monkeypatch.setattr(gating, "class_map", lambda study: None)
        return gating.judge(ModelVersion(number=2, study=STUDY), SERVING)

    return verdict


def test_the_first_version_serves() -> None:
    assert gating.judge(ModelVersion(number=1, study=STUDY), None)["promote"]


@pytest.mark.parametrize("differences", [[], [-0.05], [-0.08, 0.01], [-0.06, 0.03, -0.01]])
def test_a_few_masks_that_do_not_agree_refuse_nobody(judge: Any, differences: list[float]) -> None:
    verdict = judge(differences)
    assert verdict["promote"]
    assert "too little to compare on" in verdict["reason"]


def test_a_few_masks_that_agree_refuse_a_worse_candidate(judge: Any) -> None:
    verdict = judge([-0.05, -0.03, -0.06])
    assert not verdict["promote"]
    assert verdict["reason"] == "clearly worse, though there is little to compare on: 3 fresh masks"


def test_a_collapse_is_seen_on_one_mask(judge: Any) -> None:
    verdict = judge([-0.4])
    assert not verdict["promote"]
    assert verdict["reason"] == "clearly worse, though there is little to compare on: 1 fresh mask"


def test_many_masks_must_show_that_it_is_not_worse(judge: Any) -> None:
    assert judge([0.02, 0.01, 0.03, 0.02, 0.0, 0.01, 0.02, 0.03])["promote"]
    assert not judge([0.02, -0.06, 0.03, -0.05, 0.04, -0.03, 0.02, 0.03])["promote"]
    assert not judge([-0.001] * 8)["promote"]
