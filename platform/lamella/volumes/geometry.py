"""Where things are in a volume: voxel sizes, regions of slices, tiles and pyramid levels.

Axes are always ZYX. A region or tile is a rectangle of one slice, in voxels of level 0 unless the
text says otherwise.
"""

import itertools
import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

TILE = 512
"""Side of a served tile and of an inner chunk, in voxels."""

NANOMETRES = {"angstrom": 0.1, "nanometer": 1.0, "micrometer": 1e3, "millimeter": 1e6}
_NANOMETRES_OF_OTHERS = {"picometer": 1e-3, "centimeter": 1e7, "meter": 1e9, "inch": 2.54e7}
_ALIASES = {
    "nm": "nanometer",
    "nanometre": "nanometer",
    "um": "micrometer",
    "µm": "micrometer",
    "μm": "micrometer",
    "\\u00b5m": "micrometer",  # as ImageJ writes it
    "micron": "micrometer",
    "micrometre": "micrometer",
    "mm": "millimeter",
    "millimetre": "millimeter",
    "a": "angstrom",
    "å": "angstrom",
    "\u212b": "angstrom",  # the sign, beside the letter above
    "pm": "picometer",
    "picometre": "picometer",
    "cm": "centimeter",
    "centimetre": "centimeter",
    "m": "meter",
    "metre": "meter",
}
UNITS = ("nanometer", "micrometer", "millimeter")
"""The units a cube is stored in; others are converted."""


def canonical_unit(text: str | None) -> str | None:
    """The full English name of a unit of length, or None where the text names none."""
    if text is None:
        return None
    word = text.strip().lower()
    word = _ALIASES.get(word, word.removesuffix("s"))
    word = _ALIASES.get(word, word)
    return word if word in NANOMETRES or word in _NANOMETRES_OF_OTHERS else None


@dataclass(frozen=True)
class VoxelSize:
    """Spacing of voxels along z, y and x, in `unit`; `unit` is None where nothing says it."""

    z: float
    y: float
    x: float
    unit: str | None = None

    def __post_init__(self) -> None:
        if not all(math.isfinite(side) and side > 0 for side in self.zyx):
            raise ValueError(f"A voxel size must be three positive numbers, not {self.zyx}.")

    @property
    def zyx(self) -> tuple[float, float, float]:
        return (self.z, self.y, self.x)

    def times(self, factors: tuple[int, int, int]) -> Self:
        """The voxel size of a level that is coarser by `factors`."""
        z, y, x = (side * factor for side, factor in zip(self.zyx, factors, strict=True))
        return type(self)(z, y, x, self.unit)

    def to(self, unit: str) -> Self:
        """The same size in another unit. Raises ValueError where this one has none."""
        lengths = NANOMETRES | _NANOMETRES_OF_OTHERS
        if self.unit is None:
            raise ValueError("A voxel size without a unit cannot be converted.")
        ratio = lengths[self.unit] / lengths[unit]
        # Ten digits: 0.1 nm is 1 angstrom, not 1.0000000000000002.
        z, y, x = (float(f"{side * ratio:.10g}") for side in self.zyx)
        return type(self)(z, y, x, unit)

    @classmethod
    def of(cls, zyx: tuple[float, float, float], unit: str | None) -> Self:
        """From any spelling of a unit, converted to one of UNITS where it is another one."""
        name = canonical_unit(unit)
        z, y, x = (float(side) for side in zyx)
        size = cls(z, y, x, name)
        if name is None or name in UNITS:
            return size
        return size.to("nanometer" if name in ("angstrom", "picometer") else "millimeter")


@dataclass(frozen=True)
class Region:
    """A rectangle of slice `z`: rows y0 .. y0 + height, columns x0 .. x0 + width."""

    z: int
    y0: int
    x0: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if min(self.z, self.y0, self.x0) < 0 or min(self.height, self.width) < 1:
            raise ValueError(f"{self} is no region of a slice.")

    @property
    def rows(self) -> slice:
        return slice(self.y0, self.y0 + self.height)

    @property
    def columns(self) -> slice:
        return slice(self.x0, self.x0 + self.width)

    @property
    def shape(self) -> tuple[int, int]:
        return (self.height, self.width)

    def at(self, z: int) -> "Region":
        """The same rectangle on another slice."""
        return Region(z, self.y0, self.x0, self.height, self.width)

    def fits(self, shape: tuple[int, int, int]) -> bool:
        """Whether the region lies wholly in a volume of this (Z, Y, X) shape."""
        depth, height, width = shape
        return self.z < depth and self.rows.stop <= height and self.columns.stop <= width


def tile_counts(height: int, width: int, tile: int = TILE) -> tuple[int, int]:
    """Rows and columns of tiles that cover a plane."""
    return (math.ceil(height / tile), math.ceil(width / tile))


def tile_region(
    z: int, row: int, column: int, height: int, width: int, tile: int = TILE
) -> Region | None:
    """The region of one tile of a (height, width) plane, smaller at the edges; None outside."""
    rows, columns = tile_counts(height, width, tile)
    if not (0 <= row < rows and 0 <= column < columns):
        return None
    y0, x0 = row * tile, column * tile
    return Region(z, y0, x0, min(tile, height - y0), min(tile, width - x0))


def slice_regions(shape: tuple[int, int, int], z: int, tile: int | None = None) -> Iterator[Region]:
    """The regions that slice `z` is worked on in: the whole slice, or its tiles in reading order.

    Tiles are made equal, so that no volunteer is given a sliver: 1000 columns with tile 512 are
    two tiles of 500.
    """
    _, height, width = shape
    if tile is None or max(height, width) <= tile:
        yield Region(z, 0, 0, height, width)
        return
    for y0, y1 in even_spans(height, tile):
        for x0, x1 in even_spans(width, tile):
            yield Region(z, y0, x0, y1 - y0, x1 - x0)


def even_spans(length: int, longest: int) -> list[tuple[int, int]]:
    """Cut 0 .. length into the fewest spans of at most `longest`, as equal as can be."""
    count = math.ceil(length / longest)
    edges = [round(i * length / count) for i in range(count + 1)]
    return list(itertools.pairwise(edges))


@dataclass(frozen=True)
class Level:
    """One resolution of a pyramid: its (Z, Y, X) shape, and how much coarser it is than level 0."""

    index: int
    shape: tuple[int, int, int]
    factors: tuple[int, int, int]


def pyramid(
    shape: tuple[int, int, int], voxel_size: VoxelSize | None, *, smallest: int = TILE
) -> tuple[Level, ...]:
    """Levels until a slice fits into `smallest` voxels a side.

    Each level halves y and x. It halves z too where the voxels of the level before are near
    isotropic or flat (z spacing at most 1.5 times that of y and x); of voxels of unknown size z
    is never halved, since slices of thick sections would blur into each other.
    """
    levels = [Level(0, shape, (1, 1, 1))]
    while max(levels[-1].shape[1:]) > smallest:
        last = levels[-1]
        halve_z = False
        if voxel_size is not None and last.shape[0] > 1:
            size = voxel_size.times(last.factors)
            halve_z = size.z <= 1.5 * min(size.y, size.x)
        steps = (2 if halve_z else 1, 2, 2)
        z, y, x = (math.ceil(n / step) for n, step in zip(last.shape, steps, strict=True))
        fz, fy, fx = (f * step for f, step in zip(last.factors, steps, strict=True))
        levels.append(Level(last.index + 1, (z, y, x), (fz, fy, fx)))
    return tuple(levels)


def area_of(regions: Iterable[Region]) -> int:
    """Voxels that lie in at least one of some regions: those in several count once."""
    by_slice: dict[int, set[Region]] = {}
    for region in regions:
        by_slice.setdefault(region.z, set()).add(region)
    return sum(_union(found) for found in by_slice.values())


def _union(regions: Collection[Region]) -> int:
    """Area of the union of rectangles of one slice, strip by strip between their edges."""
    if len(regions) == 1:
        (only,) = regions
        return only.height * only.width
    edges = sorted({y for r in regions for y in (r.y0, r.y0 + r.height)})
    area = 0
    for top, bottom in itertools.pairwise(edges):
        reached = covered = 0
        for x0, x1 in sorted(
            (r.x0, r.x0 + r.width) for r in regions if r.y0 <= top < r.y0 + r.height
        ):
            covered += max(0, x1 - max(x0, reached))
            reached = max(reached, x1)
        area += covered * (bottom - top)
    return area
