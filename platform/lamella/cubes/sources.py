"""Where a cube or labels may come from, and how much may be in there."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from django.conf import settings

from lamella.cubes import uploads
from lamella.cubes.models import Upload
from lamella.cubes.readers import Limits, SourceError, VolumeSource, check_path, check_url
from lamella.cubes.readers import open_source as open_any
from lamella.cubes.store import outside
from lamella.studies.models import Study


@dataclass(frozen=True)
class Origin:
    """A place that was allowed: a path on the server or an address, and the upload it is."""

    path: str
    upload: Upload | None = None

    @property
    def in_place(self) -> bool:
        """Whether it stays where it is, so that it can be registered."""
        return self.upload is None


def origin_of(
    study: Study, *, upload: Upload | None = None, path: str = "", url: str = ""
) -> Origin:
    """The one place that was named. Raises SourceError unless it is complete, or allowed."""
    if sum(map(bool, (upload, path, url))) != 1:
        raise SourceError("Name one source: a file that was uploaded, a path, or an address.")
    if path:
        return Origin(str(check_path(path, settings.INGEST_ROOTS)))
    if url:
        return Origin(check_url(url, settings.INGEST_URLS))
    assert upload is not None
    if not upload.complete:
        raise SourceError(f"{upload.filename} has not fully arrived; go on with its upload.")
    place = uploads.path_of(upload)
    if not place.exists():
        raise SourceError(f"{upload.filename} was removed because nobody used it; upload it again.")
    uploads.touch(upload)
    return Origin(str(place), upload)


def limits() -> Limits:
    """How much a source may hold, by the settings."""
    scratch = Path(settings.UPLOAD_DIR) / "unpacked"
    scratch.mkdir(parents=True, exist_ok=True)
    return Limits(max_unpacked_bytes=settings.MAX_UPLOAD_BYTES, scratch=scratch)


def open_source(asked: Mapping[str, Any]) -> VolumeSource:
    """Open what a cube's or labels' ``source`` says; close it after use. Raises SourceError."""
    place = str(asked["path"])
    source = open_any(
        outside(place) if "://" in place else place,
        dataset=asked.get("dataset") or None,
        axes=asked.get("axes") or None,
        channel=asked.get("channel"),
        limits=limits(),
    )
    if prod(source.shape) > settings.MAX_VOXELS:
        source.close()
        raise SourceError(
            f"{source.name} holds {prod(source.shape):.2g} voxels, more than the "
            f"{settings.MAX_VOXELS:.2g} that this server takes."
        )
    return source
