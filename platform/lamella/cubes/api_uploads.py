"""Files sent from a browser, in pieces that can be gone on with."""

from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status
from ninja.errors import HttpError

from lamella.cubes import uploads
from lamella.cubes.api_common import managed_study, own_upload, user_of
from lamella.cubes.models import Upload

router = Router(tags=["uploads"])


class UploadIn(Schema):
    filename: Annotated[str, Field(min_length=1, max_length=1000)]
    size: Annotated[int, Field(ge=0, lt=2**53)]


class UploadOut(Schema):
    """A file on its way; the next piece begins at ``received``, with at most ``piece`` bytes."""

    id: UUID
    filename: str
    size: int
    received: int
    complete: bool
    piece: int = uploads.PIECE


class ReceivedOut(Schema):
    received: int
    complete: bool
    detail: str = ""


@router.post("/studies/{slug}/uploads", response={201: UploadOut})
def begin_upload(request: HttpRequest, slug: str, body: UploadIn) -> Status[Upload]:
    """Announce a file; it is sent in pieces with PATCH."""
    study = managed_study(request, slug)
    try:
        upload = uploads.begin(study, user_of(request), filename=body.filename, size=body.size)
    except uploads.UploadError as error:
        raise HttpError(error.status, str(error)) from error
    return Status(201, upload)


@router.get("/uploads/{uuid:upload_id}", response=UploadOut)
def upload_state(request: HttpRequest, upload_id: UUID) -> Upload:
    """How far an upload is: where to go on after a break."""
    return own_upload(request, upload_id)


@router.patch(
    "/uploads/{uuid:upload_id}",
    response={200: ReceivedOut, 409: ReceivedOut},
    openapi_extra={
        "parameters": [
            {
                "in": "header",
                "name": "Upload-Offset",
                "required": True,
                "schema": {"type": "integer", "minimum": 0},
            }
        ],
        "requestBody": {"content": {"application/octet-stream": {}}, "required": True},
    },
)
def continue_upload(request: HttpRequest, upload_id: UUID) -> Status[ReceivedOut]:
    """The next piece, as the raw body. 409 tells where to go on if it begins elsewhere."""
    upload = own_upload(request, upload_id)
    offset = request.headers.get("Upload-Offset", "")
    if not offset.isdecimal():
        raise HttpError(422, "Say in the header Upload-Offset at which byte the piece begins.")
    if int(request.headers.get("Content-Length") or 0) > uploads.PIECE:
        raise HttpError(413, f"A piece holds at most {uploads.gib(uploads.PIECE)}; send less.")
    try:
        upload = uploads.append(upload, int(offset), request.body)
    except uploads.WrongOffsetError as error:
        answer = ReceivedOut(received=error.received, complete=False, detail=str(error))
        return Status(409, answer)
    except uploads.UploadError as error:
        raise HttpError(error.status, str(error)) from error
    return Status(200, ReceivedOut(received=upload.received, complete=upload.complete))


@router.delete("/uploads/{uuid:upload_id}", response={204: None})
def remove_upload(request: HttpRequest, upload_id: UUID) -> Status[None]:
    """Give an upload up."""
    upload = own_upload(request, upload_id)
    if uploads.in_use(upload):
        raise HttpError(409, f"{upload.filename} is being read; cancel that first.")
    uploads.remove(upload)
    return Status(204, None)
