"""Files of stored volumes over HTTP: whole or a range of bytes, streamed, privately cached.

Readers of sharded zarr ask for ranges, so that a slice costs a few kilobytes and not a shard.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers

from lamella.studies.access import NotVisibleError
from lamella.volumes.storage import Location

# One step of a path in a zarr hierarchy. Of names with a leading dot only zarr's own.
_STEP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*|\.z(?:array|attrs|group|metadata)")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
# Larger answers are streamed; smaller ones are cheaper in one piece.
_WHOLE = 2**20

REVALIDATE = "private, no-cache"
FOR_EVER = "private, max-age=31536000, immutable"


def inside(root: Location, path: str) -> Location:
    """The file at ``path`` below ``root``. Raises NotVisibleError for paths that lead elsewhere."""
    steps = path.split("/")
    if not steps or any(_STEP.fullmatch(step) is None for step in steps):
        raise NotVisibleError
    place = root
    for step in steps:
        place = place / step
    if not root.is_remote:
        # A store that was registered in place may hold links.
        real = Path(place.url).resolve()
        if not real.is_relative_to(Path(root.url).resolve()):
            raise NotVisibleError
    return place


def file_response(
    request: HttpRequest,
    place: Location,
    *,
    content_type: str = "",
    cache: str = REVALIDATE,
) -> HttpResponseBase:
    """A GET or HEAD of one file, with at most one range. Raises NotVisibleError without a file."""
    facts = place.facts()
    if facts is None:
        raise NotVisibleError
    etag = f'"{facts.mark}"' if facts.mark else None
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        span = _wanted(request, facts.size, etag)
        if span is None:
            response = HttpResponse(status=416)
            response["Content-Range"] = f"bytes */{facts.size}"
        else:
            response = _answer(request, place, span, facts.size)
            response["Content-Type"] = content_type or _content_type(place.name)
    response["Accept-Ranges"] = "bytes"
    if etag:
        response["ETag"] = etag
    return cached_privately(response, cache)


def cached_privately(response: HttpResponseBase, cache: str) -> HttpResponseBase:
    """Let the browser keep an answer; nobody in between, and no other person's browser."""
    response["Cache-Control"] = cache
    patch_vary_headers(response, ("Cookie", "Authorization"))
    return response


def _answer(
    request: HttpRequest, place: Location, span: tuple[int, int], size: int
) -> HttpResponseBase:
    start, stop = span
    status = 200 if span == (0, size) else 206
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(status=status)
    elif stop - start <= _WHOLE:
        response = HttpResponse(b"".join(place.portions(start, stop)), status=status)
    else:
        response = StreamingHttpResponse(_stream(place, start, stop), status=status)
    response["Content-Length"] = str(stop - start)
    if status == 206:
        response["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return response


def _stream(place: Location, start: int, stop: int) -> Iterator[bytes]:
    yield from place.portions(start, stop)


def _wanted(request: HttpRequest, size: int, etag: str | None) -> tuple[int, int] | None:
    """(start, stop) of the bytes to send; None where the range lies outside of the file.

    Ranges that are not understood, and several at once, mean the whole file (RFC 9110, 14.2).
    """
    found = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    condition = request.headers.get("If-Range")
    if found is None or found[0] == "bytes=-" or (condition is not None and condition != etag):
        return (0, size)
    first, last = found[1], found[2]
    if not first:
        length = min(int(last), size)
        return (size - length, size) if length else None
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    if start >= size:
        return None
    return (start, stop) if start < stop else (0, size)


def _content_type(name: str) -> str:
    is_json = name.endswith(".json") or name.startswith(".z")
    return "application/json" if is_json else "application/octet-stream"
