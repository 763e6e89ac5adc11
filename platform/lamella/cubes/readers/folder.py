"""A folder of TIFF, PNG or JPEG files, one slice each, in natural order (2 before 10)."""

import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import tifffile
from numpy.typing import NDArray

from lamella.cubes.readers.base import Limits, Native, SourceError, check_size, first_line
from lamella.cubes.readers.tiff import check_pages

KINDS = {".tif": "TIFF", ".tiff": "TIFF", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
_PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ANY = 2**62  # the sum of all slices is checked later, when their number is known
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class _Header:
    """What the first bytes of an image say; `indexed` ones hold palette numbers or bits."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    indexed: bool = False


class ImageFolder(Native):
    """Slices that lie in a file each. All headers are read on opening, voxels when asked for."""

    def __init__(self, files: list[Path], name: str, limits: Limits) -> None:
        self.name = name
        self._files = files
        self._headers: list[_Header] = []
        for file in files:
            header = _read_header(file, limits)
            first = self._headers[0] if self._headers else header
            if header.shape != first.shape:
                raise SourceError(
                    f"{file.name} is {_sides(header)}, but {files[0].name} is {_sides(first)}; "
                    "all slices of a stack have one size."
                )
            if header.dtype != first.dtype:
                raise SourceError(
                    f"{file.name} holds {header.dtype}, but {files[0].name} holds {first.dtype}; "
                    "all slices of a stack have one type."
                )
            self._headers.append(header)
        self.shape = (len(files), *self._headers[0].shape)
        self.dtype = self._headers[0].dtype
        self.axes = "ZYXS"[: len(self.shape)]

    def read(self, index: tuple[int | slice, ...]) -> NDArray[Any]:
        first = index[0]
        numbers = (
            range(len(self._files))[first] if isinstance(first, slice) else range(first, first + 1)
        )
        out: NDArray[Any] | None = None
        for i, number in enumerate(numbers):
            part = self._slice(number)[index[1:]]
            if out is None:
                out = np.empty((len(numbers), *part.shape), self.dtype)
            out[i] = part
        if out is None:
            raise SourceError(f"{self.name} holds no slices.")
        return out if isinstance(first, slice) else out[0]

    def _slice(self, number: int) -> NDArray[Any]:
        file, header = self._files[number], self._headers[number]
        try:
            image = _decode(file, header)
        except SourceError:
            raise
        # The decoders have no common error.
        except Exception as error:
            raise SourceError(
                f"{file.name} is damaged or cut short ({first_line(error)})."
            ) from error
        if image.shape != header.shape:
            raise SourceError(f"{file.name} is damaged: it is not {_sides(header)}.")
        return image


def open_folder(path: Path, limits: Limits) -> ImageFolder:
    """The images of a folder; other files in it, and folders, are left alone."""
    files = [f for f in path.iterdir() if f.suffix.lower() in KINDS and not f.name.startswith(".")]
    if not files:
        raise SourceError(f"The folder {path.name} holds no TIFF, PNG or JPEG files.")
    if len(files) > limits.max_files:
        raise SourceError(
            f"The folder {path.name} holds {len(files)} images, "
            f"more than the {limits.max_files} allowed."
        )
    kinds = sorted({KINDS[file.suffix.lower()] for file in files})
    if len(kinds) > 1:
        raise SourceError(
            f"The folder {path.name} holds {' and '.join(kinds)} files; a stack is of one kind."
        )
    inside = path.resolve()
    for file in files:
        if not file.resolve().is_relative_to(inside):
            raise SourceError(f"{file.name} in {path.name} is a link that leads out of the folder.")
    return ImageFolder(sorted(files, key=lambda f: natural_key(f.name)), path.name, limits)


def open_image(path: Path, limits: Limits) -> ImageFolder:
    """A single PNG or JPEG as a stack of one slice."""
    return ImageFolder([path], path.name, limits)


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts numbers in names by their value: s2.png before s10.png."""
    parts = re.split(r"(\d+)", name.lower())
    return tuple((0, int(p), p) if p.isdigit() else (1, 0, p) for p in parts if p)


def _sides(header: _Header) -> str:
    return " x ".join(str(n) for n in header.shape)


def _read_header(file: Path, limits: Limits) -> _Header:
    kind = KINDS[file.suffix.lower()]
    try:
        read = {"TIFF": _tiff_header, "PNG": _png_header, "JPEG": _jpeg_header}[kind]
        header = read(file, limits)
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(
            f"{file.name} is not a sound {kind} file ({first_line(error)})."
        ) from error
    height, width, *samples = header.shape
    check_size((*samples, height, width), header.dtype, replace(limits, max_bytes=_ANY), file.name)
    return header


def _tiff_header(file: Path, limits: Limits) -> _Header:
    pages = check_pages(file, limits)
    if pages != 1:
        raise SourceError(f"{file.name} holds {pages} pages, where a slice of a stack has one.")
    with tifffile.TiffFile(file, _multifile=False) as tiff:
        page = tiff.pages[0]
        if page.dtype is None:
            raise SourceError(f"{file.name} holds voxels of a type that cannot be read.")
        return _Header(tuple(int(n) for n in page.shape), np.dtype(page.dtype).newbyteorder("="))


def _png_header(file: Path, limits: Limits) -> _Header:
    with file.open("rb") as stream:
        head = stream.read(26)
    if head[:8] != b"\x89PNG\r\n\x1a\n" or len(head) < 26:
        raise SourceError(f"{file.name} is not a PNG file.")
    width, height, depth, colour = struct.unpack(">IIBB", head[16:26])
    samples = _PNG_SAMPLES.get(colour)
    indexed = colour == 3 or depth < 8
    if samples is None or (depth < 8 and colour == 0 and depth != 1):
        raise SourceError(f"{file.name} is a PNG of {depth} bits, which cannot be read.")
    shape = (height, width) if samples == 1 else (height, width, samples)
    return _Header(shape, np.dtype(np.uint16 if depth == 16 else np.uint8), indexed)


def _jpeg_header(file: Path, limits: Limits) -> _Header:
    with file.open("rb") as stream:
        if stream.read(2) != b"\xff\xd8":
            raise SourceError(f"{file.name} is not a JPEG file.")
        while True:
            marker = stream.read(2)
            if len(marker) < 2 or marker[0] != 0xFF:
                raise SourceError(f"{file.name} is a JPEG cut short before its image.")
            if marker[1] == 0xFF:  # a fill byte
                stream.seek(-1, 1)
                continue
            length = struct.unpack(">H", stream.read(2))[0]
            if marker[1] in _JPEG_FRAMES:
                depth, height, width, samples = struct.unpack(">BHHB", stream.read(6))
                break
            stream.seek(length - 2, 1)
        size = stream.seek(0, 2)
        stream.seek(max(0, size - 4096))
        # Decoders fill what is missing with grey; the end marker tells.
        if b"\xff\xd9" not in stream.read():
            raise SourceError(f"{file.name} is cut short.")
    if depth != 8:
        raise SourceError(f"{file.name} is a JPEG of {depth} bits, which cannot be read.")
    shape = (height, width) if samples == 1 else (height, width, samples)
    return _Header(shape, np.dtype(np.uint8))


def _decode(file: Path, header: _Header) -> NDArray[Any]:
    kind = KINDS[file.suffix.lower()]
    if kind == "TIFF":
        with tifffile.TiffFile(file, _multifile=False) as tiff:
            return np.asarray(tiff.pages[0].asarray())
    if header.indexed:
        # The numbers of the palette are the labels, not the colours that they stand for.
        with PIL.Image.open(file) as image:
            return np.asarray(image).astype(np.uint8)
    data = file.read_bytes()
    decode = imagecodecs.png_decode if kind == "PNG" else imagecodecs.jpeg8_decode
    return np.asarray(decode(data))
