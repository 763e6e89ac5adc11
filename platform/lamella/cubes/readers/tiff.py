"""TIFF files: multi-page stacks, OME-TIFF, ImageJ hyperstacks, BigTIFF."""

import contextlib
import logging
import math
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from lamella.cubes.readers.base import Limits, Native, SourceError, first_line
from lamella.cubes.readers.mapped import Mapped
from lamella.volumes.geometry import VoxelSize, canonical_unit

# A stack of single pages is 'I' or 'Q' to tifffile; that becomes z later.
_SAMPLES = "S"


class TiffPages(Native):
    """The pages of one image series, decoded one at a time."""

    def __init__(self, file: Any, series: Any, name: str) -> None:
        self.name = name
        self._file = file
        self._series = series
        self.shape = tuple(int(n) for n in series.shape)
        self.dtype = np.dtype(series.dtype)
        self.axes = str(series.axes)
        page_axes = len(series.keyframe.shape)
        self._lead = self.shape[:-page_axes] if page_axes < len(self.shape) else ()
        if math.prod(self._lead) != len(series.pages):
            raise SourceError(
                f"{name} has {len(series.pages)} pages, which do not add up to the shape "
                f"{self.shape} that it gives."
            )

    def read(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        lead = index[: len(self._lead)]
        ranges = [
            range(*i.indices(n)) if isinstance(i, slice) else range(i, i + 1)
            for i, n in zip(lead, self._lead, strict=True)
        ]
        out: NDArray[Any] | None = None
        counts = tuple(len(r) for r in ranges)
        for at in np.ndindex(counts):
            place = tuple(r[i] for r, i in zip(ranges, at, strict=True))
            number = int(np.ravel_multi_index(place, self._lead)) if place else 0
            part = self._page(number)[index[len(self._lead) :]]
            if out is None:
                out = np.empty((*counts, *part.shape), self.dtype)
            out[at] = part
        if out is None:
            raise SourceError(f"{self.name} has no pages.")
        whole: list[int | slice] = [slice(None) if isinstance(i, slice) else 0 for i in lead]
        return out[tuple(whole)]

    def close(self) -> None:
        self._file.close()

    def _page(self, number: int) -> NDArray[Any]:
        page = self._series.pages[number]
        if page is None:
            raise SourceError(f"{self.name} lacks page {number + 1}.")
        return np.asarray(page.asarray()).reshape(self.shape[len(self._lead) :])


def open_tiff(path: Path, limits: Limits) -> Native:
    """The first image of a TIFF file, all of its pages."""
    check_pages(path, limits)
    try:
        # An OME file may name others; those were not offered, so they are not opened.
        with _quiet():
            file = tifffile.TiffFile(path, _multifile=False)
            series = list(file.series)
    except Exception as error:  # tifffile raises many kinds of errors on broken files
        raise SourceError(f"{path.name} is not a sound TIFF file ({first_line(error)}).") from error
    try:
        _check_ragged(file, series, path.name)
        native = _native(file, series[0], path)
        native.spacing, native.unit = _spacing(file, series[0])
        return native
    except BaseException:
        file.close()
        raise


def check_pages(path: Path, limits: Limits) -> int:
    """Walk from page to page and count them. Raises SourceError where the chain is broken.

    tifffile leaves out the pages it cannot find; a stack cut short must not pass as a shorter one.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None:
            raise SourceError(f"{path.name} is not a TIFF file.")
        if len(head) < 8:
            raise SourceError(f"{path.name} is cut short.")
        big = struct.unpack(f"{order}H", head[2:4])[0] == 43
        entries, pointer, width = ("Q", "Q", 20) if big else ("H", "I", 12)
        if big and len(head) < 16:
            raise SourceError(f"{path.name} is cut short.")
        offset = struct.unpack(f"{order}{pointer}", head[8:16] if big else head[4:8])[0]
        seen: set[int] = set()
        while offset:
            if offset in seen:
                raise SourceError(f"{path.name} is damaged: its pages lead in a circle.")
            seen.add(offset)
            if len(seen) > 50 * limits.max_files:
                raise SourceError(f"{path.name} has more than {len(seen) - 1} pages.")
            file.seek(offset)
            count_bytes = file.read(struct.calcsize(entries))
            if offset >= size or len(count_bytes) < struct.calcsize(entries):
                raise SourceError(f"{path.name} is cut short after page {len(seen) - 1}.")
            count = struct.unpack(f"{order}{entries}", count_bytes)[0]
            file.seek(offset + struct.calcsize(entries) + count * width)
            next_bytes = file.read(struct.calcsize(pointer))
            if len(next_bytes) < struct.calcsize(pointer):
                raise SourceError(f"{path.name} is cut short in page {len(seen)}.")
            offset = struct.unpack(f"{order}{pointer}", next_bytes)[0]
    if not seen:
        raise SourceError(f"{path.name} holds no pages.")
    return len(seen)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without tifffile's log lines: what matters of them becomes a SourceError."""
    logger = logging.getLogger("tifffile")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _native(file: Any, series: Any, path: Path) -> Native:
    size = path.stat().st_size
    keyframe = series.keyframe
    plain = series.dataoffset is not None and len(series.pages) != math.prod(series.shape[:-2])
    if plain or (series.dataoffset is not None and keyframe.is_contiguous):
        # Uncompressed and in one piece, as ImageJ writes stacks of more than 4 GB with one page.
        order = file.byteorder
        native: Native = Mapped(
            path,
            offset=int(series.dataoffset),
            shape=tuple(int(n) for n in series.shape),
            dtype=np.dtype(series.dtype).newbyteorder(order),
            axes=str(series.axes),
        )
        file.close()
        return native
    for number, page in enumerate(series.pages):
        ends = [o + c for o, c in zip(page.dataoffsets, page.databytecounts, strict=False)]
        if ends and max(ends) > size:
            raise SourceError(f"{path.name} is cut short in page {number + 1}.")
    return TiffPages(file, series, path.name)


def _check_ragged(file: Any, series: list[Any], name: str) -> None:
    if not series:
        raise SourceError(f"{name} holds no image.")
    shapes = {tuple(s.shape[-2:]) if _SAMPLES not in s.axes else tuple(s.shape) for s in series}
    if len(series) > 1 and len(shapes) > 1 and not (file.is_ome or file.is_imagej):
        first, other = series[0], next(s for s in series if s.shape != series[0].shape)
        raise SourceError(
            f"{name} has slices of different sizes: "
            f"{' x '.join(map(str, first.keyframe.shape))} and "
            f"{' x '.join(map(str, other.keyframe.shape))}."
        )
    if len(series) > 1:
        raise SourceError(
            f"{name} holds {len(series)} separate images; save the one you want to its own file."
        )
    if series[0].dtype is None:
        raise SourceError(f"{name} holds voxels of a type that cannot be read.")


def _spacing(file: Any, series: Any) -> tuple[tuple[float, ...] | None, str | None]:
    """Voxel size along each axis of the series, from OME or ImageJ metadata.

    Plain resolution tags are left alone: most programs write a screen's 72 dots an inch.
    """
    sizes: dict[str, float] = {}
    unit: str | None = None
    if file.is_ome:
        sizes, unit = _ome_spacing(file.ome_metadata or "")
    elif file.is_imagej:
        sizes, unit = _imagej_spacing(file)
    if not {"X", "Y", "Z"} <= set(sizes):
        return None, None
    # Without a z axis the pages are the slices.
    return tuple(sizes.get(a, sizes["Z"] if a in "IQT" else 1.0) for a in series.axes), unit


def _ome_spacing(text: str) -> tuple[dict[str, float], str | None]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return {}, None  # entities can be made to swell without end; OME metadata has none
    try:
        root = ET.fromstring(text)  # noqa: S314 - without entities it is safe
        pixels = next(element for element in root.iter() if element.tag.endswith("}Pixels"))
        values = {axis: float(pixels.attrib[f"PhysicalSize{axis}"]) for axis in "ZYX"}
        units = [canonical_unit(pixels.get(f"PhysicalSize{axis}Unit", "µm")) for axis in "ZYX"]
        if units[0] is not None and len(set(units)) == 1:
            return values, units[0]
        sides = [
            VoxelSize(value, value, value, unit).to("micrometer").z
            for value, unit in zip(values.values(), units, strict=True)
        ]
    except (ET.ParseError, StopIteration, KeyError, ValueError):
        return {}, None
    return dict(zip("ZYX", sides, strict=True)), "micrometer"


def _imagej_spacing(file: Any) -> tuple[dict[str, float], str | None]:
    metadata = file.imagej_metadata or {}
    unit = canonical_unit(metadata.get("unit"))
    tags = file.pages[0].tags
    if unit is None or "spacing" not in metadata:
        return {}, None
    sizes = {"Z": float(metadata["spacing"])}
    for axis, tag in (("X", "XResolution"), ("Y", "YResolution")):
        if tag not in tags:
            return {}, None
        pixels, units = tags[tag].value
        if not pixels or not units:
            return {}, None
        sizes[axis] = float(f"{units / pixels:.7g}")  # 32-bit fractions hold no more digits
    return sizes, unit
