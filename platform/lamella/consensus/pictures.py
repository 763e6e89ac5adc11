"""Small pictures of where people differ, over the slice."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lamella.consensus.masks import LEVELS, disagreement
from lamella.consensus.models import Consensus
from lamella.cubes.volumes import reader_of
from lamella.rounds.masks import region_of
from lamella.volumes import codec
from lamella.volumes.tiles import to_8_bit

# Vermilion of Okabe and Ito, in the order of OpenCV (blue, green, red).
_DIFFERS = np.array([0, 94, 213], np.float32)
_CONSENSUS = (115, 158, 0)


def disagreement_picture(
    consensus: Consensus, most_px: int, around: tuple[float, float] | None = None
) -> bytes:
    """A PNG of a task's slice: the agreed outline, and vermilion where people differ.

    most_px: its longer side at most; around: (y, x) of the task, to show that place alone, in
    voxels as large as there is room for.
    """
    task, cube = consensus.task, consensus.task.cube
    grey = to_8_bit(reader_of(cube).region(region_of(task)), cube.low, cube.high)
    differ = disagreement(consensus).astype(np.float32) / LEVELS
    agreed = _agreed(consensus)
    if around is not None:
        rows, columns = _window(grey.shape, around, max(most_px // 4, 32))
        grey, differ, agreed = grey[rows, columns], differ[rows, columns], agreed[rows, columns]
    scale = most_px / max(grey.shape)
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shown = cv2.resize(grey, size, interpolation=how)
    drawn = cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR)
    outline = cv2.resize(agreed, size, interpolation=cv2.INTER_NEAREST)
    lines, _ = cv2.findContours(outline, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(drawn, lines, -1, _CONSENSUS, 1)
    # People differ along edges most of all, on few pixels: those are made to be seen.
    cover = np.minimum(
        cv2.dilate(cv2.resize(differ, size, interpolation=how), np.ones((2, 2))) * 1.7, 0.95
    )[..., None]
    mixed = drawn.astype(np.float32) * (1 - cover) + _DIFFERS * cover
    drawn = np.clip(mixed, 0, 255).astype(np.uint8)
    done, data = cv2.imencode(".png", drawn)
    assert done, "a picture of bytes can always be coded"
    return bytes(data)


def _agreed(consensus: Consensus) -> NDArray[np.uint8]:
    task = consensus.task
    mask = codec.unpack(bytes(consensus.mask), shape=(task.height, task.width), dtype=np.uint32)
    inside: NDArray[np.uint8] = ((mask != 0) & (mask != codec.unsure_of(np.uint32))).astype(
        np.uint8
    )
    return inside


def _window(shape: tuple[int, ...], around: tuple[float, float], side: int) -> tuple[slice, slice]:
    found = []
    for length, middle in zip(shape, around, strict=False):
        first = int(min(max(middle - side / 2, 0), max(length - side, 0)))
        found.append(slice(first, min(first + side, length)))
    return found[0], found[1]
