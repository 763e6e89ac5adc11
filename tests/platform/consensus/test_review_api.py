"""The review queue over HTTP: order, masks, verdicts and who may give them."""

import base64
from typing import Any

import numpy as np
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from lamella.accounts.models import User
from lamella.consensus.models import Consensus, Verdict
from lamella.cubes.models import Cube
from lamella.rounds.models import Task
from lamella.studies.models import Study
from lamella.volumes import codec
from tests import factories as make

pytestmark = pytest.mark.django_db


class Desk:
    """Dana's study with three agreed tasks: sure, contested, and in doubt after a rollback."""

    def __init__(self) -> None:
        self.dana = make.make_user("dana")
        self.alice = make.make_user("alice")
        self.charlie = make.make_user("charlie")
        self.study: Study = make.make_study(alice=self.alice, dana=self.dana)
        voxels = np.random.default_rng(0).integers(0, 255, (8, 48, 64)).astype(np.uint8)
        self.cube: Cube = make.make_cube(self.study, "block", voxels=voxels)
        self.proposed = np.zeros_like(voxels)
        self.proposed[:, 4:9, 4:9] = 1
        proposal = make.make_proposal(self.cube, labels=self.proposed)
        opened = make.make_round(self.study)
        self.consensus: list[Consensus] = []
        for z, agreement in ((1, 0.97), (3, 0.55), (5, 0.9)):
            task = make.make_task(self.cube, opened, z=z, proposal=proposal)
            masks = [make.disk(task, radius=r) for r in (8, 10, 12)]
            made = [make.make_correction(task, mask=m, proposal=self.proposed[z]) for m in masks]
            votes = np.mean(masks, axis=0)
            self.consensus.append(
                make.make_consensus(
                    task, corrections=made, mask=masks[1], votes=votes, agreement=agreement
                )
            )
        Consensus.objects.filter(pk=self.consensus[2].pk).update(needs_review=True)

    def client(self, user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def queue(self, query: str = "") -> dict[str, Any]:
        answer = self.client(self.dana).get(f"/api/v1/studies/{self.study.slug}/review{query}")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, body: dict[str, Any] | None = None, user: User | None = None) -> Any:
        client = self.client(user or self.dana)
        return client.post(f"/api/v1/{path}", body or {}, content_type="application/json")


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


def unpacked(content: bytes) -> Any:
    return codec.unpack(content, shape=(48, 64))


def test_the_doubtful_come_first(desk: Desk) -> None:
    queue = desk.queue()
    assert [item["z"] for item in queue["items"]] == [5, 3, 1]
    assert (queue["waiting"], queue["contested"], queue["doubted"]) == (3, 1, 1)


def test_the_queue_is_filtered_and_paged(desk: Desk) -> None:
    assert [i["z"] for i in desk.queue("?only=contested")["items"]] == [3]
    assert [i["z"] for i in desk.queue("?only=doubted")["items"]] == [5]
    first = desk.queue("?limit=1")
    assert ([i["z"] for i in first["items"]], first["total"]) == ([5], 3)
    second = desk.queue(f"?limit=1&after={first['after']}")
    assert ([i["z"] for i in second["items"]], second["total"]) == ([3], None)
    third = desk.queue(f"?limit=1&after={second['after']}")
    assert ([i["z"] for i in third["items"]], third["after"]) == ([1], "")


def test_a_page_goes_on_where_the_last_ended_whatever_was_judged_meanwhile(desk: Desk) -> None:
    first = desk.queue("?limit=2")
    desk.post(f"consensus/{first['items'][0]['id']}/accept")
    rest = desk.queue(f"?limit=2&after={first['after']}")
    assert [i["z"] for i in rest["items"]] == [1]


def test_a_page_may_begin_among_the_doubted_and_end_among_the_others(desk: Desk) -> None:
    Consensus.objects.filter(pk=desk.consensus[1].pk).update(needs_review=True)
    seen, after = [], ""
    for _ in range(3):
        page = desk.queue(f"?limit=1&after={after}")
        seen += [i["z"] for i in page["items"]]
        after = page["after"]
    assert seen == [3, 5, 1]
    assert after == ""


@pytest.mark.parametrize("after", ["1", "2:0.5:1", "0:x:1", "1:0.5:-1"])
def test_a_page_that_begins_nowhere_is_refused(desk: Desk, after: str) -> None:
    client = desk.client(desk.dana)
    answer = client.get(f"/api/v1/studies/{desk.study.slug}/review?after={after}")
    assert answer.status_code == 422


def test_the_queue_is_filtered_by_cube_round_class_volunteer_and_reason(desk: Desk) -> None:
    first = desk.consensus[0]
    volunteer = first.task.corrections.order_by("created").first()
    assert volunteer is not None
    second = make.make_round(desk.study, 7, state="closed")
    Task.objects.filter(pk=desk.consensus[1].task_id).update(round=second, kind=Task.Kind.AUDIT)
    third = desk.consensus[2].task.corrections.first()
    assert third is not None
    type(third).objects.filter(pk=third.pk).update(flag="hard")
    assert [i["z"] for i in desk.queue(f"?volunteer={volunteer.volunteer_id}")["items"]] == [1]
    assert [i["z"] for i in desk.queue("?round=7")["items"]] == [3]
    assert [i["z"] for i in desk.queue("?only=audit")["items"]] == [3]
    assert [i["z"] for i in desk.queue("?only=remarked")["items"]] == [5]
    assert desk.queue(f"?cube={desk.cube.pk}")["total"] == 3
    assert desk.queue(f"?cube={desk.cube.pk + 1}")["items"] == []
    assert desk.queue("?label=1")["total"] == 3
    assert desk.queue("?label=2")["items"] == []


def test_expected_error_and_disagreement_order_the_queue(desk: Desk) -> None:
    Task.objects.filter(pk=desk.consensus[0].task_id).update(risk=1.4)
    assert [i["z"] for i in desk.queue()["items"]] == [5, 1, 3]


def test_the_queue_asks_the_database_at_most_fifteen_times(
    desk: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = desk.client(desk.dana)
    with django_assert_max_num_queries(15):
        client.get(f"/api/v1/studies/{desk.study.slug}/review?only=contested&round=0&label=1")


def test_a_task_comes_with_its_corrections_in_order_and_without_names(desk: Desk) -> None:
    consensus = desk.consensus[0]
    answer = desk.client(desk.dana).get(f"/api/v1/consensus/{consensus.pk}")
    detail = answer.json()
    assert [c["id"] for c in detail["corrections"]] == consensus.corrections
    assert detail["origin"] == "machine"
    assert detail["cube_full"]["shape"] == [8, 48, 64]
    assert "alice" not in answer.content.decode()


def test_each_mask_is_served_as_it_is(desk: Desk) -> None:
    consensus = desk.consensus[0]
    client = desk.client(desk.dana)
    base = f"/api/v1/consensus/{consensus.pk}"
    proposal = client.get(f"{base}/masks/proposal")
    assert np.array_equal(unpacked(proposal.content), desk.proposed[1])
    agreed = client.get(f"{base}/masks/consensus")
    assert agreed.headers["X-Mask-Hash"] == consensus.mask_hash
    assert np.array_equal(unpacked(agreed.content), make.disk(consensus.task, radius=10))
    first = client.get(f"{base}/corrections/{consensus.corrections[0]}/mask")
    assert np.array_equal(unpacked(first.content), make.disk(consensus.task, radius=8))


def test_the_disagreement_lies_where_the_masks_differ(desk: Desk) -> None:
    consensus = desk.consensus[0]
    answer = desk.client(desk.dana).get(f"/api/v1/consensus/{consensus.pk}/masks/disagreement")
    levels = unpacked(answer.content)
    small, large = (make.disk(consensus.task, radius=r) for r in (8, 12))
    assert ((levels > 0) == (small != large)).all()
    assert levels.max() <= 20


def test_a_managers_mask_is_compared_with_the_volunteers(desk: Desk) -> None:
    consensus = desk.consensus[0]
    drawn = make.disk(consensus.task, radius=10)
    difference = codec.pack(codec.xor(drawn, make.disk(consensus.task, radius=10)))
    body = {
        "mask_hash": codec.mask_hash(drawn),
        "difference": base64.b64encode(difference).decode(),
    }
    assert desk.post(f"consensus/{consensus.pk}/fix", body).status_code == 201
    fixed = Consensus.objects.get(task=consensus.task, current=True)
    answer = desk.client(desk.dana).get(f"/api/v1/consensus/{fixed.pk}/masks/disagreement")
    assert unpacked(answer.content).any()


def test_accepting_takes_a_task_off_the_queue_and_undoing_puts_it_back(desk: Desk) -> None:
    consensus = desk.consensus[1]
    given = desk.post(f"consensus/{consensus.pk}/accept").json()
    assert given["word"] == "accepted"
    assert 3 not in [i["z"] for i in desk.queue()["items"]]
    assert desk.post(f"verdicts/{given['id']}/undo").json()["undone"]
    assert 3 in [i["z"] for i in desk.queue()["items"]]
    again = desk.post(f"verdicts/{given['id']}/undo")
    assert again.status_code == 409
    assert again.json()["detail"] == "This verdict was taken back before."


def test_sending_back_opens_the_task_with_a_word(desk: Desk) -> None:
    consensus = desk.consensus[1]
    desk.post(f"consensus/{consensus.pk}/send-back", {"note": " mind the rim "})
    task = Task.objects.get(pk=consensus.task_id)
    assert (task.state, task.note) == (Task.State.OPEN, "mind the rim")
    assert task.redundancy > consensus.task.redundancy


def test_a_fix_replaces_the_consensus_and_keeps_the_corrections(desk: Desk) -> None:
    consensus = desk.consensus[1]
    old = make.disk(consensus.task, radius=10)
    drawn = make.disk(consensus.task, radius=5)
    body = {
        "mask_hash": codec.mask_hash(drawn),
        "difference": base64.b64encode(codec.pack(codec.xor(drawn, old))).decode(),
    }
    assert desk.post(f"consensus/{consensus.pk}/fix", body).status_code == 201
    fixed = Consensus.objects.get(task=consensus.task, current=True)
    assert fixed.fixed_by == desk.dana
    assert np.array_equal(unpacked(bytes(fixed.mask)), drawn)
    assert fixed.corrections == consensus.corrections


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"mask_hash": "0" * 64, "difference": "AAAA"}, 422),
        ({"mask_hash": "0" * 64, "difference": "not base64!"}, 422),
        ({"mask_hash": "short", "difference": ""}, 422),
    ],
)
def test_a_damaged_fix_is_refused(desk: Desk, body: dict[str, str], status: int) -> None:
    assert desk.post(f"consensus/{desk.consensus[0].pk}/fix", body).status_code == status
    assert not Verdict.objects.exists()


def test_a_verdict_on_an_outdated_consensus_is_refused_with_a_sentence(desk: Desk) -> None:
    consensus = desk.consensus[0]
    Consensus.objects.filter(pk=consensus.pk).update(current=False)
    answer = desk.post(f"consensus/{consensus.pk}/accept")
    assert answer.status_code == 409
    assert "New masks came in" in answer.json()["detail"]


def test_a_bulk_accept_says_how_many_at_which_risk_and_leaves_what_is_in_doubt(
    desk: Desk,
) -> None:
    slug = desk.study.slug
    figures = desk.client(desk.dana).get(f"/api/v1/studies/{slug}/review/bulk?risk=0.5").json()
    assert (figures["qualify"], figures["count"]) == (2, 2)
    # Three masks that differ by .45 and .03: half of it each.
    assert figures["highest"] == pytest.approx(0.225)
    assert figures["mean"] == pytest.approx(0.12)
    refused = desk.post(f"studies/{slug}/review/bulk", {"risk": 0.5, "count": 1})
    assert refused.status_code == 409
    assert not Verdict.objects.exists()
    done = desk.post(f"studies/{slug}/review/bulk", {"risk": 0.5, "count": 2})
    assert done.json()["count"] == 2
    assert [i["z"] for i in desk.queue()["items"]] == [5]


def test_a_bulk_accept_passes_over_what_is_not_below_the_bound(desk: Desk) -> None:
    done = desk.post(f"studies/{desk.study.slug}/review/bulk", {"risk": 0.02, "count": 1})
    assert done.json()["count"] == 1
    assert [i["z"] for i in desk.queue()["items"]] == [5, 3]


def test_one_mask_alone_is_never_accepted_in_bulk(desk: Desk) -> None:
    task = make.make_task(desk.cube, desk.consensus[0].task.round, z=6)
    alone = make.make_correction(task, mask=make.disk(task, radius=8))
    make.make_consensus(task, corrections=[alone], agreement=1.0)
    done = desk.post(f"studies/{desk.study.slug}/review/bulk", {"risk": 0.5, "count": 9})
    assert done.json()["count"] == 2
    assert 6 in [i["z"] for i in desk.queue()["items"]]


def test_what_was_accepted_at_once_is_taken_back_at_once_except_what_moved_on(desk: Desk) -> None:
    slug = desk.study.slug
    done = desk.post(f"studies/{slug}/review/bulk", {"risk": 0.5, "count": 2}).json()
    Consensus.objects.filter(pk=desk.consensus[1].pk).update(current=False)
    back = desk.post(f"studies/{slug}/verdicts/together/{done['batch']}/undo")
    assert back.json() == {"count": 1}
    assert [i["z"] for i in desk.queue()["items"]] == [5, 1]
    assert Verdict.objects.filter(undone_by=desk.dana).count() == 1
    assert desk.post(f"studies/{slug}/verdicts/together/{done['batch']}/undo").json()["count"] == 0


def test_outsiders_learn_nothing_and_volunteers_judge_nothing(desk: Desk) -> None:
    pk = desk.consensus[0].pk
    correction = desk.consensus[0].corrections[0]
    reads = [
        f"studies/{desk.study.slug}/review",
        f"studies/{desk.study.slug}/review/bulk?risk=0.1",
        f"studies/{desk.study.slug}/verdicts",
        f"consensus/{pk}",
        f"consensus/{pk}/masks/consensus",
        f"consensus/{pk}/corrections/{correction}/mask",
    ]
    for path in reads:
        for user, status in ((None, 404), (desk.charlie, 404), (desk.alice, 403)):
            answer = desk.client(user).get(f"/api/v1/{path}")
            assert (path, answer.status_code) == (path, status)
    for path in (f"consensus/{pk}/accept", f"consensus/{pk}/send-back"):
        assert desk.post(path, user=desk.charlie).status_code == 404
        assert desk.post(path, user=desk.alice).status_code == 403
