"""The pinned cast: the volunteers that every simulated study with people who err is played with.

Calibrated on phantom 0 and the first 20 hippocampus cases; what it realises on a cube is measured
with `Realised` and reported beside the results.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, distance_transform_edt
from skimage.measure import label

from models.crowd.votes import agreement
from models.labels import Labels, Mask
from models.quality.metrics import Overlap, overlap
from models.simulate.volunteers import Drawn, NoisyVolunteer, Volunteer

PEOPLE = 20
"""Volunteers in the cast; every tenth is a spammer."""
BOUNDARY = 1.5
"""Root mean square error of an outline, in pixels."""
MISS = 0.05
"""Share of objects that a volunteer does not see."""
INVENT = 0.1
"""Mean number of objects a mask that are not there."""
LAZY = 0.05
"""Share of tasks that an honest volunteer accepts without looking."""


@dataclass(slots=True)
class Stamper:
    """A spammer who accepts whatever is shown."""

    name: str

    def correct(self, truth: Labels, proposal: Labels) -> Drawn:
        """See Volunteer."""
        return Drawn(proposal.copy(), 2.0, 0)


@dataclass(slots=True)
class Scribbler:
    """A spammer who rubs out what is shown and draws blobs anywhere, in the classes shown."""

    seed: int
    name: str
    _rng: np.random.Generator = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)

    def correct(self, truth: Labels, proposal: Labels) -> Drawn:
        """See Volunteer."""
        values = [v for v in np.unique(proposal) if v] or [1]
        mask = np.zeros_like(proposal)
        y, x = np.ogrid[: mask.shape[0], : mask.shape[1]]
        strokes = int(self._rng.integers(1, 4))
        for _ in range(strokes):
            cy, cx = self._rng.random(2) * mask.shape
            radius = self._rng.uniform(0.03, 0.1) * min(mask.shape)
            mask[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = self._rng.choice(values)
        return Drawn(mask, 3.0 + strokes, strokes)


def pinned_cast(seed: int) -> list[Volunteer]:
    """PEOPLE volunteers in a fixed order; the same seed and tasks give the same masks.

    One in ten is a spammer (they alternate between stamping and scribbling). The honest ones leave
    a proposal's outline as it is wherever it lies within their own error.
    """
    people: list[Volunteer] = []
    for index in range(PEOPLE):
        name, own = f"cast-{index + 1}", seed * 1000 + index
        if index % 20 == 4:
            people.append(Stamper(name))
        elif index % 20 == 14:
            people.append(Scribbler(own, name))
        else:
            people.append(
                NoisyVolunteer(
                    own,
                    boundary=BOUNDARY,
                    miss=MISS,
                    invent=INVENT,
                    lazy=LAZY,
                    tolerance=BOUNDARY,
                    name=name,
                )
            )
    return people


@dataclass(slots=True)
class Realised:
    """What a cast really did, gathered mask by mask; figures of drawing are those of the honest."""

    masks: int = 0
    seconds: float = 0.0
    strokes: int = 0
    stamped: int = 0
    _spam: int = 0
    _single: list[float] = field(default_factory=list)
    _all: Overlap | None = None
    _honest: Overlap | None = None
    _squares: float = 0.0
    _edge: int = 0
    _objects: int = 0
    _missed: int = 0
    _invented: int = 0
    _by: dict[str, int] = field(default_factory=dict)

    def add(
        self, person: Volunteer, truth: Labels, proposal: Labels, drawn: Drawn, classes: int
    ) -> None:
        """Count one mask (H, W); classes 0..K in all three arrays."""
        name = person.name
        self.masks += 1
        self.seconds += drawn.seconds
        self.strokes += drawn.strokes
        self.stamped += int(bool(np.array_equal(drawn.mask, proposal)))
        self._by[name] = self._by.get(name, 0) + 1
        both = overlap(drawn.mask, truth, classes)
        self._all = both if self._all is None else self._all + both
        if spams(person):
            self._spam += 1
            return
        self._honest = both if self._honest is None else self._honest + both
        if truth.any():
            self._single.append(agreement(drawn.mask, truth))
        found = _compare(truth > 0, drawn.mask > 0)
        self._objects += found[0]
        self._missed += found[1]
        self._invented += found[2]
        self._squares += found[3]
        self._edge += found[4]

    def figures(self) -> dict[str, float | int | None]:
        """Figures for a report; None where nothing could be counted."""
        n = max(self.masks, 1)
        return {
            "masks": self.masks,
            "people": len(self._by),
            "by_spammers": round(self._spam / n, 4),
            "single_mask_dice": round(float(np.mean(self._single)), 4) if self._single else None,
            "pooled_dice": _mean_dice(self._honest),
            "pooled_dice_with_spammers": _mean_dice(self._all),
            "boundary_rms": round((self._squares / self._edge) ** 0.5, 3) if self._edge else None,
            "objects_missed": round(self._missed / self._objects, 4) if self._objects else None,
            "objects_invented_a_mask": round(self._invented / max(n - self._spam, 1), 4),
            "accepted_unchanged": round(self.stamped / n, 4),
            "seconds_a_mask": round(self.seconds / n, 2),
            "strokes_a_mask": round(self.strokes / n, 2),
        }


def spams(person: Volunteer) -> bool:
    """Whether a volunteer of the cast does not even try."""
    return isinstance(person, Stamper | Scribbler)


def _mean_dice(total: Overlap | None) -> float | None:
    return None if total is None else round(total.mean_dice(), 4)


def _compare(truth: Mask, drawn: Mask) -> tuple[int, int, int, float, int]:
    """Objects, missed, invented; and over the true outline of found ones the summed squared
    distance to the drawn outline, with its length in pixels."""
    if not (truth.any() or drawn.any()):
        return 0, 0, 0, 0.0, 0
    objects: NDArray[np.int64] = label(truth, connectivity=2)  # type: ignore[no-untyped-call]
    others: NDArray[np.int64] = label(drawn, connectivity=2)  # type: ignore[no-untyped-call]
    count, other_count = int(objects.max()), int(others.max())
    covered = np.bincount(objects[drawn], minlength=count + 1)[1:]
    area = np.bincount(objects.ravel(), minlength=count + 1)[1:]
    # Less than a third of it drawn is not found; neighbours' edges may reach a little into it.
    missed = covered < area / 3
    touched = np.bincount(others[truth], minlength=other_count + 1)[1:]
    if not drawn.any() or missed.all():
        return count, int(missed.sum()), int((touched == 0).sum()), 0.0, 0
    found = np.isin(objects, np.flatnonzero(~missed) + 1)
    edge = found & binary_dilation(~found, border_value=0)
    inside = distance_transform_edt(drawn)
    outside = distance_transform_edt(~drawn)
    # Signed distance of pixel centres to the drawn outline; true edge pixels lie half one inside.
    away = (np.where(drawn, inside - 0.5, 0.5 - outside) - 0.5)[edge]
    # An object that was drawn in part says nothing of how well its edge was followed.
    away = away[np.abs(away) <= 4 * BOUNDARY]
    return (
        count,
        int(missed.sum()),
        int((touched == 0).sum()),
        float((away**2).sum()),
        len(away),
    )


def from_nothing(
    people: Sequence[Volunteer], truth: Labels, classes: int
) -> tuple[list[Labels], float]:
    """Masks of one slice (H, W) by several people who are shown nothing, and their seconds."""
    drawn = [person.correct(truth, np.zeros_like(truth)) for person in people]
    return [d.mask for d in drawn], float(sum(d.seconds for d in drawn))
