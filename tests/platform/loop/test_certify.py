"""Certificates rest on tiles drawn blind; without any there is no lower bound."""

import numpy as np
import pytest

from lamella.consensus.final import FinalMask
from lamella.consensus.known import sources_of
from lamella.cubes.models import Cube
from lamella.loop.auditing import draw_blind, grid_of, last_record
from lamella.loop.certify import certificates_of
from lamella.loop.gating import fresh_audits
from lamella.loop.overview import of_study
from lamella.loop.situation import situation_of
from lamella.rounds.models import Round, Task
from lamella.rounds.services import CertificateFigures, open_round
from lamella.studies.models import Study
from lamella.volumes import codec
from models.config import BlindConfig
from tests.factories import make_consensus, make_cube, make_proposal, make_study, make_version

pytestmark = pytest.mark.django_db

UNSURE = codec.unsure_of(np.uint8)
TRUTH = np.zeros((12, 48, 48), np.uint8)
TRUTH[2:10, 8:40, 8:40] = 1
# A fifth of the object is not proposed: Dice .89, however often it is accepted.
PROPOSED = TRUTH.copy()
PROPOSED[:, :, 33:] = 0


@pytest.fixture
def study() -> Study:
    return make_study(audit_share=0.5, settings={"blind": {"planned": 0.3, "early": 1.0}})


@pytest.fixture
def cube(study: Study) -> Cube:
    # The draw hangs on the cube's number, which a database may count on from other tests.
    return make_cube(study, shape=TRUTH.shape, pk=1)


def opened_with_audit(study: Study, cube: Cube, number: int = 1) -> Round:
    proposal = cube.proposals.first() or make_proposal(
        cube, make_version(study, state="serving"), labels=PROPOSED
    )
    chosen, record = draw_blind(study, [cube], {cube.pk: proposal})
    return open_round(
        study,
        number=number,
        strategy="random",
        seed=1,
        chosen=chosen,
        proposals={cube.pk: proposal},
        selection={"blind": record},
    )


def draw_all(opened: Round, truth: np.ndarray = TRUTH) -> None:
    for task in opened.tasks.filter(blind=True):
        rows = slice(task.y0, task.y0 + task.height)
        make_consensus(task, mask=truth[task.z, rows, task.x0 : task.x0 + task.width])


def certificate(opened: Round) -> CertificateFigures:
    (found,) = certificates_of(opened)
    return found


def test_accepting_a_proposal_everywhere_does_not_make_it_better(study: Study, cube: Cube) -> None:
    opened = opened_with_audit(study, cube)
    draw_all(opened)
    for z in range(12):
        work = Task.objects.create(
            study=study, round=opened, cube=cube, z=z, height=48, width=48, reason="work"
        )
        make_consensus(work, mask=PROPOSED[z])
    found = certificate(opened)
    truth = 2 * (PROPOSED & TRUTH).sum() / (PROPOSED.sum() + TRUTH.sum())
    assert found.dice == pytest.approx(truth, abs=0.06)
    assert found.low is not None
    assert found.low < truth
    assert found.blind == found.tasks == opened.tasks.filter(blind=True).count()
    assert found.completeness[0] is not None
    assert found.purity[0] == 1


def test_voxels_that_the_expert_was_unsure_of_do_not_count_as_right(cube: Cube) -> None:
    """All of the cube is audited, so the certificate is the Dice of what the experts were sure
    of."""
    cube.study.settings = {"blind": {"planned": 1.0, "share": 1.0, "early": 1.0}}
    cube.study.audit_share = 1.0
    cube.study.save()
    opened = opened_with_audit(cube.study, cube)
    truth = TRUTH.copy()
    truth[:, 8:16] = UNSURE
    draw_all(opened, truth)
    sure = truth != UNSURE
    assert opened.tasks.filter(blind=True).count() == len(grid_of(cube, BlindConfig()).z)
    wanted = 2 * (PROPOSED & TRUTH)[sure].sum() / (PROPOSED[sure].sum() + TRUTH[sure].sum())
    found = certificate(opened)
    assert found.dice == pytest.approx(wanted, abs=1e-6)
    assert found.low == pytest.approx(wanted, abs=1e-6)


def test_what_is_certified_is_the_mask_that_is_exported_without_its_flicker(cube: Cube) -> None:
    """All of the cube is audited; a hole between two drawn slices is closed before the export."""
    cube.study.settings = {"blind": {"planned": 1.0, "share": 1.0, "early": 1.0}}
    cube.study.audit_share = 1.0
    cube.study.save()
    holed = PROPOSED.copy()
    holed[5, 12:24, 12:24] = 0
    make_proposal(cube, make_version(cube.study, state="serving"), labels=holed)
    opened = opened_with_audit(cube.study, cube)
    for z in (4, 6):
        work = Task.objects.create(
            study=cube.study, round=opened, cube=cube, z=z, height=48, width=48, reason="work"
        )
        make_consensus(work, mask=PROPOSED[z])
    draw_all(opened)
    wanted = 2 * (PROPOSED & TRUTH).sum() / (PROPOSED.sum() + TRUTH.sum())
    assert certificate(opened).dice == pytest.approx(wanted, abs=1e-6)


def test_blind_masks_are_exported_but_nothing_learns_from_them(study: Study, cube: Cube) -> None:
    opened = opened_with_audit(study, cube)
    draw_all(opened)
    assert sources_of(cube) == []
    assert len(sources_of(cube, with_blind=True)) == opened.tasks.count()
    Round.objects.filter(pk=opened.pk).update(state=Round.State.CLOSED)
    assert fresh_audits(study) == []
    proposal = cube.proposals.get()
    exported = FinalMask(cube, proposal).slices(0, 12)
    certified = FinalMask(cube, proposal, with_blind=False).slices(0, 12)
    np.testing.assert_array_equal(certified, PROPOSED)
    assert (exported != certified).any()


def test_each_round_adds_tiles_and_keeps_those_before(study: Study, cube: Cube) -> None:
    first = opened_with_audit(study, cube)
    draw_all(first)
    Round.objects.filter(pk=first.pk).update(state=Round.State.CLOSED)
    second = opened_with_audit(study, cube, 2)
    places = [set(r.tasks.values_list("z", "y0", "x0")) for r in Round.objects.filter(study=study)]
    assert not places[0] & places[1]
    assert last_record(study)["share"] == pytest.approx(0.5)
    draw_all(second)
    assert certificate(second).tasks == len(places[0]) + len(places[1])


def test_tiles_that_nobody_drew_yet_do_not_count_as_right(study: Study, cube: Cube) -> None:
    opened = opened_with_audit(study, cube)
    draw_all(opened)
    whole = certificate(opened).dice
    last = opened.tasks.filter(blind=True).order_by("-pk").first()
    assert last is not None
    last.consensuses.all().delete()
    assert certificate(opened).dice == pytest.approx(whole, abs=0.05)


def test_a_batch_counts_only_when_all_of_it_is_drawn(study: Study, cube: Cube) -> None:
    first = opened_with_audit(study, cube)
    draw_all(first)
    Round.objects.filter(pk=first.pk).update(state=Round.State.CLOSED)
    before = certificate(first)
    second = opened_with_audit(study, cube, number=2)
    *drawn, waiting = second.tasks.filter(blind=True)
    for task in drawn:
        # Whoever drew first saw nothing in their tiles.
        make_consensus(task, mask=np.zeros((task.height, task.width), np.uint8))
    assert certificate(second).tasks == before.tasks
    make_consensus(waiting, mask=np.zeros((waiting.height, waiting.width), np.uint8))
    assert certificate(second).tasks == before.tasks + len(drawn) + 1


def test_while_blind_tiles_wait_no_more_are_drawn(study: Study, cube: Cube) -> None:
    first = opened_with_audit(study, cube)
    Round.objects.filter(pk=first.pk).update(state=Round.State.CLOSED)
    again = opened_with_audit(study, cube, number=2)
    assert not again.tasks.filter(blind=True).exists()
    assert again.selection["blind"] == last_record(study)


def test_a_round_does_not_wait_for_its_blind_tiles(study: Study, cube: Cube) -> None:
    opened = opened_with_audit(study, cube)
    assert situation_of(study).tasks_open == 0
    overview = of_study(study)
    assert overview.to_draw == opened.tasks.filter(blind=True).count() > 0
    assert overview.rounds[-1].tasks == 0


def test_without_blind_masks_there_is_no_certificate(study: Study, cube: Cube) -> None:
    assert certificates_of(opened_with_audit(study, cube)) == []


def test_every_tile_has_one_place_in_the_grid(cube: Cube) -> None:
    tiles = grid_of(cube, BlindConfig())
    for index in range(len(tiles.z)):
        region = tiles.region(index)
        assert tiles.index(region.z, region.y0, region.x0) == index
