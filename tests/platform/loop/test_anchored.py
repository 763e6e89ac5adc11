"""Audits over a proposal alone say how good a cube may be, nothing of how good it is at least."""

import numpy as np
import pytest

from lamella.cubes.models import Cube
from lamella.loop.anchored import CAVEAT, METHOD, anchored_certificate
from lamella.loop.candidate_table import CandidateTable
from lamella.loop.candidates import Candidate
from lamella.rounds.models import Round, Task
from lamella.rounds.services import Chosen, open_round
from lamella.volumes import codec
from lamella.volumes.geometry import Region
from tests.factories import make_consensus, make_cube, make_proposal, make_study, make_version

pytestmark = pytest.mark.django_db

TRUTH = np.zeros((8, 32, 32), np.uint8)
TRUTH[:, 8:24, 8:24] = 1
PROPOSED = TRUTH.copy()
PROPOSED[:, 20:28, 8:24] = 1
WRONG = (PROPOSED != TRUTH).sum(axis=(1, 2))


@pytest.fixture
def cube() -> Cube:
    return make_cube(make_study(), shape=TRUTH.shape)


def audited(cube: Cube, slices: list[int], truth: np.ndarray) -> Round:
    """A round that audited some slices, over the proposal."""
    proposal = make_proposal(cube, make_version(cube.study, state="serving"), labels=PROPOSED)
    regions = [Region(z, 0, 0, 32, 32) for z in range(len(TRUTH))]
    every = [
        Candidate(cube.pk, at, {}, float(PROPOSED[at.z].sum()), float(WRONG[at.z]), stratum=0)
        for at in regions
    ]
    opened = open_round(
        cube.study,
        number=1,
        strategy="random",
        seed=1,
        chosen=[Chosen(cube.pk, regions[z], Task.Kind.AUDIT, "audit") for z in slices],
        proposals={cube.pk: proposal},
        selection={},
        candidates=CandidateTable.of(every).pack(),
    )
    for task in opened.tasks.all():
        make_consensus(task, mask=truth[task.z])
    return opened


def test_the_estimate_is_of_the_whole_cube_and_promises_nothing(cube: Cube) -> None:
    found = anchored_certificate(audited(cube, [1, 3, 5], TRUTH), cube)
    assert found is not None
    wanted = 2 * (PROPOSED & TRUTH).sum() / (PROPOSED.sum() + TRUTH.sum())
    assert found.dice == pytest.approx(wanted, abs=0.01)
    assert (found.low, found.method, found.tasks) == (0.0, METHOD, 3)
    assert CAVEAT in found.note


def test_what_people_could_not_tell_is_neither_right_nor_wrong(cube: Cube) -> None:
    unsure = np.where(PROPOSED != TRUTH, codec.unsure_of(np.uint8), TRUTH).astype(np.uint8)
    found = anchored_certificate(audited(cube, list(range(8)), unsure), cube)
    assert found is not None
    assert found.dice == pytest.approx(1.0)


def test_a_cube_without_audits_has_no_estimate(cube: Cube) -> None:
    assert anchored_certificate(audited(cube, [], TRUTH), cube) is None
