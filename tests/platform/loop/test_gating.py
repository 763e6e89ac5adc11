"""The promotion gate: what a few masks may decide, and what many must show."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

from lamella.cubes.models import Cube
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.loop import gating
from lamella.studies.classes import ClassMap
from lamella.studies.models import Study
from lamella.volumes.geometry import Region

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


def test_gold_slices_that_a_version_learned_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cube = Cube(pk=7)
    mask = np.ones((2, 2), np.uint8)
    items = [(cube, Region(z, 0, 0, 2, 2), mask) for z in (3, 4, 5)]
    monkeypatch.setattr(gating, "items_of", lambda *given: (("gold", *item) for item in items))
    monkeypatch.setattr(gating, "prediction", lambda *given: None)
    asked = []

    def model_mask(version: ModelVersion, cube: Cube, region: Region, *rest: Any) -> Any:
        asked.append((version.number, region.z))
        return mask

    monkeypatch.setattr(gating, "model_mask", model_mask)
    run = TrainingRun(snapshot={"sources": [{"cube": 7, "z": 4}, {"cube": 8, "z": 5}]})
    candidate = ModelVersion(number=2, study=STUDY, training_run=run)
    classes = ClassMap((1,), False, np.dtype(np.uint8))
    assert list(gating._pairs(candidate, SERVING, classes)) == [(1.0, 1.0)] * 2
    assert asked == [(2, 3), (1, 3), (2, 5), (1, 5)]
