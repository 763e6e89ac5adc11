"""The server's HTTP interface, as plain calls."""

import json
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpx

from napari_lamella.errors import LamellaError, no_answer, not_lamella, refusal
from napari_lamella.progress import Progress, Report, silent
from napari_lamella.records import (
    Cube,
    LabelsRole,
    SentLabels,
    Study,
    read_cube,
    read_sent,
    read_study,
)
from napari_lamella.retry import BUSY_STATUSES, Retry, wait_asked_for
from napari_lamella.store import HttpStore

UPLOAD_CHUNK = 2**20
LOCAL_NAMES = ("localhost", "127.", "[::1]")


def server_address(text: str) -> str:
    """The server's root address from what a person typed, without a closing slash.

    Without a scheme it is https, save for this machine itself. Raises LamellaError.
    """
    typed = text.strip()
    if not typed:
        raise LamellaError("Enter the address of a Lamella server, as in your browser.")
    if "://" not in typed:
        typed = f"{'http' if typed.startswith(LOCAL_NAMES) else 'https'}://{typed}"
    fault = LamellaError(
        f"“{text.strip()}” is not the address of a server; enter it as in your browser, "
        "for example https://lamella.example.org."
    )
    try:
        parts = urlsplit(typed)
        httpx.URL(typed)
    except (ValueError, httpx.InvalidURL):
        raise fault from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise fault
    path = parts.path.rstrip("/").removesuffix("/api/v1")
    return f"{parts.scheme}://{parts.netloc}{path}"


class Client:
    """A server and a token. Safe to use from several threads.

    Every call raises LamellaError, and nothing else, for what a server or a network can do.
    Reading is tried again where the server is busy or silent; sending labels is not, since a
    volume that arrived would be stored twice.
    """

    def __init__(
        self,
        server: str,
        token: str,
        *,
        retry: Retry | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.server = server_address(server)
        self._retry = retry or Retry()
        if not token.strip():
            raise LamellaError("Enter your token; you make one on your account page.")
        if not token.strip().isascii():
            raise LamellaError("A token has only plain letters and digits; copy it again.")
        headers = {"Authorization": f"Bearer {token.strip()}", "Accept-Encoding": "identity"}
        limits = httpx.Timeout(timeout, connect=10.0)
        self._http = httpx.Client(headers=headers, timeout=limits, verify=_trust())
        # Chunks may lie elsewhere; httpx sends the token to no other origin on the way there.
        self._chunks = httpx.AsyncClient(
            headers=headers, timeout=limits, verify=_trust(), follow_redirects=True
        )

    @property
    def encrypted(self) -> bool:
        """False where token and images cross a network in the clear."""
        parts = urlsplit(self.server)
        return parts.scheme == "https" or parts.netloc.startswith(LOCAL_NAMES)

    def studies(self) -> list[Study]:
        """The studies that the token's owner can see."""
        return [read_study(row) for row in self._rows("/studies")]

    def cubes(self, study: str) -> list[Cube]:
        """The cubes of the study with this slug."""
        rows = self._rows(f"/studies/{quote(study, safe='')}/cubes")
        return [self._absolute(read_cube(row)) for row in rows]

    def store(self, url: str) -> HttpStore:
        """A read-only Zarr store over `url`. Nothing is asked before something is read.

        Raises LamellaError for an address on another server, which must not see the token.
        """
        if _origin(url) != _origin(self.server):
            raise LamellaError(
                f"The server names data at {urlsplit(url).netloc}, which is another server; "
                "your token is not sent there."
            )
        return HttpStore(url, self._chunks, retry=self._retry)

    def send_labels(
        self,
        cube_id: str,
        tiff: Path,
        *,
        role: LabelsRole,
        name: str,
        slices: Sequence[int] | None = None,
        report: Report = silent,
    ) -> SentLabels:
        """Send a TIFF of the cube's shape; `slices` are the labelled z, None for all."""
        query = {"role": role, "name": name}
        if slices is not None:
            query["slices"] = ",".join(str(z) for z in slices)
        try:
            response = self._http.post(
                self._url(f"/cubes/{quote(cube_id, safe='')}/labels"),
                params=query,
                content=_pieces(tiff, report),
                headers={
                    "Content-Type": "image/tiff",
                    "Content-Length": str(tiff.stat().st_size),
                },
            )
        except httpx.RequestError as fault:
            raise LamellaError(
                "The connection broke while the labels were sent; look on the cube's page "
                "whether they arrived before you send them again."
            ) from fault
        return read_sent(self._row(response))

    def labels(self, labels_id: str) -> SentLabels:
        """How far the server is with labels that were sent."""
        return read_sent(self._row(self._get(f"/labels/{quote(labels_id, safe='')}")))

    def close(self) -> None:
        """Close the connections of the calls; open layers keep theirs."""
        self._http.close()

    def _get(self, path: str) -> httpx.Response:
        for wait in self._retry.waits():
            try:
                response = self._http.get(self._url(path))
            except httpx.RequestError as fault:
                if wait is None:
                    raise no_answer(self.server) from fault
            else:
                if wait is None or response.status_code not in BUSY_STATUSES:
                    return response
                wait = wait_asked_for(response, wait)
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _url(self, path: str) -> str:
        return f"{self.server}/api/v1{path}"

    def _json(self, response: httpx.Response) -> Any:
        if response.status_code >= 300:
            if response.status_code == 404 and not _is_json(response):
                raise not_lamella(self.server)
            raise refusal(response.status_code, response.content, server=self.server)
        try:
            return response.json()
        except ValueError as fault:
            raise not_lamella(self.server) from fault

    def _rows(self, path: str) -> list[Mapping[str, Any]]:
        rows = self._json(self._get(path))
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise not_lamella(self.server)
        return rows

    def _row(self, response: httpx.Response) -> Mapping[str, Any]:
        row = self._json(response)
        if not isinstance(row, Mapping):
            raise not_lamella(self.server)
        return row

    def _absolute(self, cube: Cube) -> Cube:
        addresses: dict[str, Any] = {
            field: self._resolved(url)
            for field in ("image", "proposal", "patch_scores", "consensus")
            if (url := getattr(cube, field)) is not None
        }
        return replace(cube, **addresses)

    def _resolved(self, url: str) -> str:
        """The absolute address, by the scheme that reached the server: behind a proxy that ends
        TLS a server may think that it is on http."""
        own = urlsplit(self.server)
        parts = urlsplit(urljoin(f"{self.server}/", url))
        return parts._replace(
            scheme=own.scheme if parts.netloc == own.netloc else parts.scheme
        ).geturl()


@cache
def _trust() -> ssl.SSLContext:
    """The certificates that are trusted. Reading them takes long, so once is enough."""
    return httpx.create_ssl_context()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return (parts.scheme, parts.netloc)


def _is_json(response: httpx.Response) -> bool:
    try:
        json.loads(response.content)
    except ValueError:
        return False
    return True


def _pieces(path: Path, report: Report) -> Iterator[bytes]:
    size, sent = path.stat().st_size, 0
    with path.open("rb") as file:
        while piece := file.read(UPLOAD_CHUNK):
            report(Progress("Sending the labels", sent, size))
            yield piece
            sent += len(piece)
