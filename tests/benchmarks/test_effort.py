"""The rows of the effort benchmark, from invented studies."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import tifffile

from benchmarks import effort, studies
from benchmarks.data import BRATS, DataError, data_folder, hippocampus
from benchmarks.studies import Plan
from tests.flows.tiny import blobs
from workers.simulation import beside
from workers.simulation.cell import Cell

FINAL = {"expected_error": 0.94, "foreground_random": 0.90, "oracle": 0.95}


def played(plans: Sequence[Plan]) -> list[dict[str, Any]]:
    return [one_played(plan.strategies, plan.seeds, plan.volunteers) for plan in plans]


def one_played(strategies: Sequence[str], seeds: Sequence[int], volunteers: str) -> dict[str, Any]:
    """A study that has one Dice from 5 % shown on."""

    def run(name: str) -> dict[str, Any]:
        rounds = [
            {
                "shown_fraction": share,
                "dice_final": FINAL.get(name, 0.9),
                "seconds": 100 * share,
                "score_error_spearman": 0.9,
                "spearman": {"discriminator": 0.7, "entropy": 0.8},
            }
            for share in (0.05, 0.15, 0.4)
        ]
        reached = None if name == "random" else 0.08
        return {"rounds": rounds, "shown_at_dice": dict.fromkeys(("0.90", "0.94", "0.95"), reached)}

    at = dict.fromkeys(("0.90", "0.94", "0.95"), 0.2)
    result: dict[str, Any] = {
        "strategies": {
            name: {
                "rounds": run(name)["rounds"],
                "seeds": {str(seed): run(name) for seed in seeds},
                "cast": {"single_mask_dice": 0.9},
            }
            for name in strategies
        },
        "interpolation": {"at_dice": {"bisection": at, "uniform": at}},
    }
    if volunteers == "cast":
        reference = {"dice": 0.945, "seconds": 200.0, "people": 5}
        result["every_slice"] = {
            **reference,
            "cast": {"single_mask_dice": 0.9},
            "seeds": {str(seed): reference for seed in seeds},
        }
    return result


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for number in range(30):
        (tmp_path / "hippocampus" / f"case_{number:02}").mkdir(parents=True)
    monkeypatch.setenv("LAMELLA_DATA_SHARED", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("quick", [True, False])
def test_every_promise_has_its_row(
    quick: bool, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effort, "play", played)
    rows = {row["name"]: row for row in effort.rows(quick, 0)}
    assert rows["brats.shown_at_0.95"]["ok"]
    assert rows["brats.shown_at_0.95"]["seeds"] == [0.08] * 3
    assert rows["hippocampus.shown_at_0.94"]["value"] == pytest.approx(0.08)
    assert rows["mouse_embryo.fewer_than_interpolation"]["value"] == pytest.approx(0.6)
    random = rows["vnc_tiles.shown_at_0.90"]["peers"]["random tiles: their Dice there"]
    assert random == FINAL.get("random", 0.9)
    assert rows["selection.gain_as_share_of_oracle"]["value"] == pytest.approx(0.8)
    assert rows["score.rank_correlation"]["peers"]["discriminator"] == pytest.approx(0.7)
    assert rows["cast.behind_consensus_on_every_slice"]["value"] == pytest.approx(0.005)
    assert rows["cast.human_seconds"]["value"] == pytest.approx(0.075)
    assert rows["brats.shown_at_0.95"]["peers"]["bisection"] == pytest.approx(0.08)
    assert ("bisection" in rows["hippocampus.shown_at_0.94"]["peers"]) != quick


def test_only_the_last_ten_cases_report(data: Path) -> None:
    study = hippocampus()
    assert [path.parent.name for path in study.images] == [f"case_{n}" for n in range(20, 30)]
    assert [path.parent for path in study.all_labels] == [path.parent for path in study.images]


@pytest.mark.parametrize("quick", [True, False])
def test_only_studies_whose_whole_curve_is_not_asked_for_end_early(quick: bool, data: Path) -> None:
    asked = effort.plans(quick, 5)
    assert all(plan.seeds[0] == 5 for plan in asked.values())
    assert asked["curves"].until is None
    assert asked["cast"].until is None
    assert asked["hippocampus"].until == ("0.94" if quick else None)


def test_studies_are_put_together_from_cells_that_are_played_once(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = data / "brats-flair-0003"
    folder.mkdir()
    for name, volume in zip(("image", "labels"), blobs((12, 40, 40)), strict=True):
        tifffile.imwrite(folder / f"{name}.tif", volume, photometric="minisblack")
    asked: list[Cell] = []

    def play_all(cells: Sequence[Cell], **_: Any) -> list[dict[str, Any]]:
        asked.extend(cells)
        return [beside.interpolation(cell) for cell in cells]

    monkeypatch.setattr(studies, "play_all", play_all)
    plan = Plan(BRATS, ("interpolation",), (0,))
    first, second = studies.play([plan, plan])
    assert len(asked) == 1
    assert first == second
    assert first["image"] == "brats"


def test_volumes_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMELLA_DATA_SHARED", "/nowhere/at/all")
    with pytest.raises(DataError, match="There is no folder /nowhere/at/all"):
        data_folder()
    with pytest.raises(DataError):
        _ = BRATS.image
