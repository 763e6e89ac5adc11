"""What is called suspicious, and what is not."""

from models.crowd.skills import Tally, estimate
from models.crowd.suspicion import Behaviour, Remedy, Sign, suspicions


def signs(behaviour: Behaviour, tally: Tally | None = None) -> list[Sign]:
    skill = None if tally is None else estimate(tally)
    return [one.sign for one in suspicions(behaviour, skill)]


def test_to_accept_good_proposals_is_a_full_contribution() -> None:
    assert signs(Behaviour(masks=200, unedited=200)) == []
    assert signs(Behaviour(masks=200, unedited=200, needed=10, left=2)) == []


def test_to_leave_what_is_wrong_is_nodding_it_through() -> None:
    (found,) = suspicions(Behaviour(masks=50, unedited=49, needed=12, left=11), None)
    assert found.sign == Sign.NODS
    assert found.share > 0.9
    assert found.remedy == Remedy.PAUSE


def test_what_somebody_edits_and_still_misses_is_no_nodding() -> None:
    assert signs(Behaviour(masks=50, unedited=10, needed=12, left=11)) == []


def test_quick_accepts_floods_and_copies_are_named_the_worst_first() -> None:
    found = signs(Behaviour(masks=100, unedited=40, quick=40, floods=35, copies=31))
    assert found == [Sign.QUICK, Sign.FLOODS, Sign.COPIES]


def test_nothing_is_said_of_a_newcomer() -> None:
    assert signs(Behaviour(masks=9, unedited=9, quick=9, needed=9, left=9)) == []


def test_somebody_no_better_than_chance_is_named_once_that_is_sure() -> None:
    wrong = Tally(found=2, missed=20, invented=15, spared=5, tasks=20)
    assert signs(Behaviour(masks=30), wrong) == [Sign.CHANCE]
    assert signs(Behaviour(masks=30), Tally(missed=1, tasks=1)) == []
