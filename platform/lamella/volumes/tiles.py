"""Tiles of a cube, and planes as pictures: 8-bit JPEG to look at, 16-bit PNG to lose nothing."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lamella.volumes.geometry import tile_region
from lamella.volumes.omezarr_read import CubeReader

JPEG_QUALITY = 90
_LEAST_SPAN = 1e-30


def read_tile(reader: CubeReader, level: int, z: int, row: int, column: int) -> NDArray[Any] | None:
    """One tile of level `level`, at most 512 x 512; None where there is none.

    `z` is a slice of level 0 at every level, so that a viewer that zooms keeps its slice.
    """
    if not (0 <= level < len(reader.levels) and 0 <= z < reader.shape[0]):
        return None
    found = reader.levels[level]
    depth, height, width = found.shape
    region = tile_region(min(z // found.factors[0], depth - 1), row, column, height, width)
    return None if region is None else reader.region(region, level)


def to_8_bit(plane: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """The window low .. high of an (H, W) plane, stretched to 0 .. 255; not-a-number becomes 0."""
    if plane.dtype == np.uint8:
        # A table of 256 entries instead of arithmetic on every voxel.
        table = _windowed(np.arange(256, dtype=np.float32), low, high)
        return np.asarray(table[plane], np.uint8)
    return _windowed(plane.astype(np.float32), low, high)


def encode_jpeg(plane: NDArray[Any], low: float, high: float, quality: int = JPEG_QUALITY) -> bytes:
    """A grey JPEG of an (H, W) plane, windowed from low .. high to 8 bits."""
    return _encode(".jpg", to_8_bit(plane, low, high), [cv2.IMWRITE_JPEG_QUALITY, quality])


def encode_png16(plane: NDArray[Any], low: float, high: float) -> bytes:
    """A lossless grey PNG: 8 and 16-bit unsigned voxels as they are, others as 16-bit windows."""
    if plane.dtype not in (np.uint8, np.uint16):
        span = max(high - low, _LEAST_SPAN)
        scaled = np.nan_to_num((plane.astype(np.float64) - low) / span, nan=0.0)
        plane = np.rint(np.clip(scaled, 0, 1) * 65535).astype(np.uint16)
    return _encode(".png", plane.astype(np.uint16), [cv2.IMWRITE_PNG_COMPRESSION, 1])


def encode_labels_png(plane: NDArray[Any], colours: NDArray[np.uint8]) -> bytes:
    """A PNG with transparency of (H, W) numbers below N, coloured by (N, 4) RGBA; lossless."""
    bgra = colours[:, [2, 1, 0, 3]]
    return _encode(".png", bgra[plane], [cv2.IMWRITE_PNG_COMPRESSION, 6])


def _windowed(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    span = max(high - low, _LEAST_SPAN)
    scaled = (values - np.float32(low)) * np.float32(255 / span)
    rounded: NDArray[Any] = np.rint(np.clip(np.nan_to_num(scaled, nan=0.0), 0, 255))
    return rounded.astype(np.uint8)


def _encode(suffix: str, plane: NDArray[Any], options: list[int]) -> bytes:
    done, data = cv2.imencode(suffix, np.ascontiguousarray(plane), options)
    if not done:
        raise ValueError(f"A plane of shape {plane.shape} cannot be encoded as {suffix}.")
    return data.tobytes()
