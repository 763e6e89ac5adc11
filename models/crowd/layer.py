"""One class of a task: who drew it where, and what they agree on."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from models.config import SkillConfig
from models.crowd.candidates import LEAST, Candidates, find
from models.crowd.outlines import (
    SCALE,
    Distances,
    Drawings,
    agree,
    biases,
    redrawn,
    signed_distance,
)
from models.crowd.presence import WORTHLESS, Answers, Presence, weigh
from models.crowd.skills import SkillSnapshot, Tally
from models.labels import Floats, Mask

NEAR = 3 * SCALE
"""Kept distance within which the edge itself is in doubt, whoever agrees on it."""
ROUND = 3
"""Pixels about a core in which a change is one of its outline."""
SHARE = 0.5
"""Share of a core that a mask covers when its owner drew the object."""


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """What people agree on, in one class.

    inside: (H, W) agreed; chance: (H, W) float32, how likely each pixel belongs to it; square: (n,)
    mean square distance of each person's outlines to the agreed ones, nan where unknown; flooded:
    (n,) who drew most of what others left empty, and has no say. The rest is kept for judging.
    """

    inside: Mask
    chance: Floats
    candidates: Candidates
    presence: Presence
    drew: NDArray[np.bool_]
    voted: NDArray[np.bool_]
    shown: NDArray[np.bool_]
    square: NDArray[np.float64]
    flooded: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Of n people and K candidates: what is there, and (n, K), (n, K), (K,) who drew and who was
    sure of which, and what the proposal shows."""

    presence: Presence
    drew: NDArray[np.bool_]
    voted: NDArray[np.bool_]
    shown: NDArray[np.bool_]


class Layer:
    """Masks of one class as they arrive. An arrival costs the region in which it differs from what
    was shown, and a pass over the whole for its votes."""

    def __init__(self, shown: Mask) -> None:
        """shown: (H, W) the class in the proposal."""
        self.shown = shown
        self.shown_distance = signed_distance(shown)
        self.masks: list[Mask] = []
        self.distances: list[Distances] = []
        self.votes: NDArray[np.uint16] = np.zeros(shown.shape, dtype=np.uint16)
        self.near: NDArray[np.uint16] = np.zeros(shown.shape, dtype=np.uint16)

    def put(self, index: int, mask: Mask) -> None:
        """Take the mask of the person with this index, the next one or an earlier one's anew."""
        distance = redrawn(mask, self.shown, self.shown_distance)
        if index == len(self.masks):
            self.masks.append(mask)
            self.distances.append(distance)
        else:
            self.votes -= self.masks[index]
            self.near -= np.abs(self.distances[index]) <= NEAR
            self.masks[index], self.distances[index] = mask, distance
        self.votes += mask
        self.near += np.abs(distance) <= NEAR

    def solve(
        self,
        skills: Sequence[Tally],
        snapshot: SkillSnapshot,
        sure: Sequence[Mask | None],
        config: SkillConfig,
        truth: Mask | None = None,
    ) -> Solved:
        """What the people agree on, given their skills and where each was sure (None: everywhere).

        truth: (H, W) gold, where the people are to be judged by it.
        """
        people = len(self.masks)
        flooded = self._flooded()
        candidates = find(self.votes, people, self.shown, truth)
        asked = self._asked(candidates, skills, snapshot, sure, flooded, config, truth)
        heard = np.flatnonzero((asked.presence.trust >= WORTHLESS) & ~flooded)
        if 0 < len(heard) < people and truth is None:
            # Masks of no worth cut cores to pieces: objects are found without them first.
            votes, _, _ = self._counts(heard, sure)
            candidates = find(votes, len(heard), self.shown, everybody=self.votes)
            asked = self._asked(candidates, skills, snapshot, sure, flooded, config, truth)
        elif not len(heard):
            heard = np.arange(people)
        presence, drew, voted, shown = asked.presence, asked.drew, asked.voted, asked.shown
        votes, voters, near = self._counts(heard, sure)
        disputed = (votes > 0) & (votes < voters)
        inside = (votes > 0) & ~disputed
        chance = np.zeros(inside.shape, dtype=np.float32)
        flat, cores = chance.ravel(), candidates.pixels
        flat[cores] = np.where(inside.ravel()[cores], presence.there[candidates.owner], 0)
        of_heard = [skills[int(i)] for i in heard]
        bias = biases(of_heard, config)
        places = np.flatnonzero(disputed | near) if candidates.count else np.empty(0, int)
        drawings = self._drawings(places, candidates, drew, heard, bias, sure, config)
        outline = agree(
            drawings,
            of_heard,
            presence.trust[heard],
            presence.heed[heard],
            config,
        )
        there = presence.there[drawings.zone]
        flat[places] = (there * ndtr(outline.distance / outline.error)).astype(np.float32)
        # What everybody drew, or nobody, stands, unless gold has shown that they draw too wide.
        moved = disputed.ravel()[places] | bool(np.any(np.abs(bias) > 0.05))
        inside.ravel()[places[moved]] = ((there >= 0.5) & (outline.distance > 0))[moved]
        square = np.full(people, np.nan)
        square[heard] = outline.square[:-1]
        return Solved(inside, chance, candidates, presence, drew, voted, shown, square, flooded)

    def _asked(
        self,
        candidates: Candidates,
        skills: Sequence[Tally],
        snapshot: SkillSnapshot,
        sure: Sequence[Mask | None],
        flooded: NDArray[np.bool_],
        config: SkillConfig,
        truth: Mask | None,
    ) -> "Asked":
        """Who has which candidate, and what follows."""
        drew = np.array([candidates.share(mask) >= SHARE for mask in self.masks])
        voted = np.array(
            [
                np.ones(candidates.count, bool) if s is None else candidates.share(s) >= SHARE
                for s in sure
            ]
        )
        voted[flooded] = False
        shown = candidates.share(self.shown) >= SHARE
        known = None if truth is None else (candidates.share(truth) >= SHARE).astype(np.float64)
        untouched = np.array([d is self.shown_distance for d in self.distances])
        mended = self._mended(candidates, drew, untouched)
        answers = Answers(drew, voted, shown, candidates.worth, untouched, mended, known)
        return Asked(weigh(answers, skills, snapshot.shown, config), drew, voted, shown)

    def _mended(
        self, candidates: Candidates, drew: NDArray[np.bool_], untouched: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """(K,) share of those who drew a candidate, and changed anything, who changed its edge."""
        changed, able = np.zeros((2, candidates.count))
        if not candidates.count or not untouched.any() or not self.shown.any():
            return changed
        size = 2 * ROUND + 1
        grown = cv2.dilate(candidates.labels.astype(np.uint16), np.ones((size, size), np.uint8))
        for i in np.flatnonzero(~untouched):
            near = np.bincount(grown[self.masks[i] != self.shown], minlength=candidates.count + 1)
            able += drew[i]
            changed += drew[i] & (near[1:] >= LEAST)
        return changed / np.maximum(able, 1)

    def _flooded(self) -> NDArray[np.bool_]:
        """(n,) whose mask covers most of what at most half of the people drew.

        Such a mask agrees with every object, and its excess hangs together with them all.
        """
        people = len(self.masks)
        empty = self.votes <= people // 2
        size = np.count_nonzero(empty)
        if people < 3 or size < 0.05 * empty.size:
            return np.zeros(people, dtype=bool)
        return np.array([np.count_nonzero(mask & empty) > 0.6 * size for mask in self.masks])

    def _counts(
        self, heard: NDArray[np.int64], sure: Sequence[Mask | None]
    ) -> tuple[NDArray[np.uint16], NDArray[np.uint16], Mask]:
        """Of those who are heard: their votes, how many were sure (one number where all were), and
        whose outline is near."""
        votes, near = self.votes, self.near
        for i in set(range(len(self.masks))) - set(heard.tolist()):
            votes = votes - self.masks[i]
            near = near - (np.abs(self.distances[i]) <= NEAR)
        voters = np.full((1, 1), len(heard), dtype=np.uint16)
        for i in heard:
            doubts = sure[i]
            if doubts is not None:
                voters = voters - ~doubts
        return votes, voters, near > 0

    def _drawings(
        self,
        places: NDArray[np.int64],
        candidates: Candidates,
        drew: NDArray[np.bool_],
        heard: NDArray[np.int64],
        bias: NDArray[np.float32],
        sure: Sequence[Mask | None],
        config: SkillConfig,
    ) -> Drawings:
        shown = self.shown_distance.ravel()[places]
        kept = np.stack([self.distances[i].ravel()[places] for i in heard])
        given = np.stack(
            [
                np.ones(len(places), bool) if s is None else s.ravel()[places]
                for s in (sure[i] for i in heard)
            ]
        )
        distance = kept.astype(np.float32) / np.float32(SCALE) - bias[:, None]
        return Drawings(
            distance=distance,
            drew=drew[heard],
            zone=nearest(candidates, places),
            left=(kept == shown) & bool(self.shown.any()),
            voted=given,
            shown=shown.astype(np.float32) / np.float32(SCALE),
        )


def nearest(candidates: Candidates, places: NDArray[np.int64]) -> NDArray[np.int32]:
    """(m,) index of the candidate nearest to each flat pixel index."""
    if candidates.count <= 1 or not len(places):
        return np.zeros(len(places), dtype=np.int32)
    # Every second pixel will do: no zone ends on a line that is known to a pixel.
    height, width = candidates.labels.shape
    padded = np.zeros((height + height % 2, width + width % 2), np.int32)
    padded[:height, :width] = candidates.labels
    coarse = np.maximum(padded[::2], padded[1::2])
    coarse = np.maximum(coarse[:, ::2], coarse[:, 1::2])
    _, pieces = cv2.distanceTransformWithLabels(
        (coarse == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(int(pieces.max()) + 1, dtype=np.int32)
    core = coarse > 0
    owner[pieces[core]] = coarse[core] - 1
    zones = owner[pieces]
    rows, columns = np.divmod(places, width)
    named: NDArray[np.int32] = zones[rows // 2, columns // 2]
    return named
