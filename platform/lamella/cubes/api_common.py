"""What the calls that bring things in have in common: who asks, from where, for which job."""

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Schema

from lamella.accounts.models import User
from lamella.cubes.models import Upload
from lamella.cubes.sources import Origin, origin_of
from lamella.jobs.models import Job
from lamella.studies.access import NotVisibleError, require, study_as
from lamella.studies.models import Role, Study

Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S")]


class SourceIn(Schema):
    """One of ``upload``, ``path`` and ``url``; and what of it is meant."""

    upload: UUID | None = None
    path: Annotated[str, Field(max_length=1000)] = ""
    url: Annotated[str, Field(max_length=1000)] = ""
    dataset: Annotated[str, Field(max_length=300)] | None = None
    axes: Annotated[str, Field(max_length=8)] | None = None
    channel: Annotated[int, Field(ge=0)] | None = None


def managed_study(request: HttpRequest, slug: str) -> Study:
    """The study, if the person manages it. Raises NotVisibleError, ForbiddenError."""
    return study_as(request.user, slug, Role.MANAGER)


def user_of(request: HttpRequest) -> User:
    """The account, once a role was checked."""
    assert isinstance(request.user, User), "a role was checked before"
    return request.user


def own_upload(request: HttpRequest, upload_id: UUID) -> Upload:
    """An upload of this person, who still manages its study."""
    if not isinstance(request.user, User):
        raise NotVisibleError
    upload = Upload.objects.select_related("study").filter(pk=upload_id, user=request.user).first()
    if upload is None:
        raise NotVisibleError
    require(request.user, upload.study, Role.MANAGER)
    return upload


def origin(request: HttpRequest, study: Study, body: SourceIn) -> Origin:
    """The one place that the body names. Raises NotVisibleError, SourceError."""
    upload = None if body.upload is None else own_upload(request, body.upload)
    if upload is not None and upload.study_id != study.pk:
        raise NotVisibleError
    return origin_of(study, upload=upload, path=body.path.strip(), url=body.url.strip())


def job_id(kind: Literal["ingest", "labels"], key: int) -> UUID | None:
    """The newest job that reads a cube or labels."""
    return (
        Job.objects.filter(key=f"{kind}:{key}")
        .order_by("-created")
        .values_list("pk", flat=True)
        .first()
    )
