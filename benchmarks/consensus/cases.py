"""The six cases: equal skill, spammers of three kinds, and people who draw too wide."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.consensus.learning import Memory
from benchmarks.consensus.peers import peers
from benchmarks.consensus.scenes import Person, crew, dice, draw, make_scene, propose
from benchmarks.rows import Row, row
from models.config import CrowdConfig
from models.crowd.aggregator import Aggregator, CrowdMask
from models.crowd.registry import aggregator

PEOPLE = 7
CASES = {
    "a": ("equal skill", ">= 0.984"),
    "b1": ("2 of 7 submit nothing", ">= 0.98"),
    "b2": ("2 of 7 submit random pixels", ">= 0.98"),
    "b3": ("2 of 7 submit masks of another image", ">= 0.98"),
    "c": ("3 of 7 draw 3 pixels too wide", ">= 0.983"),
    "c5": ("5 of 7 draw 3 pixels too wide, 3 gold tasks", ">= 0.982"),
}
GOLD = 3


@dataclass
class Played:
    """Dice of every image by method, and what the scenario turned out to be."""

    dice: dict[str, list[float]] = field(default_factory=dict)
    single: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, name: str, value: float) -> None:
        self.dice.setdefault(name, []).append(value)

    def apart(self, name: str) -> tuple[float, float]:
        """Mean of the differences to majority over the same images, and its standard error."""
        values = self.dice[name]
        apart = np.array(values) - np.array(self.dice["majority"][: len(values)])
        return float(apart.mean()), float(apart.std(ddof=1) / max(len(apart), 1) ** 0.5)


def people_of(case: str) -> list[Person]:
    """The seven of a case."""
    people = crew([1.5] * PEOPLE)
    spam = {"b1": "empty", "b2": "noise", "b3": "other"}.get(case)
    wide = {"c": 3, "c5": 5}.get(case, 0)
    for i in range(2 if spam else 0):
        people[i] = replace(people[i], spam=spam or "")
    for i in range(wide):
        people[i] = replace(people[i], wide=3.0)
    return people


def play(case: str, shown: bool, *, seed: int, images: int, side: int, compared: int) -> Played:
    """Images one after the other, by the same people; the first `compared` by the peers too."""
    order = list(CASES).index(case)
    rng = np.random.default_rng((seed, order, int(shown)))
    people, config = people_of(case), CrowdConfig(redundancy=PEOPLE)
    methods: dict[str, Aggregator] = {
        name: aggregator(name, config) for name in ("majority", "skill", "staple")
    }
    others, memory, played = peers(), Memory(), Played()
    gold = GOLD if case == "c5" else 0
    for image in range(images + gold):
        scene = make_scene(rng, side)
        truth = scene.truth
        proposal = propose(rng, scene) if shown else None
        base = np.zeros_like(truth) if proposal is None else proposal
        masks = [CrowdMask(p.name, draw(rng, scene, p, proposal)) for p in people]
        skill = methods["skill"]
        if image < gold:
            memory.learn(skill.judge(masks, base, memory.snapshot, truth))
            continue
        honest = [m.mask for m, p in zip(masks, people, strict=True) if not p.spam]
        played.single += [dice(m, truth) for m in honest]
        if proposal is not None:
            played.shown.append(dice(proposal, truth))
        for name, method in methods.items():
            if name == "staple" and image - gold >= compared:
                continue
            began = time.perf_counter()
            made = method.aggregate(masks, base, memory.snapshot).mask
            if name == "skill":
                played.seconds.append(time.perf_counter() - began)
            played.add(name, dice(made, truth))
        if image - gold < compared:
            for name, peer in others.items():
                played.add(name, dice(peer([m.mask for m in masks]), truth))
        memory.learn(skill.judge(masks, base, memory.snapshot))
    return played


def rows(
    *, seed: int, images: int, side: int, compared: int, only: list[str] | None = None
) -> Iterator[Row]:
    """Dice of each case, from nothing and over a proposal, and the difference to majority."""
    for case, (what, goal) in CASES.items():
        if only and case not in only:
            continue
        for shown in (False, True):
            played = play(case, shown, seed=seed, images=images, side=side, compared=compared)
            where = "all see one proposal" if shown else "from nothing"
            name = f"{case}, {where}: {what}"
            beside: dict[str, float] = {
                m: round(float(np.mean(v)), 4) for m, v in played.dice.items() if m != "skill"
            }
            low, high = np.quantile(played.single, [0.02, 0.98])
            beside |= {
                "single_masks": round(float(np.mean(played.single)), 3),
                "single_low": round(float(low), 3),
                "single_high": round(float(high), 3),
            }
            if played.shown:
                beside["proposal"] = round(float(np.mean(played.shown)), 4)
            mean = float(np.mean(played.dice["skill"]))
            yield row(f"Dice {name}", mean, "Dice", goal, beside, images=images, compared=compared)
            apart, error = played.apart("skill")
            yield row(
                f"above majority {name}",
                apart,
                "Dice",
                ">= -0.001",
                {"standard_error": round(error, 5)},
            )
