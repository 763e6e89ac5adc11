"""Training windows: a few consecutive slices around a labelled one, cropped."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.config import TrainConfig
from models.networks.neighbours import REACH, Neighbours, channels, drift_of, gaps_met
from models.networks.types import TrainingCube, TrainingSlice, scale_intensity, target_of

LABELLED_PER_WINDOW = 2
"""Labelled slices of one window that are decoded at most; more cost time and add little variety."""
PLACES_PER_SLICE = 4096
"""Foreground pixels remembered of a slice and class, to place crops on."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B windows of n slices, side c, and the M labelled slices among them.

    image: (B, n, c, c) float32, scaled to [-1, 1].
    windows, slices: (M,) int64: labelled slice i is slice slices[i] of window windows[i].
    target: (M, K + 1, c, c) float32, weight: (M, 1, c, c) float32.
    beside: (M, 2, K + 2, c, c) float32, what is known on either side (neighbours.py).
    made: (M, 2) int64, the slices away at which a neighbour is still to be made of the labelled
          slice itself, or 0; drift: (M,) float32, pixels that outlines move over one slice.
    """

    image: Tensor
    windows: Tensor
    slices: Tensor
    target: Tensor
    weight: Tensor
    beside: Tensor
    made: Tensor
    drift: Tensor

    def to(self, device: torch.device) -> "Batch":
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


class SliceCache:
    """Scaled slices of several cubes, the least recently used dropped above a memory limit."""

    def __init__(self, cubes: Sequence[TrainingCube], megabytes: int) -> None:
        self.cubes = cubes
        self.limit = megabytes * 2**20
        self.bytes = 0
        self.slices: OrderedDict[tuple[int, int], NDArray[np.float16]] = OrderedDict()

    def window(self, cube: int, start: int, stop: int) -> list[NDArray[np.float16]]:
        """The slices start <= z < stop of a cube, each (H, W)."""
        missing = [z for z in range(start, stop) if (cube, z) not in self.slices]
        if missing:
            low, high = missing[0], missing[-1] + 1
            source = self.cubes[cube]
            read = scale_intensity(source.image[low:high], source.low, source.high)
            for z, plane in zip(range(low, high), read, strict=True):
                if (cube, z) not in self.slices:
                    self.slices[cube, z] = plane.astype(np.float16)
                    self.bytes += self.slices[cube, z].nbytes
        found = []
        for z in range(start, stop):
            self.slices.move_to_end((cube, z))
            found.append(self.slices[cube, z])
        while self.bytes > self.limit and len(self.slices) > stop - start:
            _, dropped = self.slices.popitem(last=False)
            self.bytes -= dropped.nbytes
        return found


class WindowSampler:
    """Draws batches of training windows; the same generator state gives the same batch.

    Only slices near labelled ones are ever read. Raises ValueError where nothing is labelled.
    """

    def __init__(
        self,
        cubes: Sequence[TrainingCube],
        classes: Sequence[int],
        config: TrainConfig,
        held_out: Mapping[int, frozenset[int]],
        stride: int,
    ) -> None:
        self.cubes = cubes
        self.classes = tuple(classes)
        self.window = config.window
        self.foreground_share = config.foreground_share
        largest = max(max(cube.image.shape[1:3]) for cube in cubes)
        self.side = min(config.crop, -(-largest // stride) * stride)
        fitting = config.pixels // self.side**2
        self.windows = min(max(config.windows, fitting), 2 * config.windows)
        self.cache = SliceCache(cubes, config.cache_megabytes)
        self.made, self.hidden = config.made_neighbours, config.hidden_neighbours
        self.labelled: list[tuple[int, int]] = []
        self.places: dict[tuple[int, int], list[NDArray[np.int64]]] = {}
        """By (cube, z): one array (n, 2) of labelled pixels for each class present there."""
        self.anywhere: dict[tuple[int, int], NDArray[np.int64]] = {}
        for index, cube in enumerate(cubes):
            for z in sorted(cube.known):
                if z not in held_out.get(index, frozenset()):
                    self._note(index, z)
        if not self.labelled:
            raise ValueError("Nothing is labelled yet; training needs at least one labelled slice.")
        learned = [[z for at, z in self.labelled if at == index] for index in range(len(cubes))]
        self.neighbours = [
            Neighbours({z: cube.known[z] for z in mine}, self.classes, self._plane_of(index))
            for index, (cube, mine) in enumerate(zip(cubes, learned, strict=True))
        ]
        self.gaps = [gaps_met(cube.known, cube.image.shape) for cube in cubes]
        self.drift = [drift_of(one.known, self.classes) for one in self.neighbours]

    def _note(self, cube: int, z: int) -> None:
        target, weight = target_of(self.cubes[cube].known[z], self.classes)
        if not weight.any():
            return
        self.labelled.append((cube, z))
        rng = np.random.default_rng((cube, z))
        self.anywhere[cube, z] = _some(weight > 0, rng)
        found = [_some((channel >= 0.5) & (weight > 0), rng) for channel in target[1:]]
        present = [pixels for pixels in found if len(pixels)]
        if present:
            self.places[cube, z] = present

    def draw(self, rng: np.random.Generator, rank: int = 0, world: int = 1) -> Batch:
        """A batch of windows: of those that one process would draw, every world-th from `rank`."""
        images, windows, slices, targets, weights = [], [], [], [], []
        beside, made, drift = [], [], []
        with_foreground = list(self.places)
        for b in range(self.windows):
            on_foreground = bool(with_foreground) and rng.random() < self.foreground_share
            among = with_foreground if on_foreground else self.labelled
            cube, z = among[rng.integers(len(among))]
            rows, columns = self.crop(cube, self._pixel(cube, z, on_foreground, rng), rng)
            start = self.reach(cube, z, rng)
            labelled = self._labelled_in(cube, z, start, rng)
            own = np.random.default_rng(rng.integers(2**62))
            if b % world != rank:
                continue
            images.append(self.planes(cube, start, rows, columns))
            for known in labelled:
                target, weight = self.labels(cube, known, rows, columns)
                windows.append(len(images) - 1)
                slices.append(known - start)
                targets.append(target)
                weights.append(weight[None])
                shown, to_make = self._beside(cube, known, rows, columns, own)
                beside.append(shown)
                made.append(to_make)
                drift.append(self.drift[cube])
        return Batch(
            torch.from_numpy(np.stack(images).astype(np.float32)),
            torch.tensor(windows),
            torch.tensor(slices),
            torch.from_numpy(np.stack(targets)),
            torch.from_numpy(np.stack(weights)),
            torch.from_numpy(np.stack(beside)),
            torch.tensor(made),
            torch.tensor(drift),
        )

    def pixel(self, cube: int, z: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """A labelled pixel (y, x) of a slice, on foreground as often as settings say."""
        on_foreground = (cube, z) in self.places and rng.random() < self.foreground_share
        return self._pixel(cube, z, on_foreground, rng)

    def _pixel(
        self, cube: int, z: int, on_foreground: bool, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        if on_foreground:
            present = self.places[cube, z]
            pixels = present[rng.integers(len(present))]
        else:
            pixels = self.anywhere[cube, z]
        found: NDArray[np.int64] = pixels[rng.integers(len(pixels))]
        return found

    def _plane_of(self, cube: int) -> Callable[[int], NDArray[np.float16]]:
        return lambda z: self.cache.window(cube, z, z + 1)[0]

    def _beside(
        self, cube: int, z: int, rows: "Indices", columns: "Indices", rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], list[int]]:
        """What a labelled slice is shown beside it, and on which sides that is still to be made."""
        gaps = self.gaps[cube][rng.integers(len(self.gaps[cube]))]
        hidden = rng.random(2) < self.hidden
        made = rng.random() < self.made
        if made or hidden.all():
            sides = (2, channels(len(self.classes)), len(rows[0]), len(columns[0]))
            shown = np.zeros(sides, np.float32)
        else:
            shown = self.neighbours[cube].beside(z, rows[0], columns[0])
            shown[:, :, ~np.outer(rows[1], columns[1])] = 0.0
            shown[hidden] = 0.0
        wanted = made & ~hidden & (gaps <= REACH)
        return shown, np.where(wanted, gaps, 0).tolist()

    def reach(self, cube: int, z: int, rng: np.random.Generator) -> int:
        """First slice of a window that holds z at a random position."""
        depth = int(self.cubes[cube].image.shape[0])
        start = z - int(rng.integers(self.window))
        return max(0, min(start, depth - self.window))

    def planes(
        self, cube: int, start: int, rows: "Indices", columns: "Indices"
    ) -> NDArray[np.float16]:
        """(n, c, c): a crop of the window from a slice on; a cube too short repeats its last."""
        depth = int(self.cubes[cube].image.shape[0])
        planes = self.cache.window(cube, start, min(start + self.window, depth))
        planes += [planes[-1]] * (self.window - len(planes))
        return np.stack([plane[np.ix_(rows[0], columns[0])] for plane in planes])

    def crop(
        self, cube: int, centre: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple["Indices", "Indices"]:
        """Rows and columns of a crop about a pixel (y, x)."""
        height, width = self.cubes[cube].image.shape[1:3]
        jitter = rng.integers(-self.side // 4, self.side // 4 + 1, size=2)
        return (
            crop_indices(int(centre[0] + jitter[0]) - self.side // 2, self.side, height, rng),
            crop_indices(int(centre[1] + jitter[1]) - self.side // 2, self.side, width, rng),
        )

    def _labelled_in(self, cube: int, z: int, start: int, rng: np.random.Generator) -> list[int]:
        others = [
            other
            for other in range(start, start + self.window)
            if other != z and (cube, other) in self.anywhere
        ]
        rng.shuffle(others)
        return [z, *others[: LABELLED_PER_WINDOW - 1]]

    def labels(
        self, cube: int, z: int, rows: "Indices", columns: "Indices"
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Target (K + 1, c, c) and weight (c, c) of a crop of a labelled slice."""
        known = self.cubes[cube].known[z]
        take = np.ix_(rows[0], columns[0])
        weight, fractions = known.weight, known.fractions
        target, counted = target_of(
            TrainingSlice(
                np.asarray(known.labels)[take],
                None if weight is None else np.asarray(weight)[take],
                None if fractions is None else fractions.take(rows[0], columns[0]),
            ),
            self.classes,
        )
        # Mirrored pixels beyond the edge of a small slice carry no labels.
        return target, counted * np.outer(rows[1], columns[1]).astype(np.float32)


Indices = tuple[NDArray[np.int64], NDArray[np.bool_]]
"""Pixel indices along one axis, and which of them are real and not mirrored."""


def crop_indices(start: int, side: int, length: int, rng: np.random.Generator) -> Indices:
    """`side` consecutive indices on an axis, mirrored beyond its ends where it is shorter."""
    if length >= side:
        first = max(0, min(start, length - side))
    else:
        first = int(rng.integers(length - side, 1))
    plain = np.arange(first, first + side)
    folded = plain % (2 * length)
    real = (plain >= 0) & (plain < length)
    return np.where(folded < length, folded, 2 * length - 1 - folded), real


def _some(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Some of the pixels (n, 2) of a mask (H, W), all where they are few."""
    flat = np.flatnonzero(mask)
    if len(flat) > PLACES_PER_SLICE:
        flat = flat[rng.choice(len(flat), PLACES_PER_SLICE, replace=False)]
    return np.stack(np.unravel_index(flat, mask.shape), axis=1)


def data_hash(cubes: Sequence[TrainingCube], classes: Sequence[int]) -> str:
    """sha256 of what a run learns from: each cube's key, shape and range, and its labels."""
    digest = hashlib.sha256(repr(tuple(classes)).encode())
    for cube in cubes:
        shape = tuple(int(n) for n in cube.image.shape)
        facts = (cube.key, shape, float(cube.low), float(cube.high), tuple(cube.voxel_size))
        digest.update(repr(facts).encode())
        for z in sorted(cube.known):
            known = cube.known[z]
            digest.update(str(z).encode())
            votes = known.fractions
            disputed = () if votes is None else (votes.pixels, votes.shares)
            for array in (known.labels, known.weight, *disputed):
                if array is not None:
                    digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
