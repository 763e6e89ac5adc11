"""Deleting one's own account."""

from typing import Annotated

from django.contrib.auth import logout
from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from lamella.accounts.access import require_account
from lamella.accounts.services import check_password
from lamella.annotation.leaving import Marks, leave

router = Router(tags=["account"])


class LeaveIn(Schema):
    """``marks``: keep them under a pseudonym that leads to nobody, or withdraw them, so that what
    was agreed with their help is worked out again."""

    password: Annotated[str, Field(max_length=1000)]
    marks: Marks = Marks.KEEP


@router.post("/account/delete", response={204: None}, summary="Delete one's own account")
def delete_account(request: HttpRequest, body: LeaveIn) -> Status[None]:
    """Removes name, mail address and tokens for good. Asks for the password (422 if wrong)."""
    user = require_account(request)
    check_password(user, body.password)
    logout(request)
    leave(user, body.marks)
    return Status(204, None)
