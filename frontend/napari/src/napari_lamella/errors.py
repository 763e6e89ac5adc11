"""The one error a person sees, and the sentences for what a server answers."""

import json
from collections.abc import Mapping

MAX_DETAIL = 500


class LamellaError(Exception):
    """Something went wrong; its text is one plain sentence that may be shown as it is."""


def no_answer(server: str) -> LamellaError:
    return LamellaError(
        f"The server at {server} did not answer; check the address and your network, "
        "then try again."
    )


def not_lamella(server: str) -> LamellaError:
    return LamellaError(
        f"The address {server} answers, but not as a Lamella server; check the address."
    )


def detail_of(body: bytes) -> str:
    """The sentence in an error answer's `detail`, or an empty string."""
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    if isinstance(answer, Mapping) and isinstance(answer.get("detail"), str):
        return str(answer["detail"])[:MAX_DETAIL]
    return ""


def refusal(status: int, body: bytes, *, server: str) -> LamellaError:
    """The error for an HTTP status of 300 or more.

    The server's own sentence is used where it wrote one, save for 401: there the token is at
    fault, and only this side knows where the token is entered.
    """
    if status == 401:
        return LamellaError(
            "The server refused the token; make a new one on your account page and enter it here."
        )
    if 300 <= status < 400:
        return LamellaError(
            f"The server at {server} points to another address; enter the address that your "
            "browser shows, with https:// where it shows that."
        )
    if detail := detail_of(body):
        return LamellaError(detail)
    if status == 403:
        return LamellaError("You have no access to this; ask a manager of the study for it.")
    if status == 404:
        return LamellaError(
            "The server does not have this any more; connect again to see what there is."
        )
    if status == 413:
        return LamellaError("The labels are larger than the server takes; ask its administrator.")
    return LamellaError(
        f"The server failed (status {status}); try again, and tell its administrator if it stays."
    )
