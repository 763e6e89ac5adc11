"""An export joined along z: agreed masks where shown, proposal elsewhere, and an honest count of
the seams.

Blending has already pulled the proposal towards its known neighbours (blend.py). What is left:
pixels that flicker for one slice between neighbours that agree, and objects that split or merge
where known meets predicted. Everything here takes slices in order of z and keeps three of them in
memory.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from skimage.measure import label
from skimage.morphology import remove_small_objects

from models.labels import Floats, Labels, Mask, unsure_of


@dataclass(frozen=True, slots=True, eq=False)
class ExportSlice:
    """One slice of an export.

    labels:     (H, W) unsigned integers, agreed where `known`, proposed elsewhere.
    known:      (H, W) bool.
    confidence: (H, W) float32 in 0..1 of the proposed label, or None where there is none (external
                labels).
    """

    labels: Labels
    known: Mask
    confidence: Floats | None = None


@dataclass(frozen=True, slots=True)
class Seams:
    """Objects linked from slice to slice, counted apart where known meets predicted and elsewhere.

    pairs: pairs of neighbouring slices looked at; links: overlapping pairs of objects of the same
           value;
    splits: objects that overlap two or more in the next slice; merges: objects that overlap two or
    more in the slice before; ends: objects with no successor; starts: objects with no predecessor.
    """

    pairs: int = 0
    links: int = 0
    splits: int = 0
    merges: int = 0
    ends: int = 0
    starts: int = 0

    def __add__(self, other: "Seams") -> "Seams":
        return Seams(
            self.pairs + other.pairs,
            self.links + other.links,
            self.splits + other.splits,
            self.merges + other.merges,
            self.ends + other.ends,
            self.starts + other.starts,
        )


@dataclass(frozen=True, slots=True)
class SeamReport:
    """`at_seams` where one slice is known and the other is not; `elsewhere` is the usual rate
    to hold it against."""

    at_seams: Seams
    elsewhere: Seams


def settle(
    slices: Iterable[ExportSlice],
    *,
    doubt: float = 0.8,
    doubt_known: float = 0.95,
    smallest: int = 4,
) -> Iterator[ExportSlice]:
    """The same slices with one-slice flicker removed, in order of z.

    A pixel takes its two neighbours' value where they agree with each other and not with it, it is
    not known, and the model is not sure of it: confidence below `doubt`, or below `doubt_known`
    where people drew both neighbours. Without confidences only the latter places are settled.
    Flicker of fewer than `smallest` connected pixels is left: outlines move that much on their own.
    Decisions are taken on the slices as given, so the order of repair does not matter.
    """
    before: ExportSlice | None = None
    here: ExportSlice | None = None
    for after in slices:
        if here is not None:
            yield _settled(before, here, after, (doubt, doubt_known), smallest)
        before, here = here, after
    if here is not None:
        yield here


def _settled(
    before: ExportSlice | None,
    here: ExportSlice,
    after: ExportSlice,
    doubt: tuple[float, float],
    smallest: int,
) -> ExportSlice:
    if before is None:
        return here
    flicker = (before.labels == after.labels) & (here.labels != before.labels) & ~here.known
    drawn = before.known & after.known
    if here.confidence is None:
        flicker &= drawn
    else:
        flicker &= here.confidence < np.where(drawn, doubt[1], doubt[0])
    if smallest > 1 and flicker.any():
        flicker = remove_small_objects(flicker, max_size=smallest - 1, connectivity=1)
    if not flicker.any():
        return here
    return ExportSlice(np.where(flicker, before.labels, here.labels), here.known, here.confidence)


def seams(slices: Iterable[ExportSlice]) -> SeamReport:
    """Splits, merges, starts and ends between neighbouring slices, at seams and elsewhere.

    A pair of slices is a seam where an object on it meets known on one side and predicted on the
    other; each object is counted by the voxels where it lies.
    """
    totals = {True: Seams(), False: Seams()}
    before: tuple[Labels, Labels, Mask] | None = None
    for item in slices:
        here = (*_components(item.labels), item.known)
        if before is not None:
            at_seam = before[2] != here[2]
            for where in (True, False):
                region = at_seam if where else ~at_seam
                if region.any():
                    totals[where] = totals[where] + _compare(before, here, region)
        before = here
    return SeamReport(totals[True], totals[False])


def _components(labels: Labels) -> tuple[Labels, Labels]:
    """(H, W) numbers of connected pixels of one value, from 1, and the value of each number."""
    kept = np.where(labels == unsure_of(labels.dtype), 0, labels)
    numbered: Labels = label(kept, background=0, connectivity=1).astype(np.uint32)  # type: ignore[no-untyped-call]
    values = np.zeros(int(numbered.max(initial=0)) + 1, dtype=np.uint32)
    values[numbered] = kept
    return numbered, values


def _compare(
    before: tuple[Labels, Labels, Mask], here: tuple[Labels, Labels, Mask], region: Mask
) -> Seams:
    (a, a_value, _), (b, b_value, _) = before, here
    seen_a = np.unique(a[region & (a > 0)])
    seen_b = np.unique(b[region & (b > 0)])
    both = region & (a > 0) & (b > 0)
    width = np.uint64(len(b_value))
    pairs = np.unique(a[both].astype(np.uint64) * width + b[both])
    left, right = (pairs // width).astype(np.int64), (pairs % width).astype(np.int64)
    same = a_value[left] == b_value[right]
    left, right = left[same], right[same]
    onward = np.bincount(left, minlength=len(a_value))
    back = np.bincount(right, minlength=len(b_value))
    return Seams(
        pairs=1,
        links=len(left),
        splits=int((onward >= 2).sum()),
        merges=int((back >= 2).sum()),
        ends=int((onward[seen_a] == 0).sum()),
        starts=int((back[seen_b] == 0).sum()),
    )
