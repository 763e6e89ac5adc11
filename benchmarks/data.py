"""The volumes that report, and how each is simulated. Nothing is tuned on them."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


class DataError(Exception):
    """The volumes are not there; the text says where they are looked for."""


@dataclass(frozen=True)
class Volume:
    """A labelled study. folder: of its cube; cubes: folders, where it has several; target: Dice
    that it is asked for; budget: share shown at most; settings: of its study."""

    name: str
    folder: str
    target: str
    classes: str = "one"
    budget: float = 0.3
    settings: dict[str, Any] = field(default_factory=dict)
    cubes: tuple[str, ...] = ()

    @property
    def image(self) -> Path:
        return data_folder() / self.folder / "image.tif"

    @property
    def labels(self) -> Path:
        return data_folder() / self.folder / "labels.tif"

    @property
    def images(self) -> tuple[Path, ...]:
        return tuple(data_folder() / place / "image.tif" for place in self.cubes or [self.folder])

    @property
    def all_labels(self) -> tuple[Path, ...]:
        """In the order of the images."""
        return tuple(data_folder() / place / "labels.tif" for place in self.cubes or [self.folder])


TILES = {"selection": {"slice_limit": 512, "tile": 256}}
"""Tiles of 256 pixels, the unit of work where slices are large."""

BRATS = Volume("brats", "brats-flair-0003", "0.95")
EMBRYO = Volume("mouse_embryo", "mouse-embryo-16cell", "0.90")
VNC = Volume("vnc_tiles", "vnc-mitochondria", "0.90", budget=0.35, settings=TILES)
VNC_SLICES = Volume("vnc_slices", "vnc-mitochondria", "0.90", budget=0.35)


def data_folder() -> Path:
    """LAMELLA_DATA_SHARED, or the folder shared/data beside the project. Raises DataError."""
    given = os.environ.get("LAMELLA_DATA_SHARED")
    folder = Path(given) if given else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        raise DataError(
            f"There is no folder {folder}; name the one with the volumes in LAMELLA_DATA_SHARED."
        )
    return folder


def hippocampus(last: int = 10) -> Volume:
    """One study of the last cases, which report; the first 20 are there to tune on."""
    cases = sorted(p.name for p in (data_folder() / "hippocampus").iterdir() if p.is_dir())
    places = tuple(f"hippocampus/{case}" for case in cases[-last:])
    return Volume("hippocampus", "hippocampus", "0.94", classes="several", budget=0.4, cubes=places)
