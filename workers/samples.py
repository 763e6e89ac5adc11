"""Pictures of a few known slices while a model learns: what it draws, and what people drew."""

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lamella.cubes.models import Cube
from lamella.cubes.store import location
from lamella.learning.models import TrainingRun
from lamella.learning.services import add_sample
from models.networks.progress import Sample

# Okabe and Ito's blue and orange, as the pages draw proposals and people's masks; BGR.
_MODEL = (233, 180, 86)
_PEOPLE = (0, 159, 230)
_SMALLEST = 192
"""Pixels of the shorter side of a picture at least."""


def keeper(run: TrainingRun, cubes: Sequence[Cube]) -> Callable[[Sample], None]:
    """Stores each sample as a picture, and notes it on the run."""

    def keep(sample: Sample) -> None:
        cube = cubes[sample.cube]
        key = f"training/{run.pk}/samples/{sample.step}-{sample.number}.jpg"
        location(key).write(picture(sample))
        add_sample(
            run,
            {
                "step": sample.step,
                "number": sample.number,
                "cube": cube.pk,
                "z": sample.z,
                "uri": key,
                "dice": _dice(sample),
            },
        )

    return keep


def _dice(sample: Sample) -> float | None:
    """Of all classes together, on this part alone."""
    mine, theirs = sample.guess > 0, sample.truth > 0
    total = int(mine.sum()) + int(theirs.sum())
    right = int((mine & (sample.guess == sample.truth)).sum())
    return round(2 * right / total, 4) if total else None


def picture(sample: Sample) -> bytes:
    """A JPEG: the slice as the network sees it, the model's outline blue over people's orange."""
    image = np.asarray(sample.image, np.float32)
    grey = np.clip((image + 1) / 2 * 255, 0, 255).astype(np.uint8)
    scale = max(1, -(-_SMALLEST // min(grey.shape)))
    large = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    colours = cv2.cvtColor(large, cv2.COLOR_GRAY2BGR)
    for labels, colour in ((sample.truth, _PEOPLE), (sample.guess, _MODEL)):
        colours[_outline(labels, scale)] = colour
    done, data = cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not done:
        raise RuntimeError("OpenCV could not write a picture.")
    return bytes(data)


def _outline(labels: NDArray[Any], scale: int) -> NDArray[np.bool_]:
    """Pixels on the inner edge of each class."""
    large = np.kron(np.asarray(labels, np.uint8), np.ones((scale, scale), np.uint8))
    edge = np.zeros(large.shape, bool)
    edge[1:] |= large[1:] != large[:-1]
    edge[:, 1:] |= large[:, 1:] != large[:, :-1]
    return edge
