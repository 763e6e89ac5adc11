"""A simulated study from end to end, on the loop's own code, in this process."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from lamella.rounds.models import Task
from lamella.studies.models import Study
from tests.flows.tiny import blobs
from workers.simulation import beside
from workers.simulation.cell import Cell
from workers.simulation.play import play, preset_of, study_settings

pytestmark = [pytest.mark.django_db(transaction=True)]

QUICK = {
    "train": {
        "max_steps": 25,
        "max_seconds": None,
        "crop": 32,
        "window": 3,
        "windows": 2,
        "pixels": 0,
    },
    "network": {"channels": [8, 16], "critic_channels": [8, 16], "recurrent_channels": 8},
    "predict": {"patch": 16},
}


def cell(
    folder: Path,
    image: NDArray[Any],
    labels: NDArray[Any],
    *,
    strategy: str = "discriminator",
    volunteers: str = "perfect",
    rounds: int = 2,
    settings: dict[str, Any] = QUICK,
) -> Cell:
    paths = folder / "image.tif", folder / "labels.tif"
    for path, volume in zip(paths, (image, labels), strict=True):
        tifffile.imwrite(path, volume, photometric="minisblack")
    return Cell(
        images=(paths[0],),
        labels=(paths[1],),
        image_hashes=("a",),
        labels_hashes=("b",),
        classes="auto",
        strategy=strategy,
        volunteers=volunteers,
        seed=0,
        preset="quick",
        rounds=rounds,
        budget=0.6,
        settings=settings,
    )


def test_people_who_draw_the_truth_improve_the_mask_round_by_round(tmp_path: Path) -> None:
    image, truth = blobs((20, 48, 48))
    result = play(cell(tmp_path, image, truth))
    first, *_, last = result["rounds"]
    assert [r["number"] for r in result["rounds"]] == [0, 1, 2]
    assert first["shown_fraction"] == pytest.approx(3 / 20)
    assert first["audit"] is None
    # Two chosen slices a round, an audit in the first, and blind tiles, for the end is near.
    assert 8 / 20 < last["shown_fraction"] < 11 / 20
    assert last["classifications"] > 8
    assert last["dice_final"] > first["dice_final"]
    assert last["dice_final"] > 0.8
    assert 0 < last["dice_interpolation"] <= 1
    assert first["seconds"] < last["seconds"]
    assert set(last["audit"]) == {"dice", "low", "high", "true"}
    assert last["spearman"]
    json.dumps(result, allow_nan=False)
    study = Study.objects.get()
    assert study.training_runs.count() == 3
    assert study.tasks.filter(kind=Task.Kind.AUDIT, blind=False).count() == 1


def several(folder: Path, shapes: list[tuple[int, int, int]], **more: Any) -> Cell:
    """A cell of a study with several cubes."""
    cells = []
    for number, shape in enumerate(shapes):
        place = folder / str(number)
        place.mkdir()
        cells.append(cell(place, *blobs(shape), **more))
    return replace(
        cells[0],
        images=tuple(c.images[0] for c in cells),
        labels=tuple(c.labels[0] for c in cells),
        image_hashes=tuple(str(n) for n in range(len(cells))),
        labels_hashes=tuple(str(n) for n in range(len(cells))),
    )


@pytest.mark.parametrize("strategy", ["expected_error", "oracle"])
def test_cubes_of_one_study_share_a_model_and_a_budget(strategy: str, tmp_path: Path) -> None:
    asked = several(tmp_path, [(20, 48, 48), (12, 40, 44)], rounds=2, strategy=strategy)
    result = play(asked)
    json.dumps(result, allow_nan=False)
    study = Study.objects.get()
    assert study.cubes.count() == 2
    assert study.training_runs.count() == 3
    first, *_, last = result["rounds"]
    seen = Task.objects.filter(round__number=0).values_list("cube_id", flat=True)
    assert set(seen) == set(study.cubes.values_list("pk", flat=True))
    voxels = [20 * 48 * 48, 12 * 40 * 44]
    shown = sum(
        len(set(Task.objects.filter(round__number=0, cube=cube).values_list("z", flat=True)))
        * voxels[n]
        / (20, 12)[n]
        for n, cube in enumerate(study.cubes.order_by("pk"))
    )
    assert first["shown_fraction"] == pytest.approx(shown / sum(voxels), abs=1e-3)
    assert len(last["dice_cubes"]) == 2
    assert last["dice_final"] == pytest.approx(sum(last["dice_cubes"]) / 2, abs=1e-4)
    assert last["dice_final"] > first["dice_final"]
    assert last["spearman"]
    if strategy == "oracle":
        # Patches at the edge of the second cube are cut off, so that its scores are not exact.
        assert last["spearman"]["error"] > 0.97


def test_a_study_ends_with_the_round_that_reaches_its_dice(tmp_path: Path) -> None:
    image, truth = blobs((20, 48, 48))
    settings = {**QUICK, "simulation": {"until": 0.5}}
    result = play(cell(tmp_path, image, truth, rounds=5, settings=settings))
    assert result["rounds"][-1]["dice_final"] >= 0.5
    assert all(row["dice_final"] < 0.5 for row in result["rounds"][:-1])
    assert len(result["rounds"]) < 6


def test_what_stands_beside_several_cubes_is_their_mean(tmp_path: Path) -> None:
    asked = several(tmp_path, [(20, 48, 48), (12, 40, 44)], volunteers="cast")
    alone = beside.interpolation(asked)
    assert (alone["slices"], alone["shape"]) == (32, [[20, 48, 48], [12, 40, 44]])
    shares = [point["shown_fraction"] for point in alone["curves"]["bisection"]]
    assert shares == sorted(set(shares))
    every = beside.every_slice(asked)
    assert every["cast"]["masks"] == 5 * 32
    assert 0.5 < every["dice"] <= 1


def test_the_oracle_alone_is_told_the_error(tmp_path: Path) -> None:
    image, truth = blobs((16, 48, 48))
    result = play(cell(tmp_path, image, truth, strategy="oracle", rounds=1))
    last = result["rounds"][-1]
    assert last["spearman"]["error"] == pytest.approx(1, abs=1e-3)
    assert last["score_error_spearman"] == last["spearman"]["error"]


def test_a_cast_is_asked_several_times_a_task_and_its_figures_are_told(tmp_path: Path) -> None:
    image, truth = blobs((12, 48, 48))
    result = play(cell(tmp_path, image, truth, volunteers="cast", strategy="random", rounds=1))
    assert result["cast"]["masks"] == result["rounds"][-1]["classifications"]
    assert result["cast"]["masks"] >= 2 * 3
    assert result["cast"]["people"] > 5
    every = beside.every_slice(cell(tmp_path, image, truth, volunteers="cast"))
    assert 0.5 < every["dice"] <= 1
    assert every["cast"]["masks"] == 5 * 12


def test_tiles_are_shown_by_area(tmp_path: Path) -> None:
    image, truth = blobs((8, 64, 64))
    tiles = {**QUICK, "selection": {"slice_limit": 32, "tile": 32}}
    result = play(cell(tmp_path, image, truth, strategy="random", rounds=1, settings=tiles))
    first, last = result["rounds"]
    assert first["shown_fraction"] == pytest.approx(3 / 32, abs=1e-4)
    assert 6 / 32 <= last["shown_fraction"] < 8 / 32


def _nan(image: NDArray[Any]) -> NDArray[np.float32]:
    broken = image.astype(np.float32)
    broken[3, :9, :9] = np.nan
    broken[5] = np.inf
    return broken


BAD: dict[str, Callable[[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]] = {
    "one slice": lambda i, t: (i[:1], t[8:9]),
    "no foreground": lambda i, t: (i, np.zeros_like(t)),
    "all foreground": lambda i, t: (i, np.ones_like(t)),
    "not numbers": lambda i, t: (_nan(i), t),
    "constant image": lambda i, t: (np.full_like(i, 7), t),
    "one labelled slice": lambda i, t: (i, np.where(np.arange(len(t))[:, None, None] == 6, t, 0)),
    "empty resin": lambda i, t: (np.where(np.arange(len(i))[:, None, None] > 6, 128, i), t),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_gives_figures_without_nan_and_says_what_they_cannot_tell(
    what: str, tmp_path: Path
) -> None:
    image, truth = BAD[what](*blobs((16, 40, 40)))
    asked = cell(tmp_path, image, truth.astype(np.uint8), rounds=1)
    result = play(asked)
    json.dumps(result, allow_nan=False)
    json.dumps(beside.interpolation(asked), allow_nan=False)
    assert result["rounds"]
    if what in ("one slice", "no foreground", "all foreground", "one labelled slice"):
        assert any(note.endswith(".") for note in result["notes"])


def test_settings_go_to_the_study_and_those_of_the_simulation_to_the_preset(
    tmp_path: Path,
) -> None:
    image, truth = blobs((4, 16, 16))
    asked = cell(tmp_path, image, truth, settings={"simulation": {"first_steps": 3}, **QUICK})
    preset = preset_of(asked)
    assert (preset.first_steps, preset.rounds, preset.budget) == (3, 2, 0.6)
    settings = study_settings(asked, preset)
    assert "simulation" not in settings
    assert settings["train"]["crop"] == 32
    assert settings["train"]["checkpoint_seconds"] == 1e6
    wrong = cell(tmp_path, image, truth, settings={"simulation": {"steps": 3}})
    with pytest.raises(ValueError, match=r"no setting “simulation\.steps”"):
        preset_of(wrong)


def test_a_cells_name_changes_with_what_decides_on_its_result(tmp_path: Path) -> None:
    image, truth = blobs((4, 16, 16))
    one = cell(tmp_path, image, truth)
    assert one.key == cell(tmp_path, image, truth).key
    assert one.key != cell(tmp_path, image, truth, strategy="random").key
    assert one.key != cell(tmp_path, image, truth, rounds=3).key
    assert one.key != cell(tmp_path, image, truth, settings={}).key
    assert Cell.from_json(json.loads(json.dumps(one.to_json(), default=dict))).key == one.key
