"""A read-only Zarr store over HTTP that carries the token, retries and remembers."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable

import httpx
from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)
from zarr.core.buffer import Buffer, BufferPrototype

from napari_lamella.errors import no_answer, refusal
from napari_lamella.retry import BUSY_STATUSES, Retry, wait_asked_for

DEFAULT_CACHE_BYTES = 256 * 2**20


class ByteCache:
    """The most recently used byte strings, up to `limit` bytes in all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[tuple[str, str], bytes | None] = OrderedDict()

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self._kept

    def __getitem__(self, key: tuple[str, str]) -> bytes | None:
        self._kept.move_to_end(key)
        return self._kept[key]

    def put(self, key: tuple[str, str], value: bytes | None) -> None:
        size = len(value or b"")
        if size > self._limit or key in self._kept:
            return
        self._kept[key] = value
        self._size += size
        while self._size > self._limit:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped or b"")


def range_header(wanted: ByteRequest | None) -> str:
    """The value of the Range header (RFC 9110, 14.2); empty for the whole object."""
    if isinstance(wanted, RangeByteRequest):
        return f"bytes={wanted.start}-{wanted.end - 1}"
    if isinstance(wanted, OffsetByteRequest):
        return f"bytes={wanted.offset}-"
    if isinstance(wanted, SuffixByteRequest):
        return f"bytes=-{wanted.suffix}"
    return ""


def cut(whole: bytes, wanted: ByteRequest | None) -> bytes:
    """The wanted bytes of a whole object."""
    if isinstance(wanted, RangeByteRequest):
        return whole[wanted.start : wanted.end]
    if isinstance(wanted, OffsetByteRequest):
        return whole[wanted.offset :]
    if isinstance(wanted, SuffixByteRequest):
        return whole[-wanted.suffix :] if wanted.suffix else b""
    return whole


class HttpStore(Store):
    """A Zarr hierarchy below one URL, read with GET and Range.

    A key that the server does not have (404) is a missing chunk, thus the fill value. A server
    that ignores Range still works, at the price of reading whole shards. What was read is kept
    in memory up to `cache_bytes`, so that going back and forth through slices asks once.

    The client is used inside Zarr's own event loop only; the store is safe to read from any
    thread through a zarr Array.

    Raises LamellaError where the server refuses or does not answer.
    """

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(
        self,
        root: str,
        http: httpx.AsyncClient,
        *,
        retry: Retry | None = None,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
    ) -> None:
        super().__init__(read_only=True)
        self._root = root.rstrip("/")
        self._http = http
        self._retry = retry or Retry()
        self._cache = ByteCache(cache_bytes)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, HttpStore) and self._root == other._root and self._http is other._http
        )

    def __repr__(self) -> str:
        return f"HttpStore({self._root!r})"

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        data = await self._bytes(key, byte_range)
        return None if data is None else prototype.buffer.from_bytes(data)

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        wanted = (self.get(key, prototype, byte_range) for key, byte_range in key_ranges)
        return list(await asyncio.gather(*wanted))

    async def exists(self, key: str) -> bool:
        return await self._bytes(key, None) is not None

    async def _bytes(self, key: str, wanted: ByteRequest | None) -> bytes | None:
        header = range_header(wanted)
        for kept in ((key, header), (key, "")):
            if kept in self._cache:
                data = self._cache[kept]
                return data if data is None or kept[1] else cut(data, wanted)
        response = await self._fetch(key, header)
        if response.status_code == 404:
            self._cache.put((key, ""), None)
            return None
        if response.status_code == 416:  # the range starts after the end
            return b""
        if response.status_code == 206:
            self._cache.put((key, header), response.content)
            return response.content
        self._cache.put((key, ""), response.content)
        return cut(response.content, wanted)

    async def _fetch(self, key: str, header: str) -> httpx.Response:
        url = f"{self._root}/{key}"
        headers = {"Range": header} if header else {}
        for wait in self._retry.waits():
            try:
                response = await self._http.get(url, headers=headers)
            except httpx.RequestError as fault:
                if wait is None:
                    raise no_answer(self._server) from fault
            else:
                if response.status_code in (200, 206, 404, 416):
                    return response
                if wait is None or response.status_code not in BUSY_STATUSES:
                    raise refusal(response.status_code, response.content, server=self._server)
                wait = wait_asked_for(response, wait)
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    @property
    def _server(self) -> str:
        return httpx.URL(self._root).netloc.decode()

    async def set(self, key: str, value: Buffer) -> None:
        raise NotImplementedError("A server's cubes are read-only.")

    async def delete(self, key: str) -> None:
        raise NotImplementedError("A server's cubes are read-only.")

    # A server lists no keys; Zarr asks for none, since the metadata name what is there.
    def list(self) -> AsyncIterator[str]:
        raise NotImplementedError("A server's keys cannot be listed.")

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        raise NotImplementedError("A server's keys cannot be listed.")

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        raise NotImplementedError("A server's keys cannot be listed.")
