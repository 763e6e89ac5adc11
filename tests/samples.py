"""Real volumes for tests, read from outside the repository; absent, a test skips and says why."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent


def sample_folder(name: str) -> Path:
    """The folder of one sample volume; skips the test where it is absent."""
    base = os.environ.get("LAMELLA_DATA_SAMPLES")
    folder = (Path(base) if base else ROOT.parent / "shared" / "data") / name
    if not folder.is_dir():
        pytest.skip(f"real data missing: no folder {name} beside the project")
    return folder


def sample(name: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Image and labels (Z, Y, X) of one sample volume; skips the test where it is absent."""
    folder = sample_folder(name)
    image = tifffile.imread(folder / "image.tif")
    labels = tifffile.imread(folder / "labels.tif")
    return np.asarray(image), np.asarray(labels)
