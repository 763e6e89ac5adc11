"""The HTTP API, assembled from the routers of the apps."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from lamella.accounts.access import ANYBODY
from lamella.annotation.api import router as annotation
from lamella.annotation.submission import StaleProposalError, SubmissionError
from lamella.consensus.api import router as review
from lamella.consensus.services import VerdictError
from lamella.studies.access import ForbiddenError, NotVisibleError
from lamella.volumes.codec import MaskError

api = NinjaAPI(title="Lamella", version="1", urls_namespace="api", auth=ANYBODY)
api.add_router("", annotation)
api.add_router("", review)


def _answers(kind: type[Exception], status: int, words: str = "") -> None:
    """Answer an exception with its own sentence, or with ``words``."""

    @api.exception_handler(kind)
    def answer(request: HttpRequest, error: Any) -> HttpResponse:
        return api.create_response(request, {"detail": words or str(error)}, status=status)


# The same answer for what is not there and for what the person may not see.
_answers(NotVisibleError, 404, "There is no such thing here, or it is not yours to see.")
_answers(ForbiddenError, 403)
_answers(StaleProposalError, 409)
_answers(SubmissionError, 422)
_answers(VerdictError, 409)
_answers(MaskError, 422)
