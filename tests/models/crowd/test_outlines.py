"""Where the edge is: whose line counts how much."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from models.crowd.aggregator import SHOWN, CrowdMask
from models.crowd.skill import Skill
from models.crowd.skills import SkillSnapshot, Tally

SIDE = 128
NONE = SkillSnapshot()
BODIES = ((34, 34, 20), (34, 94, 17), (94, 36, 22), (94, 96, 15))


def drawn(rng: np.random.Generator, *, edge: float, wide: float = 0.0) -> np.ndarray:
    """Somebody's mask: off by `edge` pixels here and there, and by `wide` throughout."""
    noise = gaussian_filter(rng.standard_normal((SIDE, SIDE)), 4)
    mask: np.ndarray = (distance() + wide + noise * edge / noise.std() > 0).astype(np.uint8)
    return mask


def distance() -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    found: np.ndarray = np.max([r - np.hypot(y - cy, x - cx) for cy, cx, r in BODIES], axis=0)
    return found


def people(*masks: np.ndarray) -> list[CrowdMask]:
    return [CrowdMask(name, mask) for name, mask in zip("abcdefgh", masks, strict=False)]


def wrong(mask: np.ndarray) -> float:
    """1 - Dice against the truth."""
    truth = distance() > 0
    return 1 - 2 * float(((mask > 0) & truth).sum()) / float((mask > 0).sum() + truth.sum())


EMPTY = np.zeros((SIDE, SIDE), np.uint8)


@pytest.mark.parametrize("seed", range(4))
def test_three_of_seven_who_draw_wide_move_the_outline_hardly(seed: int) -> None:
    rng = np.random.default_rng(seed)
    honest = [drawn(rng, edge=1.0) for _ in range(4)]
    wide = [drawn(rng, edge=1.0, wide=3.0) for _ in range(3)]
    four = Skill().aggregate(people(*honest), EMPTY, NONE)
    seven = Skill().aggregate(people(*wide, *honest), EMPTY, NONE)
    assert wrong(seven.mask) < wrong(four.mask) + 0.004
    excess = int(seven.mask.sum()) - int((distance() > 0).sum())
    assert abs(excess) < 0.02 * int((distance() > 0).sum())


def test_nobody_is_taken_for_surer_the_more_they_say_themselves() -> None:
    rng = np.random.default_rng(5)
    alike = [drawn(rng, edge=1.5) for _ in range(4)]
    told = Skill().judge(people(*alike), EMPTY, NONE)
    squares = [told[name].edge_square for name in "abcd"]
    assert all(0.8 < square < 3.5 for square in squares)


def test_a_line_left_by_somebody_who_draws_wide_is_taken_for_wide() -> None:
    # The proposal is 3 pixels too wide, and so are, as gold has shown, those who leave it.
    shown = (distance() + 3 > 0).astype(np.uint8)
    wide = Tally(gold=3, gold_sum=9, edges=3, edge_square=6, found=20, kept=20, looked=9, tasks=9)
    known = SkillSnapshot(1, {"a": wide, "b": wide})
    spoilt = shown.copy()
    spoilt[:8, 60:66] = 1
    result = Skill().aggregate(people(spoilt, spoilt), shown, known)
    plain = Skill().aggregate(people(spoilt, spoilt), shown, NONE)
    assert wrong(result.mask) < 0.05 < wrong(plain.mask)


def test_random_pixels_of_somebody_known_for_them_move_no_outline() -> None:
    rng = np.random.default_rng(7)
    noise = (rng.random((SIDE, SIDE)) < 0.4).astype(np.uint8)
    scribbler = Tally(found=20, invented=400, missed=1, looked=5, tasks=6, edges=5, edge_square=0.1)
    known = SkillSnapshot(1, {"b": scribbler})
    honest = drawn(rng, edge=1.0)
    result = Skill().aggregate(people(honest, noise), EMPTY, known)
    alone = Skill().aggregate(people(honest), EMPTY, NONE)
    assert wrong(result.mask) < wrong(alone.mask) + 0.005


def test_random_pixels_do_not_teach_that_honest_people_miss_or_find_dozens() -> None:
    rng = np.random.default_rng(8)
    noise = [(rng.random((SIDE, SIDE)) < 0.4).astype(np.uint8) for _ in range(4)]
    masks = [drawn(rng, edge=1.0) for _ in range(6)]
    # Two of the six overlook a body.
    y = np.mgrid[:SIDE, :SIDE][0]
    for mask in masks[:2]:
        mask[(y > 64) & (np.mgrid[:SIDE, :SIDE][1] < 64)] = 0
    known = NONE
    for number in range(3):
        told = Skill().judge(people(*masks, noise[number]), EMPTY, known)
        skills = {name: known.of(name) + tally for name, tally in told.items() if name != SHOWN}
        known = SkillSnapshot(known.version + 1, skills, known.shown + told[SHOWN])
    told = Skill().judge(people(*masks, noise[3]), EMPTY, known)
    assert told["a"].missed <= 1.01
    assert 2.5 < told["a"].found < 3.6
    assert 3.5 < told["d"].found < 4.6
    assert told["g"].invented > 2
