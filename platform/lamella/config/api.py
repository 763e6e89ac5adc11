"""The HTTP API, assembled from the routers of the apps."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.errors import ValidationError as RequestError

from lamella.accounts.access import ANYBODY
from lamella.accounts.api import router as account
from lamella.annotation.api import router as annotation
from lamella.annotation.api_leaving import router as leaving
from lamella.annotation.api_volunteers import router as volunteers
from lamella.annotation.submission import StaleProposalError, SubmissionError
from lamella.consensus.api import router as review
from lamella.consensus.api_verdicts import router as verdicts
from lamella.consensus.services import VerdictError
from lamella.cubes.api import router as cubes
from lamella.cubes.api_ingest import router as ingest
from lamella.cubes.api_labels import router as labels
from lamella.cubes.api_uploads import router as uploads
from lamella.cubes.services import CubeError
from lamella.exchange.api_explorer import router as explorer
from lamella.exchange.api_exports import router as exports
from lamella.exchange.api_volumes import router as volumes
from lamella.exchange.services import ExportError
from lamella.jobs.errors import JobConflictError
from lamella.languages.sentences import said
from lamella.loop.api import router as training
from lamella.loop.api_desk import router as desk
from lamella.loop.api_jobs import router as jobs
from lamella.loop.errors import LoopError
from lamella.notices.api import router as notices
from lamella.studies.access import ForbiddenError, NotVisibleError
from lamella.studies.api import router as studies
from lamella.studies.api_members import router as members
from lamella.studies.api_settings import router as settings
from lamella.studies.members import MemberError, UnknownPersonError
from lamella.volumes.codec import MaskError
from lamella.volumes.errors import SourceError, StoreError

api = NinjaAPI(title="Lamella", version="1", urls_namespace="api", auth=ANYBODY)
api.add_router("", annotation)
api.add_router("", review)
api.add_router("", verdicts)
api.add_router("", studies)
api.add_router("", settings)
api.add_router("", members)
api.add_router("", volunteers)
api.add_router("", notices)
api.add_router("", training)
api.add_router("", jobs)
api.add_router("", desk)
api.add_router("", account)
api.add_router("", leaving)
api.add_router("", cubes)
api.add_router("", uploads)
api.add_router("", ingest)
api.add_router("", labels)
api.add_router("", volumes)
api.add_router("", exports)
api.add_router("", explorer)


def _answers(kind: type[Exception], status: int, words: str = "") -> None:
    """Answer an exception with its own sentence, or with ``words``."""

    @api.exception_handler(kind)
    def answer(request: HttpRequest, error: Any) -> HttpResponse:
        return api.create_response(request, {"detail": said(words or str(error))}, status=status)


# The same answer for what is not there and for what the person may not see.
_answers(NotVisibleError, 404, "There is no such thing here, or it is not yours to see.")
_answers(ForbiddenError, 403)
_answers(StaleProposalError, 409)
_answers(SubmissionError, 422)
_answers(VerdictError, 409)
_answers(MaskError, 422)
_answers(CubeError, 409)
_answers(ExportError, 409)
_answers(LoopError, 409)
_answers(JobConflictError, 409)
_answers(MemberError, 409)
_answers(UnknownPersonError, 422)
_answers(SourceError, 422)
_answers(StoreError, 503, "The stored voxels cannot be read just now; tell the server's admin.")


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: HttpError) -> HttpResponse:
    """What an address refuses by itself, in its sentence."""
    return api.create_response(request, {"detail": said(str(error))}, status=error.status_code)


@api.exception_handler(RequestError)
def bad_request(request: HttpRequest, error: RequestError) -> HttpResponse:
    """A request whose path, query or body is not as described: the first fault, in a sentence."""
    first = error.errors[0]
    # ("body", "body", "redundancy"): where it was sent, the handler's parameter, the field.
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    detail = f"The request is not right at {where or 'the body'}: {first['msg']}."
    return api.create_response(request, {"detail": said(detail)}, status=422)


@api.exception_handler(ValidationError)
def bad_value(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """A value that a model or a rule refuses: the first fault, in a sentence."""
    fields = error.message_dict if hasattr(error, "error_dict") else {}
    for name, messages in fields.items():
        if name != NON_FIELD_ERRORS:
            detail = f"The request is not right at {name}: {messages[0]}"
            break
    else:
        detail = error.messages[0]
    return api.create_response(request, {"detail": said(detail)}, status=422)
