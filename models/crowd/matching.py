"""Which marks of different people mean the same object."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

Values = NDArray[np.float64]

LARGE = 300
"""Marks above which an image is first cut into parts that are far from each other."""
APART = 0.7
"""Boxes whose 1 - intersection over union is above this do not mean the same object."""


def group(
    centre: Values, size: Values, person: NDArray[np.int64], reach: float
) -> NDArray[np.int64]:
    """The object that each of m marks of one image and class means, (m,) from 0.

    centre: (m, 2) y, x; size: (m, 2) height, width, 0 for points; person: (m,) who made it. Points
    mean the same within `reach` pixels of their middle, boxes by intersection over union. The mark
    that most people have one near is the first object; of each of them the nearest belongs to it,
    and so on with what is left. Memory is quadratic in the marks that are near each other only.
    """
    m = len(centre)
    if m > LARGE:
        return _in_parts(centre, size, person, reach)
    labels = np.full(m, -1, dtype=np.int64)
    if not m:
        return labels
    apart = _apart(centre, size, centre, size, reach)
    near = apart <= 1
    people, index = np.unique(person, return_inverse=True)
    has = np.zeros((m, len(people)), dtype=np.float32)
    has[np.arange(m), index] = 1
    free = np.ones(m, dtype=bool)
    count = 0
    while free.any():
        support = ((near * free).astype(np.float32) @ has > 0).sum(axis=1)
        support[~free] = -1
        best = int(support.argmax())
        members = _nearest_of_each(apart[best], index, free & near[best])
        middle, extent = centre[members].mean(axis=0), size[members].mean(axis=0)
        again = _apart(middle[None], extent[None], centre, size, reach)[0]
        members = _nearest_of_each(again, index, free & (again <= 1))
        if not len(members):
            members = np.array([best])
        labels[members] = count
        # A second mark by the same person on the same spot is a slip, not another object.
        slips = free & (labels < 0) & (again <= 0.5) & np.isin(index, index[members])
        labels[slips] = count
        free &= labels < 0
        count += 1
    return labels


def _apart(a: Values, a_size: Values, b: Values, b_size: Values, reach: float) -> Values:
    """(len(a), len(b)) how far apart marks are; 1 is the bound."""
    if not (a_size.any() or b_size.any()):
        return np.asarray(np.linalg.norm(a[:, None] - b[None], axis=-1) / reach)
    low = np.maximum((a - a_size / 2)[:, None], (b - b_size / 2)[None])
    high = np.minimum((a + a_size / 2)[:, None], (b + b_size / 2)[None])
    inner = np.prod(np.maximum(high - low, 0), axis=-1)
    union = np.prod(a_size, axis=-1)[:, None] + np.prod(b_size, axis=-1)[None] - inner
    return np.asarray((1 - inner / np.maximum(union, 1e-9)) / APART)


def _nearest_of_each(
    apart: Values, index: NDArray[np.int64], allowed: NDArray[np.bool_]
) -> NDArray[np.int64]:
    place = np.flatnonzero(allowed)
    place = place[np.argsort(apart[place], kind="stable")]
    _, first = np.unique(index[place], return_index=True)
    return np.asarray(place[first])


def _in_parts(
    centre: Values, size: Values, person: NDArray[np.int64], reach: float
) -> NDArray[np.int64]:
    span = max(reach, float(size.max()) if len(size) else 0.0)
    pairs = cKDTree(centre).sparse_distance_matrix(cKDTree(centre), span, output_type="coo_matrix")
    count, part = connected_components(pairs, directed=False)
    labels, used = np.empty(len(centre), dtype=np.int64), 0
    for number in range(count):
        place = np.flatnonzero(part == number)
        if len(place) == len(centre):  # all of it hangs together: cut it in two, and go on
            order = np.argsort(centre[:, int(np.ptp(centre, axis=0).argmax())], kind="stable")
            half = len(order) // 2
            pieces = [np.sort(order[:half]), np.sort(order[half:])]
        else:
            pieces = [place]
        for piece in pieces:
            labels[piece] = group(centre[piece], size[piece], person[piece], reach) + used
            used = int(labels[piece].max()) + 1
    return labels
