"""The first model of studies that begin alike is handed on; no other study is given it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lamella.cubes.store import work_folder
from models.networks.train import MODEL_FILE
from workers.simulation import opening
from workers.simulation.cell import OPENINGS, PRESETS, Cell

PRESET = PRESETS["quick"]
CELL = Cell(
    images=(Path("image.tif"),),
    labels=(Path("labels.tif"),),
    image_hashes=("a",),
    labels_hashes=("b",),
    classes="one",
    strategy="random",
    volunteers="perfect",
    seed=0,
    preset="quick",
    rounds=2,
    budget=0.3,
)


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    monkeypatch.setenv(OPENINGS, str(tmp_path / "openings"))
    settings.DATA_DIR = tmp_path / "one"
    (work_folder("training/1") / MODEL_FILE).write_bytes(b"learned")
    opening.keep(CELL, PRESET)
    settings.DATA_DIR = tmp_path / "other"
    return work_folder("training/1") / MODEL_FILE


@pytest.mark.parametrize(
    "other",
    [
        replace(CELL, strategy="uniform"),
        replace(CELL, budget=0.1, settings={"simulation": {"round_share": 0.05}}),
    ],
)
def test_a_study_that_begins_alike_finds_the_model(other: Cell, places: Path) -> None:
    opening.take_over(other, PRESET)
    assert places.read_bytes() == b"learned"


@pytest.mark.parametrize(
    ("other", "preset"),
    [
        (replace(CELL, seed=1), PRESET),
        (replace(CELL, volunteers="cast"), PRESET),
        (replace(CELL, labels_hashes=("c",)), PRESET),
        (replace(CELL, settings={"train": {"crop": 32}}), PRESET),
        (CELL, replace(PRESET, first_steps=10)),
        (CELL, replace(PRESET, seed_share=0.1)),
    ],
)
def test_a_study_that_begins_otherwise_does_not(other: Cell, preset: Any, places: Path) -> None:
    opening.take_over(other, preset)
    assert not places.exists()


def test_without_a_folder_every_study_trains(places: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(OPENINGS)
    opening.take_over(CELL, PRESET)
    assert not places.exists()
