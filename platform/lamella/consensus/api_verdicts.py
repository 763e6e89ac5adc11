"""Verdicts over HTTP: on many tasks at once, the trail of them, and taking them back."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja import Field, Router, Schema
from ninja.errors import HttpError

from lamella.accounts.models import User
from lamella.consensus import selectors, services
from lamella.consensus.models import Verdict
from lamella.consensus.together import accept_together, undo_together
from lamella.studies.access import NotVisibleError, may_view, require, study_for
from lamella.studies.models import Role, Study

router = Router(tags=["review"])

Risk = Annotated[float, Field(ge=0.0, le=0.5)]


class VerdictOut(Schema):
    id: int
    consensus_id: int
    task_id: int
    kind: str
    word: str
    note: str
    manager: str
    created: datetime
    undone: bool


class BulkIn(Schema):
    """Accept what waits with an expected error (1 - Dice) of at most ``risk``; ``count`` was shown
    before."""

    risk: Risk
    count: Annotated[int, Field(ge=1)]


class BulkOut(Schema):
    """``qualify`` tasks are that sure; the ``count`` surest of them are taken at once, and the
    other figures are theirs: the highest and the mean expected error, and the mean share of voxels
    that volunteers changed. ``batch`` takes them back together."""

    qualify: int
    count: int
    highest: float | None
    mean: float | None
    changed_share: float | None
    batch: UUID | None = None


class UndoneOut(Schema):
    """How many verdicts were taken back."""

    count: int


@router.get("/studies/{slug}/review/bulk", response=BulkOut)
def bulk_preview(request: HttpRequest, slug: str, risk: Risk) -> dict[str, Any]:
    """How many tasks a bulk accept would take, and at which risk."""
    return selectors.bulk_figures(managed(request, slug), risk)


@router.post("/studies/{slug}/review/bulk", response=BulkOut)
def bulk_accept(request: HttpRequest, slug: str, body: BulkIn) -> dict[str, Any]:
    """Accept them; refused when by now they are more than were shown."""
    study = managed(request, slug)
    figures = selectors.bulk_figures(study, body.risk)
    if figures["count"] > body.count:
        raise HttpError(
            409,
            f"By now {figures['count']} tasks qualify, not {body.count}, so none was accepted; "
            "look at the new figures and confirm again.",
        )
    tasks = list(selectors.bulk(study, body.risk).values_list("pk", flat=True)[: body.count])
    done = accept_together(study, tasks, person_of(request))
    return {**figures, "count": done.count, "batch": done.batch}


@router.post("/studies/{slug}/verdicts/together/{uuid:batch}/undo", response=UndoneOut)
def undo_batch(request: HttpRequest, slug: str, batch: UUID) -> dict[str, int]:
    """Take back what was accepted at once, as far as nothing newer rests on it."""
    study = managed(request, slug)
    return {"count": undo_together(study, batch, person_of(request))}


@router.get("/studies/{slug}/verdicts", response=list[VerdictOut])
def verdicts(request: HttpRequest, slug: str) -> list[VerdictOut]:
    """The last verdicts that stand, the newest first."""
    return [verdict_out(v) for v in selectors.judged(managed(request, slug))[:30]]


@router.post("/verdicts/{int:verdict_id}/undo", response=VerdictOut)
def undo(request: HttpRequest, verdict_id: int) -> VerdictOut:
    """Take a verdict back: the task is again as the volunteers left it."""
    verdict = (
        Verdict.objects.select_related("consensus__task__study", "manager")
        .filter(pk=verdict_id)
        .first()
    )
    if verdict is None:
        raise NotVisibleError
    require_manager(request, verdict.consensus.task.study)
    services.undo(verdict, person_of(request))
    verdict.refresh_from_db(fields=["undone"])
    return verdict_out(verdict)


def managed(request: HttpRequest, slug: str) -> Study:
    study = study_for(request.user, slug)
    require(request.user, study, Role.MANAGER)
    return study


def require_manager(request: HttpRequest, study: Study) -> None:
    # To an outsider a private study's tasks do not exist.
    if not may_view(request.user, study):
        raise NotVisibleError
    require(request.user, study, Role.MANAGER)


def person_of(request: HttpRequest) -> User:
    assert isinstance(request.user, User), "a role was checked before"
    return request.user


def verdict_out(verdict: Verdict) -> VerdictOut:
    return VerdictOut(
        id=verdict.pk,
        consensus_id=verdict.consensus_id,
        task_id=verdict.consensus.task_id,
        kind=verdict.kind,
        word=verdict.get_kind_display(),
        note=verdict.note,
        manager=verdict.manager.username if verdict.manager else gettext("somebody who left"),
        created=verdict.created,
        undone=verdict.undone is not None,
    )
