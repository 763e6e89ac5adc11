"""The mask codec: canonical run-length bytes of a label mask, their hash and their transport form.

A mask is an (H, W) array of unsigned integers, row-major. Its canonical bytes are

    "LM1"  varint H  varint W  (varint value, varint length)*

with maximal runs (neighbouring runs differ in value), every length at least 1 and the lengths
adding up to H * W. A varint is unsigned LEB128 in its shortest form, at most 2**32 - 1. One mask
has exactly one such byte string, so the sha256 of these bytes names the mask. Transport is the
zlib (RFC 1950) compressed form of the bytes; the hash is always that of the uncompressed bytes.

The reserved label "unsure" is the greatest value of whatever dtype stores the mask, and 2**32 - 1
in the byte stream, so that a mask keeps its hash when it moves between dtypes.

Decoders take bytes from strangers: everything is checked, nothing is allocated before the header
has been, and every fault raises `MaskError` with one sentence.
"""

import hashlib
import zlib
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

MAGIC = b"LM1"
UNSURE = 2**32 - 1
MAX_SIDE = 16384
"""Longest side that is decoded when the caller does not say which shape it expects."""
MAX_UNPACKED = 16 * 2**20
"""Most bytes inflated when the caller does not say which shape it expects."""

_MAX_VARINT_BYTES = 5
_MAX_HEADER_BYTES = len(MAGIC) + 2 * _MAX_VARINT_BYTES
_MAX_BYTES_PER_VOXEL = _MAX_VARINT_BYTES + 1  # a run of one voxel: the longest value, length 1


class MaskError(ValueError):
    """The bytes are not a canonical mask, or the mask cannot be coded; the text says why."""


def unsure_of(dtype: DTypeLike) -> int:
    """The value that stands for "unsure" in arrays of `dtype` (uint8, uint16 or uint32)."""
    return int(np.iinfo(_label_dtype(dtype)).max)


def widen(mask: NDArray[Any]) -> NDArray[np.uint32]:
    """The mask as uint32 with "unsure" as 2**32 - 1, whatever dtype it is stored in."""
    mask = _as_labels(mask)
    wide = mask.astype(np.uint32)
    if mask.dtype != np.uint32:
        wide[mask == unsure_of(mask.dtype)] = UNSURE
    return wide


def narrow(mask: NDArray[np.uint32], dtype: DTypeLike) -> NDArray[Any]:
    """The inverse of `widen`. Raises MaskError where a value does not fit `dtype`."""
    target = _label_dtype(dtype)
    unsure = mask == UNSURE
    _check_fits(mask[~unsure], target)
    out = mask.astype(target)
    out[unsure] = unsure_of(target)
    return out


def encode_rle(mask: NDArray[Any]) -> bytes:
    """Canonical bytes of an (H, W) mask of bool, uint8, uint16 or uint32."""
    mask = _as_labels(mask)
    if mask.ndim != 2 or mask.size == 0:
        raise MaskError(
            f"A mask has two axes and at least one voxel; this one has shape {mask.shape}."
        )
    if mask.size > UNSURE:
        raise MaskError(f"A mask of shape {mask.shape} is too large to be coded.")
    flat = np.ascontiguousarray(mask).ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate(([0], changes))
    numbers = np.empty(2 + 2 * starts.size, np.uint64)
    numbers[:2] = mask.shape
    numbers[2::2] = widen(flat[starts])
    numbers[3::2] = np.diff(starts, append=flat.size)
    return MAGIC + _varints(numbers)


def decode_rle(
    data: bytes, *, shape: tuple[int, int] | None = None, dtype: DTypeLike = np.uint32
) -> NDArray[Any]:
    """The (H, W) mask of canonical bytes, in `dtype`.

    `shape` is the (H, W) the caller expects; without it no side may exceed MAX_SIDE.
    Raises MaskError on anything that `encode_rle` could not have written.
    """
    target = _label_dtype(dtype)
    height, width = _read_header(data, shape)
    body = np.frombuffer(data, np.uint8, offset=len(MAGIC))
    if np.count_nonzero(body < 0x80) > 2 + 2 * height * width:
        raise MaskError(f"The runs of the mask cover more than {height} x {width} voxels.")
    numbers = _read_varints(body)[2:]
    if numbers.size % 2:
        raise MaskError("The mask ends in the middle of a run.")
    values, lengths = numbers[0::2], numbers[1::2]
    if (lengths == 0).any():
        raise MaskError("The mask holds a run of length 0.")
    if (values[1:] == values[:-1]).any():
        raise MaskError("The mask holds two neighbouring runs of the same value.")
    total = int(
        lengths.sum()
    )  # at most 2**32 per run, so uint64 cannot wrap for any input in memory
    if total != height * width:
        raise MaskError(f"The runs of the mask cover {total} voxels, not {height} x {width}.")
    narrowed = narrow(values.astype(np.uint32), target)
    return np.repeat(narrowed, lengths.astype(np.int64)).reshape(height, width)


def pack(mask: NDArray[Any]) -> bytes:
    """Transport form: the zlib-compressed canonical bytes."""
    return zlib.compress(encode_rle(mask))


def unpack(
    data: bytes,
    *,
    shape: tuple[int, int] | None = None,
    dtype: DTypeLike = np.uint32,
    limit: int | None = None,
) -> NDArray[Any]:
    """The mask of a transport form; never inflates more than `limit` bytes.

    Without `limit`, it is the most that a mask of `shape` can need, or MAX_UNPACKED.
    """
    if limit is None:
        limit = MAX_UNPACKED
        if shape is not None:
            limit = _MAX_HEADER_BYTES + _MAX_BYTES_PER_VOXEL * shape[0] * shape[1]
    return decode_rle(_inflate(data, limit), shape=shape, dtype=dtype)


def mask_hash(mask: NDArray[Any]) -> str:
    """Lower-case hex sha256 of the canonical bytes."""
    return hashlib.sha256(encode_rle(mask)).hexdigest()


def xor(mask: NDArray[Any], other: NDArray[Any]) -> NDArray[np.uint32]:
    """The difference of two masks of one shape, as uint32; its own inverse."""
    if mask.shape != other.shape:
        raise MaskError(f"Masks of shapes {mask.shape} and {other.shape} have no difference.")
    return np.bitwise_xor(widen(mask), widen(other))


def _label_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    target = np.dtype(dtype)
    if target.kind != "u" or target.itemsize > 4:
        raise MaskError(f"Masks are uint8, uint16 or uint32, not {target}.")
    return target


def _as_labels(mask: NDArray[Any]) -> NDArray[Any]:
    if mask.dtype == np.bool_:
        return mask.astype(np.uint8)
    _label_dtype(mask.dtype)
    return mask


def _check_fits(values: NDArray[Any], dtype: np.dtype[Any]) -> None:
    if values.size and int(values.max()) >= unsure_of(dtype):
        raise MaskError(
            f"The mask holds the label {int(values.max())}, which {dtype} cannot store."
        )


def _varints(numbers: NDArray[np.uint64]) -> bytes:
    sizes = np.ones(numbers.size, np.int64)
    for k in range(1, _MAX_VARINT_BYTES):
        sizes += numbers >= (1 << (7 * k))
    ends = np.cumsum(sizes)
    starts = ends - sizes
    out = np.empty(int(ends[-1]), np.uint8)
    for k in range(_MAX_VARINT_BYTES):
        has = sizes > k
        if not has.any():
            break
        bits = (numbers[has] >> np.uint64(7 * k)).astype(np.uint8) & 0x7F
        more = (sizes[has] > k + 1).astype(np.uint8) << 7
        out[starts[has] + k] = bits | more
    return out.tobytes()


def _read_varints(data: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """All varints of `data`, which must be nothing but whole, shortest varints."""
    if data.size == 0 or data[-1] >= 0x80:
        raise MaskError("The mask ends in the middle of a number.")
    ends = np.flatnonzero(data < 0x80)
    sizes = np.diff(ends, prepend=-1)
    if int(sizes.max()) > _MAX_VARINT_BYTES:
        raise MaskError("The mask holds a number of more than 32 bits.")
    if ((data[ends] == 0) & (sizes > 1)).any():
        raise MaskError("The mask holds a number that is not in its shortest form.")
    starts = ends - sizes + 1
    numbers = np.zeros(ends.size, np.uint64)
    for k in range(int(sizes.max())):
        has = sizes > k
        part = (data[starts[has] + k] & 0x7F).astype(np.uint64)
        numbers[has] |= part << np.uint64(7 * k)
    if int(numbers.max()) > UNSURE:
        raise MaskError("The mask holds a number of more than 32 bits.")
    return numbers


def _read_header(data: bytes, shape: tuple[int, int] | None) -> tuple[int, int]:
    """(H, W), checked before anything of their size is allocated."""
    if data[: len(MAGIC)] != MAGIC:
        raise MaskError("These bytes are not a mask: they do not begin with LM1.")
    head = np.frombuffer(data[len(MAGIC) : _MAX_HEADER_BYTES], np.uint8)
    ends = np.flatnonzero(head < 0x80)
    if ends.size < 2:
        raise MaskError(
            "The header of the mask is cut short or holds a number of more than 32 bits."
        )
    height, width = (int(n) for n in _read_varints(head[: ends[1] + 1]))
    if height == 0 or width == 0:
        raise MaskError(f"A mask of {height} x {width} voxels is empty.")
    if shape is not None:
        if (height, width) != tuple(shape):
            raise MaskError(
                f"The mask is {height} x {width} voxels, "
                f"where {shape[0]} x {shape[1]} were expected."
            )
    elif max(height, width) > MAX_SIDE:
        raise MaskError(f"A mask of {height} x {width} voxels is larger than {MAX_SIDE} on a side.")
    return height, width


def _inflate(data: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj()
    try:
        out = inflater.decompress(data, limit + 1)
    except zlib.error as error:
        raise MaskError("The packed mask is not valid zlib data.") from error
    if len(out) > limit:
        raise MaskError(f"The packed mask inflates to more than {limit} bytes.")
    if not inflater.eof:
        raise MaskError("The packed mask is cut short.")
    if inflater.unused_data:
        raise MaskError("The packed mask is followed by other bytes.")
    return out
