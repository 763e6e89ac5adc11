"""``manage.py simulate`` with real processes, and its cache."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import tifffile
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.flows.tiny import blobs
from workers.simulation import pool
from workers.simulation.run import Simulation

SETTINGS_MODULE = "lamella.config.settings"
SETTINGS = {
    "train": {
        "max_steps": 8,
        "max_seconds": None,
        "crop": 32,
        "window": 3,
        "windows": 1,
        "pixels": 0,
    },
    "network": {"channels": [8, 16], "critic_channels": [8, 16], "recurrent_channels": 8},
    "predict": {"patch": 16},
}


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of a small stack and its labels; cells are kept in the test's folder."""
    monkeypatch.setenv("LAMELLA_CELLS", str(tmp_path / "cells"))
    image, labels = blobs((12, 40, 40))
    paths = [tmp_path / "image.tif", tmp_path / "labels.tif"]
    for path, volume in zip(paths, (image, labels), strict=True):
        tifffile.imwrite(path, volume, photometric="minisblack")
    return [str(path) for path in paths]


@pytest.mark.processes
@pytest.mark.slow
def test_a_simulation_writes_its_figures_and_is_not_played_twice(
    stack: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, report = tmp_path / "result.json", tmp_path / "report.html"

    def simulate() -> dict[str, Any]:
        call_command(
            "simulate",
            *stack,
            strategy="random,interpolation",
            rounds=1,
            budget=0.9,
            set=json.dumps(SETTINGS),
            json=target,
            html=report,
            stdout=io.StringIO(),
        )
        return dict(json.loads(target.read_text()))

    first = simulate()
    _check_form(first)
    assert report.read_text().startswith("<!doctype html>")

    def never(*args: Any) -> None:
        raise AssertionError("a cell was played again")

    monkeypatch.setattr(pool._Pool, "_run", never)
    monkeypatch.setattr(pool._Pool, "prepare", never)
    assert simulate() == first


@pytest.mark.processes
@pytest.mark.slow
def test_studies_that_begin_alike_train_their_first_model_once_and_end_as_if_alone(
    stack: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rounds(*strategies: str) -> list[Any]:
        folder = tmp_path / "-".join(strategies)
        folder.mkdir()
        monkeypatch.setenv("LAMELLA_CELLS", str(folder / "cells"))
        monkeypatch.setattr(
            "workers.simulation.pool.tempfile.TemporaryDirectory",
            lambda **_: contextlib.nullcontext(str(folder)),
        )
        image, labels = map(Path, stack)
        asked = Simulation((image,), (labels,), strategies, rounds=1, budget=0.9, settings=SETTINGS)
        found = asked.run(jobs=1)["strategies"]
        assert len(list((folder / "openings").glob("*.safetensors"))) == 1
        return [found[name]["seeds"]["0"]["rounds"] for name in strategies]

    together, alone = rounds("random", "uniform"), rounds("uniform")
    assert together[1] == alone[0]
    assert together[0] != alone[0]


def _check_form(result: dict[str, Any]) -> None:
    """The form that the effort benchmark is specified in."""
    assert result["slices"] == 12
    assert (result["preset"], result["volunteers"]) == ("quick", "perfect")
    assert set(result["strategies"]) == {"random", "interpolation", "interpolation_uniform"}
    for strategy in result["strategies"].values():
        assert set(strategy["shown_at_dice"]) == {"0.90", "0.94", "0.95"}
        assert set(strategy["interpolation_at_dice"]) == {"0.90", "0.94", "0.95"}
        for row in strategy["rounds"]:
            assert {
                "shown_fraction",
                "classifications",
                "seconds",
                "dice_final",
                "dice_proposal",
                "dice_interpolation",
                "score_error_spearman",
                "audit",
            } <= set(row)
    played = result["strategies"]["random"]["rounds"]
    assert len(played) == 2
    assert {"dice", "low", "high"} <= set(played[1]["audit"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"strategy": "guess"}, "no strategy “guess”"),
        ({"budget": 1.5}, "share of the slices"),
        ({"rounds": 0}, "at least 1 round"),
        ({"seed": "one"}, "whole numbers"),
        ({"set": "{"}, "no JSON"),
        ({"set": "[]"}, "JSON object"),
        ({"set": '{"simulation": {"stepz": 1}}'}, "no setting “simulation.stepz”"),
        ({"strategy": ","}, "at least one strategy"),
    ],
)
def test_what_cannot_be_simulated_is_said_in_a_sentence(
    stack: list[str], changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("simulate", *stack, **changes)


def test_a_stack_that_is_not_there_is_named(stack: list[str]) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        call_command("simulate", "nowhere.tif", stack[1])


def test_images_and_labels_of_different_number_are_refused(stack: list[str]) -> None:
    with pytest.raises(CommandError, match="2 images but 1 volumes of labels"):
        call_command("simulate", f"{stack[0]},{stack[0]}", stack[1])


@pytest.mark.processes
@pytest.mark.slow
def test_a_simulation_that_is_told_to_end_leaves_nothing_behind(
    stack: list[str], tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, str(settings.ROOT / "manage.py"), "simulate", *stack],
        env={**os.environ, "TMPDIR": str(scratch), "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE},
        stdout=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 120
        # A cell's own folder stands within the one of all cells.
        while not list(scratch.glob("lamella-cells-*/tmp*")) and time.monotonic() < until:
            assert process.poll() is None
            time.sleep(0.1)
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
    finally:
        process.kill()
    assert not list(scratch.iterdir())


def test_a_damaged_result_counts_as_none(stack: list[str]) -> None:
    cell = Simulation((Path(stack[0]),), (Path(stack[1]),)).cells()[0]
    (pool.cache_folder() / f"{cell.key}.json").write_text("{half")
    assert pool.cached(cell) is None
