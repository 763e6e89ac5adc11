"""Which paths and addresses a person may name."""

import ipaddress
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from lamella.cubes.readers.base import SourceError

_SCHEMES = ("http", "https", "s3")
_PORTS = {"http": 80, "https": 443}

Resolve = Callable[[str], Iterable[str]]


def check_path(path: Path | str, allowed_roots: Iterable[Path | str]) -> Path:
    """The real path, all links followed. Raises SourceError unless it lies in an allowed folder.

    Outside of the allowed folders the answer is the same whether the path exists or not.
    """
    real = Path(path).resolve()
    if not any(real.is_relative_to(Path(root).resolve()) for root in allowed_roots):
        raise SourceError(f"{path} lies outside of the folders that may be read from.")
    if not real.exists():
        raise SourceError(f"{path} does not exist.")
    return real


def resolve_host(host: str) -> Iterable[str]:
    """The addresses of a host name."""
    return {str(info[4][0]) for info in socket.getaddrinfo(host, None)}


def check_url(
    url: str,
    allowed_prefixes: Iterable[str],
    *,
    allow_link_local: bool = False,
    resolve: Resolve = resolve_host,
) -> str:
    """The address. Raises SourceError unless it begins with an allowed prefix.

    A prefix ends at a path border: `https://example.org/data` allows `.../data/a.zarr`, not
    `.../database`. Even below an allowed prefix, a name that leads to a link-local address, where
    clouds keep their machines' credentials, is refused.
    """
    parts = _split(url)
    if not any(_is_below(parts, _split(prefix)) for prefix in allowed_prefixes):
        raise SourceError(f"{url} is not among the addresses that may be read from.")
    if parts.scheme != "s3" and not allow_link_local:
        for address in _addresses(parts, resolve):
            found = ipaddress.ip_address(address.split("%")[0])
            mapped = getattr(found, "ipv4_mapped", None) or found
            if mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified:
                raise SourceError(f"{url} leads to {mapped}, which may not be read from.")
    return url


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SourceError(f"{url!r} is not an address.") from error
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise SourceError(f"{url!r} is not an address that begins with http, https or s3.")
    if parts.username is not None or parts.password is not None or port == 0:
        raise SourceError("An address must not carry a user name or password.")
    text = unquote(unquote(url))
    # Backslashes and control characters are read differently by different programs, and fsspec
    # takes what follows "::" for another address.
    odd = any(c == "\\" or ord(c) < 32 or ord(c) == 127 for c in text)
    if odd or " " in url or "::" in parts.path:
        raise SourceError(f"{url!r} is not an address.")
    if ".." in unquote(unquote(parts.path)).split("/"):
        raise SourceError(f"{url} leads upwards in its path, which is not allowed.")
    return parts


def _is_below(parts: SplitResult, prefix: SplitResult) -> bool:
    same_place = (parts.scheme, parts.hostname) == (prefix.scheme, prefix.hostname)
    default = _PORTS.get(parts.scheme)
    if not same_place or (parts.port or default) != (prefix.port or default):
        return False
    base = prefix.path.rstrip("/")
    return parts.path == base or parts.path.startswith(base + "/")


def _addresses(parts: SplitResult, resolve: Resolve) -> Iterable[str]:
    host = parts.hostname or ""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        return list(resolve(host))
    except OSError as error:
        raise SourceError(f"The host {host} cannot be found.") from error
