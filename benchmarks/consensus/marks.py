"""Points at the size of Galaxy Zoo: Clump Scout, on invented images."""

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import pearsonr

from benchmarks.rows import Row, row
from models.config import MarkConfig
from models.crowd.marks import MarkCrowd, Marks
from models.crowd.skills import estimate

IMAGES, LOOKS, POINTS, PEOPLE = 85_286, 1_739_259, 3_561_454, 20_999
SPAMMERS = 0.1
SIDE = 400.0
CLASSES = 2


@dataclass(frozen=True, slots=True, eq=False)
class Invented:
    """Marks with their truth: image, kind and centre of each object; each person's miss rate, nan
    for spammers."""

    marks: Marks
    image: NDArray[np.int64]
    kind: NDArray[np.int16]
    centre: NDArray[np.float32]
    miss: NDArray[np.float64]


def invent(seed: int, share: float = 1.0) -> Invented:
    """A crowd of `share` of Clump Scout's size; one in ten people marks random places."""
    rng = np.random.default_rng((seed, 71))
    images, looks, people = (max(2, round(n * share)) for n in (IMAGES, LOOKS, PEOPLE))
    miss = rng.uniform(0.02, 0.5, people)
    alarm = rng.uniform(0.02, 0.4, people)
    jitter = rng.uniform(2.0, 5.0, people)
    spam = rng.random(people) < SPAMMERS
    # A few people do most of the work, as everywhere.
    activity = rng.pareto(1.2, people) + 0.3
    activity = np.minimum(activity / activity.sum(), 0.4 * images / looks)
    each = np.full(images, looks // images) + (np.arange(images) < looks % images)
    start = np.concatenate([[0], each.cumsum()])
    at = np.repeat(np.arange(images), each)
    person = rng.choice(people, looks, p=activity / activity.sum())
    number = rng.poisson(2.55, images)
    first = np.concatenate([[0], number.cumsum()])
    objects = int(number.sum())
    centre = _apart(rng, np.repeat(np.arange(images), number))
    kind = rng.integers(0, CLASSES, objects).astype(np.int16)
    # Every look against every object of its image.
    repeat = number[at]
    look = np.repeat(np.arange(looks), repeat)
    inner = np.arange(len(look)) - np.repeat(np.concatenate([[0], repeat.cumsum()[:-1]]), repeat)
    target = first[at[look]] + inner
    hit = (rng.random(len(look)) > miss[person[look]]) & ~spam[person[look]]
    look, target = look[hit], target[hit]
    where = centre[target] + rng.normal(0, 1, (len(look), 2)) * jitter[person[look], None]
    wrong = np.repeat(np.arange(looks), rng.poisson(np.where(spam, 2.4, alarm)[person]))
    anywhere = rng.uniform(0, SIDE, (len(wrong), 2))
    every = np.concatenate([look, wrong])
    order = np.argsort(every, kind="stable")
    marks = Marks(
        looks=start,
        person=person.astype(np.int32),
        starts=np.searchsorted(at[every[order]], np.arange(images + 1)),
        look=every[order],
        kind=np.concatenate([kind[target], rng.integers(0, CLASSES, len(wrong))])[order].astype(
            np.int16
        ),
        centre=np.concatenate([where, anywhere])[order].astype(np.float32),
        size=np.zeros((len(every), 2), dtype=np.float32),
    )
    return Invented(
        marks, np.repeat(np.arange(images), number), kind, centre, np.where(spam, np.nan, miss)
    )


def _apart(rng: np.random.Generator, image: NDArray[np.int64]) -> NDArray[np.float32]:
    """Places of objects, no two of an image within 40 pixels."""
    centre = rng.uniform(15, SIDE - 15, (len(image), 2)).astype(np.float32)
    for _ in range(30):
        bad = np.zeros(len(image), dtype=bool)
        for step in range(1, 12):
            same = image[step:] == image[:-step]
            close = np.linalg.norm(centre[step:] - centre[:-step], axis=1) < 40
            bad[step:] |= same & close
        if not bad.any():
            break
        centre[bad] = rng.uniform(15, SIDE - 15, (int(bad.sum()), 2))
    return centre


def rows(*, seed: int, share: float) -> Iterator[Row]:
    """Minutes, memory, objects and skills."""
    made = invent(seed, share)
    marks = made.marks
    size: dict[str, float] = {
        "images": marks.images,
        "looks": len(marks.person),
        "points": len(marks.look),
        "people": marks.people,
    }
    began, computed = time.monotonic(), time.process_time()
    crowd = MarkCrowd(marks, MarkConfig())
    crowd.learn()
    found, wanted, kept, doubled = 0, len(made.image), 0, 0
    first = np.searchsorted(made.image, np.arange(marks.images + 1))
    for image in crowd.find():
        good = image.false_positive < 0.5
        truth = slice(int(first[image.image]), int(first[image.image + 1]))
        matched = _matched(
            image.centre[good], image.kind[good], made.centre[truth], made.kind[truth]
        )
        kept += int(good.sum())
        found += int((matched > 0).sum())
        doubled += int(np.maximum(matched - 1, 0).sum())
    minutes = (time.monotonic() - began) / 60
    size["processor_minutes"] = round((time.process_time() - computed) / 60, 2)
    name = f"marks, {share:g} of Clump Scout's size"
    yield row(f"{name}: time", minutes, "minutes", "<= 30", size)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield row(f"{name}: peak memory", memory, "MiB", "<= 4096")
    yield row(f"{name}: completeness", found / wanted, "", ">= 0.95")
    yield row(f"{name}: purity", found / max(kept, 1), "", ">= 0.95")
    yield row(f"{name}: duplicates", doubled / max(kept, 1), "", "<= 0.02")
    known = (crowd.tasks >= 20) & ~np.isnan(made.miss[: marks.people])
    told = np.array([1 - estimate(t).hit for t in crowd.tallies()])
    r = float(pearsonr(told[known], made.miss[: marks.people][known]).statistic)
    beside = {"people": int(known.sum())}
    yield row(f"{name}: skill against true miss rate", r, "r", ">= 0.9", beside)


def _matched(
    centre: NDArray[np.float64],
    kind: NDArray[np.int16],
    truth: NDArray[np.float32],
    true_kind: NDArray[np.int16],
) -> NDArray[np.int64]:
    """(objects,) how many of the catalogue lie on each true one."""
    near = np.linalg.norm(centre[:, None] - truth[None], axis=-1) < MarkConfig().reach
    return np.asarray((near & (kind[:, None] == true_kind[None])).sum(axis=0))
