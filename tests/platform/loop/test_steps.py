"""The cycle as a pure function of the situation."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamella.loop.steps import Situation, Step, next_step

# A study in the middle of its life: proposals are up to date and no round is open.
BETWEEN_ROUNDS = Situation(
    open=True,
    cubes_ready=1,
    cubes_pending=0,
    busy=False,
    pretraining=False,
    round_open=False,
    tasks_open=0,
    rounds=1,
    max_rounds=5,
    known="k1",
    trained_on="k1",
    candidate=False,
    candidate_proposed=False,
    serving=True,
    round_to_learn=False,
    serving_current=True,
    external=False,
    target_reached=False,
)

situations = st.builds(
    Situation,
    open=st.booleans(),
    cubes_ready=st.integers(0, 2),
    cubes_pending=st.integers(0, 1),
    busy=st.booleans(),
    pretraining=st.booleans(),
    round_open=st.booleans(),
    tasks_open=st.integers(0, 2),
    rounds=st.integers(0, 3),
    max_rounds=st.integers(1, 3),
    known=st.sampled_from(["", "k1", "k2"]),
    trained_on=st.sampled_from(["", "k1", "k2"]),
    candidate=st.booleans(),
    candidate_proposed=st.booleans(),
    serving=st.booleans(),
    round_to_learn=st.booleans(),
    serving_current=st.booleans(),
    external=st.booleans(),
    target_reached=st.booleans(),
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Step.OPEN_ROUND),
        ({"open": False}, Step.WAIT),
        ({"cubes_pending": 1}, Step.WAIT),
        ({"cubes_ready": 0}, Step.WAIT),
        ({"busy": True}, Step.WAIT),
        ({"round_open": True, "tasks_open": 3}, Step.WAIT),
        ({"round_open": True}, Step.CLOSE_ROUND),
        ({"known": "k2", "round_to_learn": True}, Step.TRAIN),
        ({"known": "k2", "round_to_learn": True, "pretraining": True}, Step.WAIT),
        ({"pretraining": True}, Step.OPEN_ROUND),
        ({"known": "k2"}, Step.OPEN_ROUND),
        ({"known": "k2", "trained_on": "k2", "serving_current": False}, Step.PROPOSE_SERVING),
        ({"candidate": True}, Step.PROPOSE_CANDIDATE),
        ({"candidate": True, "candidate_proposed": True}, Step.GATE),
        ({"rounds": 5}, Step.FINISH),
        ({"target_reached": True}, Step.FINISH),
        ({"target_reached": True, "round_open": True}, Step.CLOSE_ROUND),
    ],
)
def test_between_rounds_each_change_leads_to_its_step(
    change: dict[str, object], expected: Step
) -> None:
    assert next_step(replace(BETWEEN_ROUNDS, **change)) == expected  # type: ignore[arg-type]


def test_without_labels_people_are_asked_first() -> None:
    new = replace(
        BETWEEN_ROUNDS,
        rounds=0,
        known="",
        trained_on="",
        serving=False,
        serving_current=False,
    )
    assert next_step(new) == Step.OPEN_ROUND
    assert next_step(replace(new, external=True)) == Step.ADOPT_EXTERNAL
    assert next_step(replace(new, known="k1")) == Step.TRAIN


def test_a_failed_first_training_waits_for_a_person_instead_of_trying_for_ever() -> None:
    failed = replace(BETWEEN_ROUNDS, serving=False, serving_current=False)
    assert next_step(failed) == Step.WAIT


@given(situations)
def test_a_study_that_is_not_open_is_never_touched(now: Situation) -> None:
    assert next_step(replace(now, open=False)) == Step.WAIT


@given(situations)
def test_nothing_is_trained_or_opened_while_tasks_of_a_round_are_open(now: Situation) -> None:
    step = next_step(replace(now, round_open=True, tasks_open=1))
    assert step in (Step.WAIT, Step.PROPOSE_CANDIDATE, Step.GATE)
    assert step == Step.WAIT or now.candidate


@given(situations)
def test_no_round_is_opened_on_proposals_that_ignore_the_last_round(now: Situation) -> None:
    if next_step(now) == Step.OPEN_ROUND and now.serving:
        assert now.serving_current


@given(situations)
def test_masks_that_trickle_in_between_rounds_never_start_another_training(now: Situation) -> None:
    trickled = replace(now, round_to_learn=False, trained_on="k1", known="k2")
    assert next_step(trickled) != Step.TRAIN


@given(situations)
def test_what_was_certified_is_exported_before_a_newer_model_can_change_it(now: Situation) -> None:
    step = next_step(replace(now, target_reached=True))
    assert step in {Step.WAIT, Step.CLOSE_ROUND, Step.FINISH}
