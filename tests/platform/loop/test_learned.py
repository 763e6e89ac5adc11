"""What corrected tasks teach selection."""

from itertools import pairwise

import numpy as np
import pytest

from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.learning.proposals import SCORES, root_of
from lamella.loop.learned import corrected_tasks, pace_of
from lamella.loop.selecting import select
from lamella.rounds.models import Task
from lamella.studies.models import Study
from lamella.volumes.slabs import create_array
from models.config import EffortConfig
from tests.factories import (
    make_consensus,
    make_correction,
    make_cube,
    make_proposal,
    make_round,
    make_study,
    make_task,
)

pytestmark = pytest.mark.django_db

VOXELS = np.random.default_rng(0).integers(0, 255, (12, 64, 64)).astype(np.uint8)
NAMES = ("foreground", "entropy", "labelled", "doubt", "z_disagreement")


@pytest.fixture
def study() -> Study:
    return make_study(strategy="expected_error", redundancy=1)


@pytest.fixture
def cube(study: Study) -> Cube:
    return make_cube(study, voxels=VOXELS)


def scored_proposal(cube: Cube) -> Proposal:
    """A proposal with patch scores in the store: the later the slice, the more doubtful."""
    proposal = make_proposal(cube, uri=f"proposals/scored-{cube.pk}", blend={"scores": list(NAMES)})
    depth = cube.shape[0]
    for name in NAMES:
        array = create_array(
            root_of(proposal),
            f"{SCORES}/{name}",
            shape=(depth, 1, 1),
            dtype=np.float32,
            depth=depth,
            attrs={"patch": max(cube.shape)},
        )
        values = np.linspace(0.001, 0.1, depth, dtype=np.float32)
        array.write(0, values.reshape(-1, 1, 1))
        array.finish()
    return proposal


def test_an_agreed_task_teaches_with_the_scores_it_was_chosen_by(study: Study, cube: Cube) -> None:
    opened = make_round(study, 1)
    proposal = make_proposal(cube)
    told: tuple[dict[str, float], ...] = ({"doubt": 0.2}, {"doubt": 0.4, "entropy": 0.1}, {})
    for z, scores in enumerate(told):
        task = make_task(cube, opened, z, proposal=proposal, scores=scores)
        make_consensus(task, changed_share=0.01 * (z + 1))
    found = corrected_tasks(study)
    area = cube.shape[1] * cube.shape[2]
    np.testing.assert_allclose(np.sort(found.error), [0.01 * area, 0.02 * area])
    order = np.argsort(found.z)
    np.testing.assert_allclose(found.scores["doubt"][order], [0.2, 0.4])
    assert np.isnan(found.scores["entropy"][order][0])


def test_tasks_still_open_or_drawn_from_nothing_teach_nothing(study: Study, cube: Cube) -> None:
    opened, scores = make_round(study, 1), {"doubt": 0.2}
    make_consensus(make_task(cube, opened, 0, scores=scores))
    make_task(cube, opened, 1, proposal=make_proposal(cube), scores=scores)
    assert len(corrected_tasks(study)) == 0


def test_round_0_teaches_nothing_of_proposals(study: Study, cube: Cube) -> None:
    opened = make_round(study, 0)
    task = make_task(cube, opened, 0, proposal=make_proposal(cube), scores={"doubt": 0.2})
    make_consensus(task)
    assert len(corrected_tasks(study)) == 0


def test_the_pace_comes_from_corrections_that_count(study: Study, cube: Cube) -> None:
    opened, proposal = make_round(study, 1), make_proposal(cube)
    task: Task = make_task(cube, opened, 0, proposal=proposal, redundancy=30)
    assert pace_of(study).look == EffortConfig().look
    for _ in range(20):
        make_correction(task, active_seconds=300.0, changed_voxels=0)
    assert pace_of(study).look > 150


def test_a_round_stores_what_was_expected_of_each_task_and_how_it_was_learned(
    study: Study, cube: Cube
) -> None:
    proposal = scored_proposal(cube)
    chosen = select(study, [cube], {cube.pk: proposal}, [], seed=1)
    assert chosen.strategy == "expected_error"
    assert chosen.record["expected_error"]["method"] == "fixed combination"
    assert chosen.record["pace"]["look"] == EffortConfig().look
    expected = chosen.candidates.scores["expected_error"].tolist()
    assert len(expected) == cube.shape[0]
    assert all(a < b for a, b in pairwise(expected))
    (slices,) = chosen.record["expected_voxels"].values()
    np.testing.assert_allclose(slices, chosen.candidates.doubt, atol=0.01)
    work = [task for task in chosen.chosen if task.kind == Task.Kind.WORK]
    assert work
    assert all({"expected_error", "doubt"} <= set(task.scores) for task in work)
    assert all("doubt" in entry["scores"] for entry in chosen.record["next_best"])


def test_masks_without_a_discriminators_scores_are_chosen_by_expected_error(
    study: Study, cube: Cube
) -> None:
    study.strategy = "discriminator"
    chosen = select(study, [cube], {cube.pk: scored_proposal(cube)}, [], seed=1)
    assert chosen.strategy == "expected_error"


def test_without_any_proposal_slices_are_spread(study: Study, cube: Cube) -> None:
    chosen = select(study, [cube], {}, [], seed=1)
    assert chosen.strategy == "spread"
    assert "expected_error" not in chosen.record


def test_a_study_of_tiles_chooses_tiles_of_small_slices(study: Study, cube: Cube) -> None:
    study.settings = {"selection": {"tile": 16, "slice_limit": 0}}
    chosen = select(study, [cube], {cube.pk: scored_proposal(cube)}, [], seed=1)
    assert all(item.region.height <= 16 and item.region.width <= 16 for item in chosen.chosen)
