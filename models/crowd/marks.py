"""Points and boxes of many people on many images: the same presence model as for masks.

The case of Galaxy Zoo: Clump Scout (Dickinson et al. 2022, MNRAS 517, 5882): several objects and
classes an image, people who look at a few of very many images. Marks are matched to objects, and
who marked which object is weighed as who drew what in a mask. Skills are learned in a first pass
over the images and used in a second; memory is linear in people and marks.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.config import MarkConfig, SkillConfig
from models.crowd.matching import group
from models.crowd.presence import HIT, INVENT, JOIN, Answers, counts_of, seen, weigh
from models.crowd.skills import Tally


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Marks of people on images, image after image, as columns.

    Of I images, A looks (one person at one image) and M marks:
    looks: (I + 1,) first look of each image; person: (A,) who looked, also who marked nothing;
    starts: (I + 1,) first mark of each image; look: (M,) the look that a mark belongs to;
    kind: (M,) class; centre: (M, 2) float32 y, x in pixels; size: (M, 2) height, width, 0 for a
    point.
    """

    looks: NDArray[np.int64]
    person: NDArray[np.int32]
    starts: NDArray[np.int64]
    look: NDArray[np.int64]
    kind: NDArray[np.int16]
    centre: NDArray[np.float32]
    size: NDArray[np.float32]

    @property
    def images(self) -> int:
        return len(self.looks) - 1

    @property
    def people(self) -> int:
        return int(self.person.max(initial=-1)) + 1


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Objects of one image: kind (K,), centre (K, 2) y, x, size (K, 2), how many people marked
    each, of how many, and how likely each is not there."""

    image: int
    kind: NDArray[np.int16]
    centre: NDArray[np.float64]
    size: NDArray[np.float64]
    marked: NDArray[np.int64]
    looked: int
    false_positive: NDArray[np.float64]


class MarkCrowd:
    """Consensus of marks. `learn` first, then `find`; both go through the images one by one."""

    def __init__(
        self, marks: Marks, config: MarkConfig | None = None, skill: SkillConfig | None = None
    ) -> None:
        self.marks = marks
        self.config, self.skill = config or MarkConfig(), skill or SkillConfig()
        nobody = counts_of([Tally()], self.skill)[0]
        self._prior = nobody
        self.counts = np.repeat(nobody[None].astype(np.float32), marks.people, axis=0)
        self.tasks = np.zeros(marks.people, dtype=np.int32)
        self.real = [0.0, 0.0, 0.0]

    def learn(self, progress: Callable[[int], None] = lambda done: None) -> None:
        """Everybody's skill, from all images."""
        for image in range(self.marks.images):
            self._one(image, learning=True)
            progress(image + 1)

    def find(self, progress: Callable[[int], None] = lambda done: None) -> Iterator[Found]:
        """The objects of each image, by the skills that are known by now."""
        for image in range(self.marks.images):
            yield self._one(image, learning=False)
            progress(image + 1)

    def tallies(self) -> list[Tally]:
        """Of each person, by index."""
        seen_now = np.maximum(self.counts - self._prior, 0)
        return [
            Tally(
                found=float(c[HIT, 0]),
                missed=float(c[HIT, 1]),
                invented=float(c[INVENT, 0]),
                joined=float(c[JOIN, 0]),
                spared=float(c[JOIN, 1]),
                tasks=float(t),
            )
            for c, t in zip(seen_now, self.tasks, strict=True)
        ]

    def _one(self, image: int, *, learning: bool) -> Found:
        m = self.marks
        looks = slice(int(m.looks[image]), int(m.looks[image + 1]))
        place = slice(int(m.starts[image]), int(m.starts[image + 1]))
        who, row = np.unique(m.person[looks], return_inverse=True)
        owner = row[m.look[place] - looks.start]
        centre = m.centre[place].astype(np.float64)
        size, kind = m.size[place].astype(np.float64), m.kind[place]
        label = self._labels(centre, size, owner, kind)
        count = int(label.max(initial=-1)) + 1
        drew = np.zeros((len(who), count), dtype=bool)
        drew[owner, label] = True
        number = np.bincount(label, minlength=count)
        if count:
            answers = Answers(
                drew=drew,
                voted=np.ones_like(drew),
                shown=np.zeros(count, dtype=bool),
                worth=np.ones(count),
                untouched=np.asarray(~drew.any(axis=1)),
                mended=np.zeros(count),
            )
            presence = weigh(
                answers,
                self.counts[who],
                Tally(missed=self.real[0], spared=self.real[1], tasks=self.real[2]),
                self.skill,
            )
            there, trust = presence.there, presence.trust
        else:
            there, trust = np.zeros(0), np.zeros(len(who))
        if learning:
            self.tasks[who] += 1
            self.real[2] += 1
            if count:
                added = seen(answers, presence.without, presence.author, presence.looked)
                self.counts[who] += added.astype(np.float32)
                self.real[0] += float((there > self.skill.sure).sum())
                self.real[1] += float((there < 1 - self.skill.sure).sum())
        weight = np.maximum(trust[owner], 0.02)
        total = np.maximum(np.bincount(label, weights=weight, minlength=count), 1e-9)
        first = np.full(count, len(label))
        np.minimum.at(first, label, np.arange(len(label)))
        return Found(
            image=image,
            kind=kind[first] if count else kind[:0],
            centre=_means(centre, label, weight, total),
            size=_means(size, label, weight, total),
            marked=drew.sum(axis=0) if count else number,
            looked=len(who),
            false_positive=1 - there,
        )

    def _labels(
        self,
        centre: NDArray[np.float64],
        size: NDArray[np.float64],
        owner: NDArray[np.int64],
        kind: NDArray[np.int16],
    ) -> NDArray[np.int64]:
        labels = np.empty(len(kind), dtype=np.int64)
        used = 0
        for value in np.unique(kind):
            of_kind = np.flatnonzero(kind == value)
            labels[of_kind] = used + group(
                centre[of_kind], size[of_kind], owner[of_kind], self.config.reach
            )
            used = int(labels[of_kind].max()) + 1
        return labels


def _means(
    values: NDArray[np.float64],
    label: NDArray[np.int64],
    weight: NDArray[np.float64],
    total: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(K, 2) weighted means of (m, 2) values by label."""
    sums = [np.bincount(label, weights=weight * v, minlength=len(total)) for v in values.T]
    return np.asarray(np.stack(sums, axis=1) / total[:, None])
