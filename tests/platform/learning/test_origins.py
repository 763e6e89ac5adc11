"""Which versions a run may start from, and what a person is told of where one did."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from lamella.accounts.models import User
from lamella.jobs.models import JobState
from lamella.learning import desk
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.learning.origins import origin_for, origins_for
from lamella.learning.services import finish_run, run_ended
from lamella.studies.access import NotVisibleError
from lamella.studies.models import Study
from tests import factories as make

pytestmark = pytest.mark.django_db


def version_of(study: Study, number: int = 1, **fields: Any) -> ModelVersion:
    return make.make_version(study, number, checkpoint=f"models/{study.pk}/{number}", **fields)


@pytest.fixture
def bob() -> User:
    return make.make_user("bob")


def test_the_studys_own_versions_come_first_and_those_without_weights_are_no_origins(
    bob: User,
) -> None:
    kidney, liver = make.make_study("Kidney", bob=bob), make.make_study("Liver 3", bob=bob)
    of_kidney = version_of(kidney)
    trained = version_of(liver, 1, state=ModelVersion.State.SERVING)
    pretrained = version_of(
        liver, 2, kind=ModelVersion.Kind.PRETRAINED, state=ModelVersion.State.ORIGIN
    )
    version_of(liver, 3, kind=ModelVersion.Kind.EXTERNAL)
    make.make_version(liver, 4)
    assert list(origins_for(bob, liver)) == [pretrained, trained, of_kidney]


def test_another_studys_versions_are_offered_to_its_admins_alone() -> None:
    alice, dana, bob = (make.make_user(name) for name in ("alice", "dana", "bob"))
    version = version_of(make.make_study("Kidney", alice=alice, dana=dana, bob=bob, public=True))
    liver = make.make_study("Liver 3")
    for user in (AnonymousUser(), alice, dana, make.make_user("charlie")):
        assert not origins_for(user, liver).exists()
        for pk in (version.pk, version.pk + 1):
            with pytest.raises(NotVisibleError):
                origin_for(user, liver, pk)
    assert origin_for(bob, liver, version.pk) == version
    assert origin_for(make.make_user("staff", staff=True), liver, version.pk) == version
    bob.is_active = False
    assert not origins_for(bob, liver).exists()


def test_of_a_study_that_they_cannot_see_people_learn_that_it_is_another_and_no_more(
    bob: User,
) -> None:
    dana = make.make_user("dana")
    kidney = make.make_study("Kidney", bob=bob)
    liver = make.make_study("Liver 3", bob=bob, dana=dana)
    run = make.make_run(liver, origin=version_of(kidney, 4))
    make.make_version(liver, 1, training_run=run)
    own = make.make_run(liver, origin=liver.model_versions.get())
    for user, words in ((bob, "version 4 of Kidney"), (dana, "a version of another study")):
        notes = {row.run.pk: row.note for row in desk.runs_of(liver, user).rows}
        assert notes == {run.pk: f"from {words}", own.pk: "from version 1 of Liver 3"}
        assert desk.row_of(run, user).note == f"from {words}"
        assert [row.came for row in desk.versions_of(liver, user)] == [f"from {words}"]


def test_a_run_whose_origin_was_deleted_still_says_that_it_had_one(bob: User) -> None:
    liver = make.make_study("Liver 3", bob=bob)
    run = make.make_run(liver, snapshot={"origin": {"kind": "trained", "checksum": "c" * 64}})
    assert desk.row_of(run, bob).note == "from a version that is gone"


def test_a_run_without_labels_makes_a_version_to_start_from(bob: User) -> None:
    study = make.make_study("Liver 3", bob=bob)
    run = make.make_run(study, kind=TrainingRun.Kind.PRETRAIN, curves=[])
    version = finish_run(run, checkpoint="models/1", checksum="c" * 64, metrics={"steps": 3})
    assert (version.kind, version.state) == ("pretrained", "origin")
    (row,) = desk.versions_of(study, bob)
    assert (row.promotable, row.earlier, row.came) == (False, False, "")
    assert desk.row_of(run, bob).note == "without labels"


def test_a_pretrained_version_that_would_serve_is_refused_by_the_database() -> None:
    version = version_of(
        make.make_study(), kind=ModelVersion.Kind.PRETRAINED, state=ModelVersion.State.ORIGIN
    )
    trained = version_of(version.study, 2)
    for pk, state in ((version.pk, "serving"), (trained.pk, "origin")):
        with pytest.raises(IntegrityError), transaction.atomic():
            ModelVersion.objects.filter(pk=pk).update(state=state)


@pytest.mark.parametrize("kind", ["train", "pretrain"])
def test_a_run_is_told_when_its_job_fails(kind: str) -> None:
    study = make.make_study()
    run = make.make_run(study, kind=kind, state=TrainingRun.State.RUNNING)
    job = make.make_job(study, kind, params={"run_id": run.pk})
    job.state, job.error = JobState.FAILED, "The disk is full."
    run_ended(job)
    run.refresh_from_db()
    assert (run.state, run.error) == ("failed", "The disk is full.")
