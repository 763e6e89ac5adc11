"""Ways to begin, played beside each other: each of them ends with an error of its own."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import tifffile

from benchmarks import pretraining
from benchmarks.data import Volume
from tests.models.networks.toys import blobs

pytestmark = [pytest.mark.processes]


def test_every_way_to_begin_is_played_to_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("cube", "hippocampus/case"):
        (tmp_path / place).mkdir(parents=True)
        image, labels = blobs((8, 32, 32))
        tifffile.imwrite(tmp_path / place / "image.tif", image)
        tifffile.imwrite(tmp_path / place / "labels.tif", labels)
    monkeypatch.setenv("LAMELLA_DATA_SHARED", str(tmp_path))
    monkeypatch.setattr(pretraining, "STEPS", 1)
    monkeypatch.setattr(pretraining, "PRETRAINING_STEPS", 1)
    found = dataclasses.asdict(pretraining.errors(Volume("toy", "cube", "0.9"), 0, quick=True))
    of_full_set = {"encoder_taken", "decoder_trained"}
    assert all(np.isnan(found.pop(way)) for way in of_full_set)
    assert all(0.0 <= error <= 1.0 for error in found.values())
    assert len(found) == 5
