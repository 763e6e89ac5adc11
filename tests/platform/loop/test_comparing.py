"""Versions are held against each other on the same masks, which none of them has learned."""

from typing import Any

import numpy as np
import pytest

from lamella.cubes.models import Cube
from lamella.learning.models import ModelVersion
from lamella.loop import comparing
from lamella.loop.comparing import compare, comparison_of
from lamella.volumes.geometry import Region
from tests import factories as make

pytestmark = pytest.mark.django_db


def square(side: int) -> np.ndarray:
    mask = np.zeros((8, 8), np.uint8)
    mask[:side, :side] = 1
    return mask


@pytest.fixture
def cube(monkeypatch: pytest.MonkeyPatch) -> Cube:
    """Version 1 draws 2 x 2 of 4 x 4 pixels, version 2 all of them; slice 7 was learned."""
    cube = make.make_cube(make.make_study())
    for number, state in ((1, "retired"), (2, "serving")):
        sources = [{"cube": cube.pk, "z": 7}] if number == 2 else []
        run = make.make_run(cube.study, snapshot={"sources": sources})
        make.make_version(cube.study, number, state=state, training_run=run)
    items = [
        (kind, cube, Region(z, 0, 0, 8, 8), square(4))
        for kind, z in (("gold", 1), ("gold", 2), ("audit", 3), ("audit", 7), ("audit", 8))
    ]

    def model_mask(version: ModelVersion, cube: Cube, region: Region, *rest: Any) -> Any:
        if version.number == 1 and region.z == 8:
            return None  # it was never asked about this slice
        return square(2 if version.number == 1 else 4)

    monkeypatch.setattr(comparing, "items_of", lambda *given: iter(items))
    monkeypatch.setattr(comparing, "model_mask", model_mask)
    return cube


def test_each_version_is_judged_on_the_same_unlearned_masks(cube: Cube) -> None:
    compare(cube.study)
    found = comparison_of(cube.study)
    assert found is not None
    newest, oldest = found.lines
    assert (newest.number, oldest.number) == (2, 1)
    assert (newest.gold["masks"], newest.audit["masks"]) == (2, 1)
    assert (oldest.gold["masks"], oldest.audit["masks"]) == (2, 1)
    assert newest.gold["dice"] == 1.0
    assert oldest.gold["dice"] == pytest.approx(2 * 4 / (4 + 16))
    assert newest.audit["low"] is None  # one mask has no spread


def test_before_the_first_there_is_nothing_to_tell() -> None:
    assert comparison_of(make.make_study()) is None
