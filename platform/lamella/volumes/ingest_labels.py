"""Bringing labels of a cube in, from outside: gold, training or test labels, or a proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lamella.volumes.codec import UNSURE, unsure_of
from lamella.volumes.errors import SourceError
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.ingest import Progress, ShouldStop, SliceSource, ticker
from lamella.volumes.omezarr_meta import CubeFacts
from lamella.volumes.omezarr_write import CubeWriter
from lamella.volumes.slabs import slab_depth
from lamella.volumes.stats import Checksum, distinct
from lamella.volumes.storage import Location

LABEL_DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.uint32))
_SHOWN = 5


@dataclass(frozen=True)
class LabelResult:
    """A finished label volume: dtype, slices that hold any label, number of ids without 0."""

    dtype: str
    labelled_slices: tuple[int, ...]
    ids: int
    checksum: str


def ingest_labels(
    source: SliceSource,
    target: Location | str,
    *,
    cube_shape: tuple[int, int, int],
    voxel_size: VoxelSize | None = None,
    mapping: Mapping[int, int] | None = None,
    others: int | None = None,
    dtype: DTypeLike | None = None,
    max_is_unsure: bool | None = None,
    name: str = "labels",
    colours: Mapping[int, str] | None = None,
    on_progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    resume: bool = True,
) -> LabelResult:
    """Write labels as an OME-Zarr label image of the cube's shape and voxel size.

    Without `mapping`, ids stay as they are. With it, each id becomes `mapping[id]`, and an id
    that it lacks becomes `others`, or is a fault where `others` is None; 0 stays 0 unless mapped.
    `mapping={}, others=1` makes one class of everything. UNSURE may be a target.

    Without `dtype`, it is that of the source where it can tell all its ids from "unsure" (the
    greatest value), else the next wider one: a mask of 0 and 255 in uint8 becomes uint16. With
    `max_is_unsure` the greatest value of the source's dtype is "unsure" already; by default that
    is so of OME-Zarr labels that Lamella wrote.

    Raises SourceError where shape or values do not fit, and leaves nothing behind then.
    """
    check_label_shape(source, cube_shape)
    if max_is_unsure is None:
        max_is_unsure = bool(getattr(source, "max_is_unsure", False))
    rule = _Rule(source.name, mapping, others, _unsure_value(source, max_is_unsure))
    stored = np.dtype(dtype) if dtype is not None else _fitting_dtype(source, rule)
    writer = CubeWriter(
        target,
        shape=source.shape,
        dtype=stored,
        kind="label",
        voxel_size=voxel_size,
        identity={"source": dict(source.identity), "rule": rule.identity},
        resume=resume,
    )
    checksum = Checksum(source.shape, stored)
    ids = np.empty(0, stored)
    labelled: list[int] = []
    tick = ticker(writer, on_progress, should_stop)
    try:
        for z0, z1 in writer.base.spans:
            slab = writer.stored(z0, z1)
            if slab is None:
                slab = rule.apply(source.slices(z0, z1), stored)
                writer.base.write(z0, slab)
            checksum.add(slab)
            labelled += [z0 + i for i, plane in enumerate(slab) if plane.any()]
            ids = np.union1d(ids, distinct(slab))
            tick()
        for _ in writer.build_pyramid():
            tick()
    except SourceError:
        writer.root.remove()
        raise
    writer.finish(
        CubeFacts(kind="label", checksum=checksum.hexdigest()), name=name, colours=colours
    )
    count = ids.size - np.isin([0, unsure_of(stored)], ids).sum()
    return LabelResult(stored.name, tuple(labelled), int(count), checksum.hexdigest())


def check_label_shape(source: SliceSource, cube_shape: tuple[int, int, int]) -> None:
    """Raise SourceError unless the labels have the cube's shape and a type of label."""
    if tuple(source.shape) != tuple(cube_shape):
        raise SourceError(
            f"The labels in {source.name} have the shape {_sides(source.shape)}, "
            f"but their cube has {_sides(cube_shape)}; both must be the same."
        )


class _Rule:
    """From the values of a source to the values stored."""

    def __init__(
        self,
        name: str,
        mapping: Mapping[int, int] | None,
        others: int | None,
        unsure: int | None,
    ) -> None:
        self.name = name
        self.unsure = unsure
        self.others = others
        self.mapping: dict[int, int] | None = None
        if mapping is not None or others is not None:
            self.mapping = {0: 0, **{int(a): int(b) for a, b in (mapping or {}).items()}}
        targets = [*(self.mapping or {}).values(), *([] if others is None else [others])]
        if any(not 0 <= value <= UNSURE for value in targets):
            raise SourceError(f"Labels can be mapped to 0 .. {UNSURE} only.")

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this rule from others, as JSON keeps it."""
        pairs = None if self.mapping is None else sorted(self.mapping.items())
        return {
            "mapping": pairs and [list(pair) for pair in pairs],
            "others": self.others,
            "unsure": self.unsure,
        }

    def targets(self, slices: NDArray[Any]) -> NDArray[np.uint32]:
        """The distinct values that these slices lead to, "unsure" as 2**32 - 1."""
        return np.unique(self._mapped(self._checked(distinct(slices))))

    def apply(self, slices: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
        """The slices as they are stored."""
        out = np.empty(slices.shape, dtype)
        for plane, target in zip(slices, out, strict=True):
            values = distinct(plane)
            mapped = self._mapped(self._checked(values))
            unsure = unsure_of(dtype)
            if ((mapped >= unsure) & (mapped != UNSURE)).any():
                raise SourceError(
                    f"{self.name} holds the label {mapped[mapped != UNSURE].max()}, "
                    f"which {dtype} has no place for."
                )
            mapped = np.where(mapped == UNSURE, unsure, mapped).astype(dtype)
            if np.array_equal(mapped, values):
                target[...] = plane
            else:
                target[...] = mapped[np.searchsorted(values, plane)]
        return out

    def _checked(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Distinct values as whole numbers. Raises SourceError for others."""
        if values.dtype.kind == "f" and not (values == np.rint(values)).all():
            raise SourceError(f"{self.name} holds fractions, which are no labels.")
        if values.size and (values.min() < 0 or values.max() > UNSURE):
            raise SourceError(
                f"{self.name} holds values from {values.min()} to {values.max()}; "
                f"labels are whole numbers from 0 to {UNSURE}."
            )
        return values.astype(np.int64)

    def _mapped(self, values: NDArray[np.int64]) -> NDArray[np.uint32]:
        if self.mapping is None:
            mapped = values.astype(np.uint32)
        else:
            unknown = [int(v) for v in values if int(v) not in self.mapping and v != self.unsure]
            if unknown and self.others is None:
                shown = ", ".join(str(v) for v in unknown[:_SHOWN])
                more = " ..." if len(unknown) > _SHOWN else ""
                raise SourceError(f"{self.name} holds labels without a mapping: {shown}{more}.")
            default = self.others or 0
            mapped = np.array([self.mapping.get(int(v), default) for v in values], np.uint32)
        if self.unsure is not None and not (self.mapping and self.unsure in self.mapping):
            mapped[values == self.unsure] = UNSURE
        return mapped


def _unsure_value(source: SliceSource, max_is_unsure: bool) -> int | None:
    return int(np.iinfo(source.dtype).max) if max_is_unsure and source.dtype.kind == "u" else None


def _fitting_dtype(source: SliceSource, rule: _Rule) -> np.dtype[Any]:
    """The dtype of the source, or the narrowest wider one that has a place for every value."""
    greatest = 0
    depth, step = source.shape[0], slab_depth(source.shape, source.dtype)
    for z0 in range(0, depth, step):
        values = rule.targets(source.slices(z0, min(z0 + step, depth)))
        values = values[values != UNSURE] if rule.unsure is not None or rule.mapping else values
        greatest = max(greatest, int(values.max()) if values.size else 0)
    for dtype in LABEL_DTYPES:
        keeps = rule.mapping is not None or dtype.itemsize >= min(source.dtype.itemsize, 4)
        narrow = source.dtype.kind not in "u"
        if greatest < unsure_of(dtype) and (keeps or narrow):
            return dtype
    raise SourceError(
        f"{source.name} holds the label {greatest}, which is kept for voxels people are unsure of."
    )


def _sides(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
