"""A crowd of unlike people over many tasks: skills, objects, and how many views it takes."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import label
from scipy.stats import pearsonr

from benchmarks.consensus.learning import Memory
from benchmarks.consensus.scenes import Person, Scene, dice, draw, make_scene, propose
from benchmarks.rows import Row, row
from models.config import CrowdConfig
from models.crowd.aggregator import CrowdMask, CrowdObject
from models.crowd.registry import aggregator
from models.crowd.skills import estimate
from models.labels import Labels

VIEWS = 7
BOUNDS = (0.03, 0.05, 0.07, 0.1, 0.15, 0.2)
"""Of the expected error, beside the default: what they would have asked for and given."""
SPAM = ("empty", "noise", "other", "stamp", "full")


def cast(rng: np.random.Generator, people: int) -> list[Person]:
    """People with miss rates from 0 to .4; one in ten submits nothing of worth."""
    made = []
    for i in range(people):
        spam = SPAM[(i // 10) % len(SPAM)] if i % 10 == 5 else ""
        made.append(
            Person(
                f"p{i}",
                edge=float(rng.uniform(1.0, 2.2)),
                miss=float(rng.uniform(0, 0.4)) if not spam else 1.0,
                invent=float(rng.uniform(0, 0.4)),
                spam=spam,
            )
        )
    return made


@dataclass
class Tally:
    """What was counted over the tasks."""

    foreseen: list[float] = field(default_factory=list)
    false: list[bool] = field(default_factory=list)
    found: int = 0
    wanted: int = 0
    made: int = 0
    doubled: int = 0
    views: list[int] = field(default_factory=list)
    early: list[float] = field(default_factory=list)
    bounds: dict[float, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    fixed: list[float] = field(default_factory=list)
    majority: list[float] = field(default_factory=list)
    spam_low: dict[str, int] = field(default_factory=dict)


def play(
    *, seed: int, tasks: int, side: int, shown: bool, people: int = 20
) -> tuple[Tally, dict[str, float]]:
    """Tasks of VIEWS people each, drawn by turns, so that each person sees about
    tasks * VIEWS / people."""
    rng = np.random.default_rng((seed, 47, int(shown)))
    everyone = cast(rng, people)
    memory, counted = Memory(), Tally()
    fixed = aggregator("skill", CrowdConfig(redundancy=VIEWS, risk=0.0))
    plain = aggregator("majority", CrowdConfig(redundancy=VIEWS))
    missed: dict[str, list[float]] = defaultdict(list)
    left: dict[str, list[float]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    for _ in range(tasks):
        scene = make_scene(rng, side)
        proposal = propose(rng, scene) if shown else None
        base = np.zeros_like(scene.truth) if proposal is None else proposal
        turn = sorted(range(people), key=lambda i: (seen[everyone[i].name], rng.random()))[:VIEWS]
        masks = []
        for i in turn:
            person = everyone[i]
            masks.append(CrowdMask(person.name, draw(rng, scene, person, proposal)))
            missed[person.name] += list(_missed(scene, masks[-1].mask, base))
            left[person.name] += list(_left(scene, masks[-1].mask, base))
            seen[person.name] += 1
        result = fixed.aggregate(masks, base, memory.snapshot)
        _count(counted, scene, result.mask, result.objects)
        counted.fixed.append(dice(result.mask, scene.truth))
        counted.majority.append(
            dice(plain.aggregate(masks, base, memory.snapshot).mask, scene.truth)
        )
        _retire(counted, scene, masks, base, memory)
        memory.learn(fixed.judge(masks, base, memory.snapshot))
        for person in everyone:
            skill = estimate(memory.snapshot.of(person.name))
            low = skill.hit - skill.false_alarm < 0.2
            if person.spam and low and person.name not in counted.spam_low:
                counted.spam_low[person.name] = seen[person.name]
    honest = [p for p in everyone if not p.spam and missed[p.name]]
    told = [1 - estimate(memory.snapshot.of(p.name)).hit for p in honest]
    true = [float(np.mean(missed[p.name] + left[p.name])) for p in honest]
    tallies = [memory.snapshot.of(p.name) for p in honest]
    overlooked = [t.missed / max(t.found + t.missed, 1e-9) for t in tallies]
    unshown = [float(np.mean(missed[p.name])) for p in honest]
    spammers = [p.name for p in everyone if p.spam]
    return counted, {
        "correlation": float(pearsonr(told, true).statistic),
        "not_shown": float(pearsonr(overlooked, unshown).statistic),
        "tasks_each": float(np.mean(list(seen.values()))),
        "spammers": len(spammers),
        "slowest": max(counted.spam_low.get(name, 999) for name in spammers),
    }


def _missed(scene: Scene, mask: Labels, shown: Labels) -> Iterator[float]:
    """Of each object that was not shown, whether a mask lacks it."""
    area = np.bincount(scene.labels.ravel(), minlength=scene.count + 1)
    covered = np.bincount(scene.labels[mask > 0], minlength=scene.count + 1)
    before = np.bincount(scene.labels[shown > 0], minlength=scene.count + 1)
    for k in range(1, scene.count + 1):
        if before[k] < 0.5 * area[k]:
            yield float(covered[k] < 0.5 * area[k])


def _left(scene: Scene, mask: Labels, shown: Labels) -> Iterator[float]:
    """Of each piece that was shown and is not there, whether a mask still has it."""
    pieces, count = label(shown, np.ones((3, 3)))
    area = np.bincount(pieces.ravel(), minlength=count + 1)
    true = np.bincount(pieces[scene.truth > 0], minlength=count + 1)
    kept = np.bincount(pieces[mask > 0], minlength=count + 1)
    for k in range(1, count + 1):
        if true[k] < 0.1 * area[k]:
            yield float(kept[k] > 0.5 * area[k])


def _count(counted: Tally, scene: Scene, mask: Labels, objects: Sequence[CrowdObject]) -> None:
    """Whether the objects' probabilities hold, and how the mask's pieces match the true ones."""
    for item in objects:
        here = scene.labels[round(item.y), round(item.x)] > 0
        counted.foreseen.append(item.false_positive)
        counted.false.append(not here)
    pieces, made = label(mask, np.ones((3, 3)))
    truth, wanted = label(scene.truth, np.ones((3, 3)))
    both = np.zeros((wanted + 1, made + 1))
    np.add.at(both, (truth.ravel(), pieces.ravel()), 1)
    area, size = both.sum(axis=1)[1:], both.sum(axis=0)[1:]
    inner = both[1:, 1:]
    union = area[:, None] + size[None] - inner
    matches = inner / union > 0.5
    counted.found += int(matches.any(axis=1).sum())
    counted.wanted += wanted
    counted.made += made
    # A second piece that lies mostly on an object that is matched already.
    mostly = inner > 0.5 * size[None]
    counted.doubled += int(np.maximum(mostly.sum(axis=1) - 1, 0).sum())


def _retire(
    counted: Tally, scene: Scene, masks: Sequence[CrowdMask], base: Labels, memory: Memory
) -> None:
    """The same masks, one by one: what the engine has when it has seen enough."""
    config = CrowdConfig(redundancy=VIEWS)
    running = aggregator("skill", config).start(base, memory.snapshot)
    open_bounds, retired = set(BOUNDS), False
    for number, mask in enumerate(masks, 1):
        running.add(mask)
        result = running.result()
        reached = dice(result.mask, scene.truth)
        if result.decision.action == "retire" and not retired:
            retired = True
            counted.views.append(number)
            counted.early.append(reached)
        for bound in sorted(open_bounds):
            enough = number >= config.early and (result.risk or 0.0) <= bound
            if enough or number == VIEWS:
                open_bounds.discard(bound)
                counted.bounds[bound].append((number, reached))


def calibration(
    foreseen: Sequence[float], false: Sequence[bool], bins: int = 10
) -> tuple[float, float]:
    """Expected calibration error over bins of probability, and the worst bin with 30 or more."""
    p, was = np.array(foreseen), np.array(false, dtype=float)
    place = np.minimum((p * bins).astype(int), bins - 1)
    error, worst = 0.0, 0.0
    for b in range(bins):
        inside = place == b
        if inside.any():
            gap = abs(float(p[inside].mean() - was[inside].mean()))
            error += gap * float(inside.mean())
            worst = max(worst, gap) if inside.sum() >= 30 else worst
    return error, worst


def rows(*, seed: int, tasks: int, side: int) -> Iterator[Row]:
    """Skill, objects and retirement, from nothing and over a proposal."""
    for shown in (False, True):
        where = "all see one proposal" if shown else "from nothing"
        c, skill = play(seed=seed, tasks=tasks, side=side, shown=shown)
        each = {"tasks_each": round(skill["tasks_each"], 1)}
        yield row(
            f"skill against true rate of needed changes missed, {where}",
            skill["correlation"],
            "r",
            ">= 0.9",
            {**each, "objects_not_shown": round(skill["not_shown"], 3)},
        )
        yield row(
            f"tasks until every spammer is below .2, {where}",
            skill["slowest"],
            "tasks",
            "<= 10",
            {"spammers": skill["spammers"], **each},
        )
        error, worst = calibration(c.foreseen, c.false)
        yield row(
            f"false-positive probability against truth, {where}",
            error,
            "",
            "<= 0.05",
            {"worst_bin": round(worst, 3), "objects": len(c.false)},
        )
        yield row(f"completeness, {where}", c.found / max(c.wanted, 1), "", ">= 0.95")
        yield row(f"purity, {where}", c.found / max(c.made, 1), "", ">= 0.95")
        yield row(f"duplicates, {where}", c.doubled / max(c.made, 1), "", "<= 0.02")
        mean = {name: float(np.mean(getattr(c, name))) for name in ("early", "fixed", "majority")}
        beside = {k: round(v, 4) for k, v in mean.items()}
        views = float(np.mean(c.views))
        yield row(
            f"fewer views than {VIEWS}, {where}",
            VIEWS / views,
            "times",
            ">= 2",
            {
                "views": round(views, 2),
                "bound": CrowdConfig().risk,
                **{
                    f"views, Dice at {bound}": "{:.2f}, {:.4f}".format(*np.mean(found, axis=0))
                    for bound, found in sorted(c.bounds.items())
                },
            },
        )
        for name in ("majority", "fixed"):
            method = "majority" if name == "majority" else "the same engine"
            yield row(
                f"Dice with those views less that of {method} with {VIEWS}, {where}",
                mean["early"] - mean[name],
                "Dice",
                ">= -0.002",
                beside,
            )
