"""The HTTP API, assembled from the routers of the apps."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from lamella.accounts.access import ANYBODY
from lamella.annotation.api import router as annotation
from lamella.annotation.submission import StaleProposalError, SubmissionError
from lamella.consensus.api import router as review
from lamella.consensus.services import VerdictError
from lamella.cubes.api import router as cubes
from lamella.cubes.api_ingest import router as ingest
from lamella.cubes.api_labels import router as labels
from lamella.cubes.api_uploads import router as uploads
from lamella.cubes.services import CubeError
from lamella.exchange.api_exports import router as exports
from lamella.exchange.api_volumes import router as volumes
from lamella.exchange.services import ExportError
from lamella.studies.access import ForbiddenError, NotVisibleError
from lamella.studies.api import router as studies
from lamella.volumes.codec import MaskError
from lamella.volumes.errors import SourceError, StoreError

api = NinjaAPI(title="Lamella", version="1", urls_namespace="api", auth=ANYBODY)
api.add_router("", annotation)
api.add_router("", review)
api.add_router("", studies)
api.add_router("", cubes)
api.add_router("", uploads)
api.add_router("", ingest)
api.add_router("", labels)
api.add_router("", volumes)
api.add_router("", exports)


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
_answers(CubeError, 409)
_answers(ExportError, 409)
_answers(SourceError, 422)
_answers(StoreError, 503, "The stored voxels cannot be read just now; tell the server's admin.")
