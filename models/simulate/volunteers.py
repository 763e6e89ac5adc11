"""Volunteers who never tire: they correct a proposal towards the truth, well or less well."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter
from skimage.measure import label

from models.labels import Floats, Labels, unsure_of

CARE = 0.2
"""An outline is off by at most this share of its object's inner radius (root mean square)."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What a volunteer hands in: mask (H, W) of the proposal's dtype, active seconds, strokes."""

    mask: Labels
    seconds: float
    strokes: int


class Volunteer(Protocol):
    """Someone who corrects a task's region."""

    @property
    def name(self) -> str: ...

    def correct(self, truth: Labels, proposal: Labels) -> Drawn:
        """Their mask of a region, given the true one and the one shown; both (H, W)."""
        ...


LOOK, STROKE, SPEED = 4.0, 1.5, 60.0
"""Seconds to look a task over and for each stroke; pixels of outline drawn in a second."""


def effort(before: Labels, after: Labels) -> tuple[float, int]:
    """Active seconds and strokes to turn one mask into another, both (H, W).

    Object by object the quicker of two ways is taken, as nobody makes fifteen small strokes where
    one new outline does: a stroke around each connected piece that changes, where it has more than
    2 pixels; or one to rub out what is shown, and one around each object that is to be there.
    """
    changed: NDArray[np.int64] = label(before != after, connectivity=2)  # type: ignore[no-untyped-call]
    large = np.flatnonzero(np.bincount(changed.ravel())[1:] > 2) + 1
    if not len(large):
        return LOOK, 0
    bodies: NDArray[np.int64] = label(  # type: ignore[no-untyped-call]
        (before > 0) | (after > 0), connectivity=2
    )
    count = int(bodies.max()) + 1
    pieces = np.where(np.isin(changed, large), changed, 0)
    wanted: NDArray[np.int64] = label(after, background=0, connectivity=2)  # type: ignore[no-untyped-call]
    mended, outline = _strokes(pieces, bodies, count)
    drawn, whole = _strokes(wanted, bodies, count)
    drawn += np.bincount(bodies[before > 0], minlength=count) > 0
    seconds = np.stack([STROKE * mended + outline / SPEED, STROKE * drawn + whole / SPEED])
    anew = (seconds[1] < seconds[0]).astype(np.int64)
    everyone = np.arange(count)
    strokes = np.stack([mended, drawn])[anew, everyone]
    return LOOK + float(seconds[anew, everyone].sum()), int(strokes.sum())


def _strokes(
    pieces: NDArray[np.int64], bodies: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each of `count` bodies: the pieces in it, and the pixels of their outlines together."""
    present, first = np.unique(pieces, return_index=True)
    of_pieces = bodies.ravel()[first[present > 0]]
    padded, around = np.pad(pieces, 1), np.pad(bodies, 1)
    outline = np.zeros(count)
    for axis in (0, 1):
        for step in (1, -1):
            edge = (padded > 0) & (padded != np.roll(padded, step, axis))
            outline += np.bincount(around[edge], minlength=count)
    return np.bincount(of_pieces, minlength=count), outline / 2


@dataclass(frozen=True, slots=True)
class PerfectVolunteer:
    """Draws the truth, always."""

    name: str = "perfect"

    def correct(self, truth: Labels, proposal: Labels) -> Drawn:
        """See Volunteer."""
        mask: Labels = truth.astype(proposal.dtype)
        seconds, strokes = effort(proposal, mask)
        return Drawn(mask, seconds, strokes)


@dataclass(slots=True)
class NoisyVolunteer:
    """Misses objects, draws edges a little off, sometimes sees what is not there.

    boundary: root mean square error of an outline in pixels, smooth along it; miss: share of true
    objects left as the proposal has them; invent: mean number of false blobs a region; lazy: chance
    that what is shown is accepted unseen; tolerance: a proposal is left as it is where its outline
    lies within so many pixels of the one they would draw, for nobody retraces what looks right.
    The same seed corrects the same regions in the same order alike.
    """

    seed: int
    boundary: float = 1.0
    miss: float = 0.05
    invent: float = 0.05
    lazy: float = 0.0
    tolerance: float = 0.0
    name: str = ""
    _rng: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.name = self.name or f"noisy-{self.seed}"
        self._rng = np.random.default_rng(self.seed)

    def correct(self, truth: Labels, proposal: Labels) -> Drawn:
        """See Volunteer."""
        # Where nothing is shown there is nothing to accept.
        if self._rng.random() < self.lazy and proposal.any():
            return Drawn(proposal.copy(), 4.0, 0)
        drawn: Labels = truth.astype(proposal.dtype)
        drawn = self._blur_edges(drawn)
        drawn = self._leave(truth, proposal, drawn)
        drawn = self._add(drawn)
        drawn = self._keep_what_looks_right(proposal, drawn)
        seconds, strokes = effort(proposal, drawn)
        return Drawn(drawn, seconds, strokes)

    def _blur_edges(self, mask: Labels) -> Labels:
        if self.boundary <= 0:
            return mask
        shift = gaussian_filter(self._rng.standard_normal(mask.shape), 4.0)
        shift *= self.boundary / max(float(shift.std()), 1e-9)
        result: Labels = np.zeros_like(mask)
        best: Floats = np.zeros(mask.shape, dtype=np.float32)
        for value in np.unique(mask):
            if value in (0, unsure_of(mask.dtype)):
                continue
            inside = mask == value
            depth = distance_transform_edt(inside)
            away, nearest = distance_transform_edt(~inside, return_indices=True)
            signed = depth - away
            # A small object is drawn with more care: nobody is off by its whole size.
            parts = label(inside, connectivity=2)  # type: ignore[no-untyped-call]
            size = np.zeros(int(parts.max()) + 1)
            np.maximum.at(size, parts.ravel(), depth.ravel())
            most = np.minimum(1.0, CARE * size / self.boundary)[parts]
            near = signed - np.sign(signed) * 0.5 + shift * most[tuple(nearest)]
            better = near > best
            result[better] = value
            best[better] = near[better]
        return result

    def _leave(self, truth: Labels, proposal: Labels, drawn: Labels) -> Labels:
        """Missed objects stay as the proposal has them, in a margin around them too."""
        objects = label(truth, background=0, connectivity=2)  # type: ignore[no-untyped-call]
        missed = np.flatnonzero(self._rng.random(int(objects.max(initial=0))) < self.miss) + 1
        if not len(missed):
            return drawn
        margin = 1 + 3 * self.boundary
        near = distance_transform_edt(~np.isin(objects, missed)) <= margin
        others = np.isin(objects, missed, invert=True) & (objects > 0)
        result: Labels = np.where(near & ~others, proposal, drawn)
        return result

    def _keep_what_looks_right(self, proposal: Labels, drawn: Labels) -> Labels:
        """Changes nowhere further than `tolerance` from their own outline are not made."""
        changed = proposal != drawn
        if self.tolerance <= 0 or not changed.any() or not drawn.any() or not proposal.any():
            return drawn
        outline = np.zeros(drawn.shape, dtype=bool)
        for axis in (0, 1):
            step = np.diff(drawn.astype(np.int64), axis=axis) != 0
            before = [slice(None)] * 2
            after = [slice(None)] * 2
            before[axis], after[axis] = slice(0, -1), slice(1, None)
            outline[tuple(before)] |= step
            outline[tuple(after)] |= step
        if not outline.any():
            return drawn
        # Outline pixels lie on both sides of the line, half a pixel from it.
        away = distance_transform_edt(~outline) + 0.5
        pieces = label(changed, connectivity=1)  # type: ignore[no-untyped-call]
        far = np.unique(pieces[changed & (away > self.tolerance)])
        left = changed & ~np.isin(pieces, far)
        result: Labels = np.where(left, proposal, drawn)
        return result

    def _add(self, drawn: Labels) -> Labels:
        count = int(self._rng.poisson(self.invent))
        values = [v for v in np.unique(drawn) if v not in (0, unsure_of(drawn.dtype))] or [1]
        y, x = np.ogrid[: drawn.shape[0], : drawn.shape[1]]
        largest = min(8.0, 0.08 * min(drawn.shape))
        for _ in range(count):
            cy, cx = self._rng.random(2) * drawn.shape
            radius = self._rng.uniform(0.4, 1.0) * largest
            blob = (y - cy) ** 2 + (x - cx) ** 2 <= radius**2
            drawn = drawn.copy()
            drawn[blob & (drawn == 0)] = self._rng.choice(values)
        return drawn
