"""Is it there: what people drew, left alone, or never looked at."""

import numpy as np
import pytest

from models.config import CrowdConfig, SkillConfig
from models.crowd.aggregator import SHOWN, CrowdMask
from models.crowd.presence import Answers, weigh
from models.crowd.skill import Skill
from models.crowd.skills import SkillSnapshot, Tally, estimate

SIDE = 96


def discs(*places: tuple[int, int, int]) -> np.ndarray:
    y, x = np.mgrid[:SIDE, :SIDE]
    mask: np.ndarray = np.zeros((SIDE, SIDE), np.uint8)
    for cy, cx, radius in places:
        mask[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = 1
    return mask


SHOWN_ONES = ((24, 24, 12), (70, 30, 14))
NEW = (24, 70, 10)
WRONG = (48, 48, 7)
TRUTH = discs(*SHOWN_ONES, NEW)


def people(*masks: np.ndarray) -> list[CrowdMask]:
    return [CrowdMask(name, mask) for name, mask in zip("abcdefgh", masks, strict=False)]


def after(tasks: int, *masks: np.ndarray, shown: np.ndarray) -> SkillSnapshot:
    """What is known of people who handed in the same masks in so many tasks."""
    known = SkillSnapshot()
    for _ in range(tasks):
        told = Skill().judge(people(*masks), shown, known)
        skills = {name: known.of(name) + tally for name, tally in told.items() if name != SHOWN}
        known = SkillSnapshot(known.version + 1, skills, known.shown + told[SHOWN])
    return known


def answers(drew: list[list[bool]], **changes: object) -> Answers:
    which = np.array(drew)
    count = which.shape[1]
    values: dict[str, object] = {
        "drew": which,
        "voted": np.ones_like(which),
        "shown": np.zeros(count, bool),
        "worth": np.ones(count),
        "untouched": np.zeros(len(which), bool),
        "mended": np.zeros(count),
    }
    return Answers(**{**values, **changes})  # type: ignore[arg-type]


def test_two_who_draw_the_same_are_believed_however_often_each_has_invented_alone() -> None:
    one, other = discs(*SHOWN_ONES, (48, 80, 6)), discs(*SHOWN_ONES, (80, 80, 6))
    known = after(12, one, other, discs(*SHOWN_ONES), shown=discs(*SHOWN_ONES))
    assert known.of("a").invented > 5
    assert known.of("a").joined < 0.5
    result = Skill().aggregate(people(TRUTH, TRUTH), discs(*SHOWN_ONES), known)
    new = next(o for o in result.objects if not o.shown)
    assert new.false_positive < 0.1
    np.testing.assert_array_equal(result.mask, TRUTH)


def test_what_one_draws_who_often_invents_is_not_believed() -> None:
    plain = discs(*SHOWN_ONES)
    known = after(12, discs(*SHOWN_ONES, (48, 80, 6)), plain, plain, shown=plain)
    by_one, by_other = (
        Skill().aggregate(masks, plain, known).objects
        for masks in (people(TRUTH, plain), people(plain, TRUTH))
    )
    often, seldom = (
        next(o for o in found if not o.shown).false_positive for found in (by_one, by_other)
    )
    assert often > 0.5
    assert often > seldom + 0.2


def test_one_who_hands_back_what_was_shown_does_not_outweigh_two_who_draw_alike() -> None:
    shown = discs(*SHOWN_ONES)
    good = Tally(found=40, missed=2, kept=60, dropped=1, struck=8, passed=4, looked=30, tasks=30)
    known = SkillSnapshot(1, {"c": good})
    result = Skill().aggregate(people(TRUTH, TRUTH, shown), shown, known)
    np.testing.assert_array_equal(result.mask, TRUTH)


def test_unedited_is_weak_evidence_as_far_as_something_needed_changing() -> None:
    shown = discs(*SHOWN_ONES)
    right = Skill().judge(people(shown, shown, shown), shown, SkillSnapshot())
    many = discs(*SHOWN_ONES, NEW, (60, 76, 8), (48, 10, 6))
    wrong = Skill().judge(people(many, many, shown), shown, SkillSnapshot())
    assert right["c"].stamped < 0.15
    assert wrong["c"].stamped > 0.5
    assert wrong["a"].stamped < 0.05


def test_who_rubs_out_what_is_shown_and_draws_elsewhere_does_no_harm() -> None:
    shown = discs(*SHOWN_ONES)
    scrawl = discs((80, 80, 8), (10, 80, 7))
    result = Skill().aggregate(people(shown, scrawl), shown, SkillSnapshot())
    kept = [o for o in result.objects if o.shown]
    assert all(o.false_positive < 0.5 for o in kept)
    told = Skill().judge(people(shown, shown, scrawl), shown, SkillSnapshot())
    assert told["c"].looked < 0.5


def test_an_object_of_a_few_pixels_that_all_drew_is_one() -> None:
    small: np.ndarray = np.zeros((SIDE, SIDE), np.uint8)
    small[40:42, 40:42] = 1
    wider = small.copy()
    wider[40, 42] = 1
    result = Skill().aggregate(people(small, wider), np.zeros_like(small), SkillSnapshot())
    assert len(result.objects) == 1
    assert result.mask[40:42, 40:42].all()


def test_evidence_of_before_people_could_join_is_read() -> None:
    old = Tally.of({"found": 3.0, "invented": 2.0, "spared": 4.0, "tasks": 5.0})
    assert (old.joined, old.looked, old.stamped) == (0.0, 0.0, 0.0)
    assert estimate(old).false_alarm == pytest.approx((2 + 0.5) / (6 + 3))


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1]])
def test_the_order_of_people_does_not_matter(order: list[int]) -> None:
    drew = [[True, True, False], [True, False, False], [True, False, True]]
    skills = [Tally(invented=3, tasks=4), Tally(found=4, tasks=4), Tally()]
    config = SkillConfig()
    straight = weigh(answers(drew), skills, Tally(), config)
    turned = weigh(answers([drew[i] for i in order]), [skills[i] for i in order], Tally(), config)
    np.testing.assert_allclose(straight.there, turned.there, rtol=1e-9)
    np.testing.assert_allclose(straight.trust[order], turned.trust, rtol=1e-9)


def test_the_author_of_what_is_invented_is_one_of_those_who_drew_it() -> None:
    found = weigh(
        answers([[True, True], [False, True]]), [Tally(), Tally()], Tally(), SkillConfig()
    )
    np.testing.assert_allclose(found.author.sum(axis=0), 1)
    assert found.author[1, 0] == 0


def test_a_third_is_asked_where_two_differ_and_not_where_they_agree() -> None:
    config = CrowdConfig(redundancy=4, risk=0.0, gain=0.03)
    shown = discs(*SHOWN_ONES)
    agreed = Skill(config).aggregate(people(TRUTH, TRUTH), shown, SkillSnapshot())
    apart = Skill(config).aggregate(people(TRUTH, shown), shown, SkillSnapshot())
    assert (agreed.decision.action, apart.decision.action) == ("retire", "ask")


def test_what_one_of_two_drew_is_believed_however_many_specks_both_have_spared() -> None:
    # Somebody's random pixels make hundreds of places that the others did not draw.
    drew = [[True, True, True, True], [True, True, False, False]]
    shown = Tally(missed=40, tasks=8)
    few, many = (
        weigh(
            answers(drew),
            [Tally(found=20, missed=2, spared=spared, looked=5, tasks=5)] * 2,
            shown,
            SkillConfig(),
        ).there
        for spared in (5.0, 2000.0)
    )
    assert few[2:].min() > 0.8
    assert many[2:].min() > 0.8


def test_a_body_that_hangs_on_another_by_a_neck_in_some_masks_is_an_object() -> None:
    left, right = (48, 26, 14), (48, 66, 14)
    joined = discs(left, right)
    joined[46:51, 36:56] = 1
    masks = people(joined, joined, discs(left), discs(left))
    result = Skill().aggregate(masks, np.zeros_like(joined), SkillSnapshot())
    assert sorted(o.drawn for o in result.objects if o.area > 300) == [2, 4]
