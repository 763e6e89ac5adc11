"""A tree of files as one zip, made while it is sent: nothing is stored twice."""

import io
import zipfile
from collections.abc import Iterable, Iterator

from lamella.volumes.storage import Location

# All files carry this date, so that the same export gives the same zip.
_DATE = (1980, 1, 1, 0, 0, 0)


class _Sink(io.RawIOBase):
    """What a zip is written to: hands on what came since it was last asked."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        part = bytes(data)  # type: ignore[call-overload]
        self._parts.append(part)
        return len(part)

    def taken(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


def zipped(files: Iterable[tuple[str, Location]]) -> Iterator[bytes]:
    """An uncompressed zip (voxels are compressed already) of (name inside, file), in portions."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, place in files:
            facts = place.facts()
            if facts is None:
                continue
            info = zipfile.ZipInfo(name, _DATE)
            with archive.open(info, "w", force_zip64=facts.size > 2**31) as member:
                for portion in place.portions(0, facts.size):
                    member.write(portion)
                    yield sink.taken()
    yield sink.taken()


def tree(name: str, root: Location) -> list[tuple[str, Location]]:
    """Every file below ``root``, under the folder ``name`` of an archive."""
    return [(f"{name}/{path}", root / path) for path in root.files()]
