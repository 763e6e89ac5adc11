"""Volunteers who never tire: they correct a proposal towards the truth, well or less well."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
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


def effort(before: Labels, after: Labels) -> tuple[float, int]:
    """Active seconds and strokes to turn one mask into another.

    Looking takes 4 s. Each connected changed piece takes one stroke: 1.5 s, and its outline drawn
    at 60 pixels a second, where only pieces of more than 2 pixels are worth a stroke.
    """
    changed = label(before != after, connectivity=2)  # type: ignore[no-untyped-call]
    sizes = np.bincount(changed.ravel())[1:]
    pieces = np.flatnonzero(sizes > 2) + 1
    if not len(pieces):
        return 4.0, 0
    worth = np.isin(changed, pieces)
    padded = np.pad(worth, 1)
    outline = sum(int((padded != np.roll(padded, 1, axis)).sum()) for axis in (0, 1)) / 2
    return 4.0 + 1.5 * len(pieces) + outline / 60, len(pieces)


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
