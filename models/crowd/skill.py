"""Skill: who drew what counts as much as they have been right, in presence and in outline apart."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.config import CrowdConfig, SkillConfig
from models.crowd.aggregator import (
    SHOWN,
    Collected,
    CrowdMask,
    CrowdObject,
    CrowdResult,
    Decision,
    Running,
    checked,
    latest,
)
from models.crowd.instances import align
from models.crowd.judging import tallies
from models.crowd.layer import Layer, Solved
from models.crowd.presence import mean_of, next_answer
from models.crowd.risk import Doubt, Outlook, decide
from models.crowd.skills import SkillSnapshot, Tally, estimate
from models.crowd.votes import agreement, plurality
from models.labels import Labels, Mask, unsure_of

ANYTHING = -1
"""The layer of all foreground together: object ids are too many for one layer each."""


class Skill:
    """Presence by log-odds, outlines by weighted signed distance, skills from earlier tasks."""

    name = "skill"

    def __init__(self, config: CrowdConfig | None = None, skill: SkillConfig | None = None) -> None:
        self.config = config or CrowdConfig()
        self.skill = skill or SkillConfig()

    def start(self, proposal: Labels, snapshot: SkillSnapshot) -> Running:
        """See Aggregator. Object ids are matched anew with each mask."""
        if self.config.instances:
            return Collected(self, proposal, snapshot)
        return Ongoing(proposal, snapshot, self.config, self.skill)

    def aggregate(
        self, corrections: Sequence[CrowdMask], proposal: Labels, snapshot: SkillSnapshot
    ) -> CrowdResult:
        """See Aggregator."""
        return self._taken(corrections, proposal, snapshot).result()

    def judge(
        self,
        corrections: Sequence[CrowdMask],
        proposal: Labels,
        snapshot: SkillSnapshot,
        truth: Labels | None = None,
    ) -> Mapping[str, Tally]:
        """See Aggregator."""
        ongoing = self._taken(corrections, proposal, snapshot)
        return ongoing.judged(truth) if ongoing.names else {}

    def _taken(
        self, corrections: Sequence[CrowdMask], proposal: Labels, snapshot: SkillSnapshot
    ) -> "Ongoing":
        items = latest(corrections, proposal)
        if self.config.instances and items:
            masks = align([item.mask for item in items], proposal)
            items = [
                CrowdMask(item.volunteer, mask, item.seconds)
                for item, mask in zip(items, masks, strict=True)
            ]
        ongoing = Ongoing(proposal, snapshot, self.config, self.skill)
        for item in items:
            ongoing.add(item)
        return ongoing


class Ongoing:
    """A task as its masks arrive; memory is linear in them."""

    def __init__(
        self, proposal: Labels, snapshot: SkillSnapshot, config: CrowdConfig, skill: SkillConfig
    ) -> None:
        self.proposal, self.snapshot = proposal, snapshot
        self.config, self.skill = config, skill
        self.unsure = unsure_of(proposal.dtype)
        self.names: list[str] = []
        self.masks: list[Labels] = []
        self.sure: list[Mask | None] = []
        self.layers: dict[int, Layer] = {}
        self._alike: dict[tuple[int, int], float] = {}
        if config.instances:
            self.layers[ANYTHING] = Layer(_part(proposal, ANYTHING, self.unsure))
        else:
            for value in _values(proposal, self.unsure):
                self.layers[value] = Layer(proposal == value)

    def add(self, correction: CrowdMask) -> None:
        """See Running."""
        checked(correction, self.proposal)
        mask = correction.mask.astype(self.proposal.dtype, copy=False)
        known = correction.volunteer in self.names
        index = self.names.index(correction.volunteer) if known else len(self.names)
        changed = mask[mask != self.proposal]
        if not self.config.instances:
            for value in _values(changed, self.unsure):
                if value not in self.layers:
                    self.layers[value] = self._late_layer(value)
        for value, layer in self.layers.items():
            layer.put(index, _part(mask, value, self.unsure))
        doubted = bool((changed == self.unsure).any()) or bool((mask == self.unsure).any())
        sure = mask != self.unsure if doubted else None
        if known:
            self.masks[index], self.sure[index] = mask, sure
        else:
            self.names.append(correction.volunteer)
            self.masks.append(mask)
            self.sure.append(sure)
        for other in range(len(self.masks)):
            if other != index:
                pair = (min(index, other), max(index, other))
                self._alike[pair] = agreement(self.masks[pair[0]], self.masks[pair[1]])

    def result(self) -> CrowdResult:
        """See Running."""
        if not self.names:
            nothing = np.zeros(self.proposal.shape, dtype=np.float32)
            ask = Decision("ask", "Nobody has corrected this task yet.")
            return CrowdResult(self.proposal.copy(), nothing, 1.0, ask, {}, 0)
        solved = {value: self._solve(layer) for value, layer in sorted(self.layers.items())}
        mask, chance = self._compose(solved)
        inside = (mask > 0) & (mask != self.unsure)
        known = [estimate(self.snapshot.of(n), self.skill) for n in self.names]
        hits, heard = np.array([skill.hit for skill in known]), np.zeros(len(known))
        if solved:
            # Who looks as a rule is a whole person; who likely did not is less of one.
            usual = mean_of(self.skill.look)
            looked = np.mean([s.presence.looked for s in solved.values()], axis=0)
            hits = hits * np.minimum(1, looked / usual)
            heard = np.mean([s.presence.heard for s in solved.values()], axis=0)
            heard = np.minimum(1, heard / usual)
        doubts = [
            Doubt(s.candidates.area, s.presence.there, s.shown, *next_answer(s.shown, self.skill))
            for s in solved.values()
        ]
        outlook = Outlook(inside, chance, hits, doubts, float(heard.sum()))
        probability = np.where(inside, chance, 1 - chance).astype(np.float32)
        given = [s for s in self.sure if s is not None]
        if len(given) == len(self.sure):
            nobody = ~np.any(given, axis=0)
            mask[nobody], probability[nobody] = self.unsure, 0
        reliability, together = self._alikeness()
        return CrowdResult(
            mask=mask,
            probability=probability,
            agreement=together,
            decision=decide(
                len(self.names), outlook.error, outlook.gain(mean_of(self.skill.hit)), self.config
            ),
            reliability=reliability,
            views=len(self.names),
            objects=tuple(o for value, s in solved.items() for o in _objects(value, s)),
            risk=outlook.error,
        )

    def judged(self, truth: Labels | None = None) -> dict[str, Tally]:
        """Tallies of the people, and under SHOWN of the proposal."""
        total: dict[str, Tally] = dict.fromkeys([*self.names, SHOWN], Tally())
        layers = dict(self.layers)
        if truth is not None and not self.config.instances:
            for value in _values(truth, unsure_of(truth.dtype)):
                layers.setdefault(value, self._late_layer(value))
        for value, layer in sorted(layers.items()):
            gold = None if truth is None else _part(truth, value, unsure_of(truth.dtype))
            solved = self._solve(layer, gold)
            made = tallies(layer, solved, gold, self.skill)
            for name, tally in zip([*self.names, SHOWN], made, strict=True):
                total[name] += tally
        return {name: _one_task(tally) for name, tally in total.items()}

    def _solve(self, layer: Layer, truth: Mask | None = None) -> Solved:
        skills = [self.snapshot.of(name) for name in self.names]
        return layer.solve(skills, self.snapshot, self.sure, self.skill, truth)

    def _late_layer(self, value: int) -> Layer:
        """A class that nobody had drawn before."""
        layer = Layer(self.proposal == value)
        for index, mask in enumerate(self.masks):
            layer.put(index, mask == value)
        return layer

    def _compose(self, solved: Mapping[int, Solved]) -> tuple[Labels, NDArray[np.float32]]:
        """The mask, and how likely each pixel belongs to its value (or, where it is background, to
        any)."""
        mask = np.zeros_like(self.proposal)
        if not solved:
            return mask, np.zeros(mask.shape, dtype=np.float32)
        if ANYTHING in solved:
            found = solved[ANYTHING]
            drawn = [np.where(m == 0, self.unsure, m).astype(m.dtype) for m in self.masks]
            values, _ = plurality(drawn, self.proposal)
            mask[found.inside] = values[found.inside]
            # Nobody who was sure drew it: only a proposal that somebody doubts is left there.
            mask[mask == self.unsure] = 0
            return mask, found.chance
        if len(solved) == 1:
            [(value, only)] = solved.items()
            mask[only.inside] = value
            return mask, only.chance
        best = np.zeros(mask.shape, dtype=np.float32)
        for value, found in solved.items():
            # Of two classes that claim a pixel the likelier has it.
            wins = found.inside & (found.chance > best)
            mask[wins] = value
            best[wins] = found.chance[wins]
        every = 1 - np.prod([1 - s.chance for s in solved.values()], axis=0)
        return mask, np.where(mask > 0, best, every).astype(np.float32)

    def _alikeness(self) -> tuple[dict[str, float], float]:
        """Each one's mean agreement with the others, and that of all pairs."""
        scores: dict[int, list[float]] = {i: [] for i in range(len(self.names))}
        for (i, j), score in self._alike.items():
            scores[i].append(score)
            scores[j].append(score)
        each = {self.names[i]: float(np.mean(s)) for i, s in scores.items() if s}
        return each, float(np.mean(list(self._alike.values()) or [1.0]))


def _values(labels: Labels, unsure: int) -> list[int]:
    """Foreground values that occur, ascending."""
    if labels.dtype == np.uint8:
        found = np.flatnonzero(np.bincount(labels.ravel(), minlength=1))
    else:
        found = np.unique(labels)
    return [int(v) for v in found if v not in (0, unsure)]


def _part(mask: Labels, value: int, unsure: int) -> Mask:
    part: Mask = (mask > 0) & (mask != unsure) if value == ANYTHING else mask == value
    return part


def _one_task(tally: Tally) -> Tally:
    """Outlines of several classes are one task's outline, not several."""
    values = {name: getattr(tally, name) for name in Tally.__dataclass_fields__}
    for weight, sums in (("edges", "edge_square"), ("gold", "gold_sum")):
        if values[weight] > 1:
            values[sums] /= values[weight]
            values[weight] = 1.0
    return Tally(**{**values, "tasks": 1.0})


def _objects(value: int, solved: Solved) -> list[CrowdObject]:
    found = solved.candidates
    if not found.count:
        return []
    rows, columns = np.divmod(found.pixels, found.labels.shape[1])
    y = np.bincount(found.owner, weights=rows, minlength=found.count) / found.area
    x = np.bincount(found.owner, weights=columns, minlength=found.count) / found.area
    drawn = solved.drew.sum(axis=0)
    return [
        CrowdObject(
            value=max(value, 0),
            y=float(y[k]),
            x=float(x[k]),
            area=int(found.area[k]),
            shown=bool(solved.shown[k]),
            drawn=int(drawn[k]),
            false_positive=float(1 - solved.presence.there[k]),
        )
        for k in range(found.count)
    ]
