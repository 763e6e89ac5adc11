"""Label values: what the integers in a mask mean.

0 is background, 1..K are a study's classes (or object ids in an instance study), and the largest
value of the array's dtype is UNSURE: a voxel that nobody vouches for, left out of every loss and
every metric.
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

Labels: TypeAlias = NDArray[np.unsignedinteger[Any]]
Mask: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float32]


def unsure_of(dtype: DTypeLike) -> int:
    """The value that means UNSURE in storage of this unsigned integer dtype (255, 65535 or
    2**32 - 1)."""
    kind = np.dtype(dtype)
    if kind.kind != "u":
        raise TypeError(f"Labels are unsigned integers, not {kind}; convert them before use.")
    return int(np.iinfo(kind).max)


def most_likely(shares: NDArray[Any]) -> NDArray[np.uint8]:
    """(...) the likeliest of the classes 1..K and the background 0, from (K, ...) probabilities.

    As floats, or as uint8 where 255 is certain.
    """
    whole, kind = (255, np.int32) if shares.dtype == np.uint8 else (1.0, shares.dtype)
    wide = shares.astype(kind)
    rest = whole - wide.sum(axis=0, keepdims=True)
    chosen: NDArray[np.uint8] = np.concatenate([rest, wide]).argmax(axis=0).astype(np.uint8)
    return chosen
