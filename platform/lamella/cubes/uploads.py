"""Files on their way from a browser: received in pieces, gone on with after a break or a restart.

What the row says was received is what counts: bytes of a piece that was cut off lie behind that
place in the file and are overwritten by the next try.
"""

import fcntl
import re
import shutil
import unicodedata
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from lamella.accounts.models import User
from lamella.cubes.models import Cube, Labels, Upload, VolumeState
from lamella.studies.models import Study

PIECE = 16 * 2**20
"""The most bytes that one request may bring."""
_READ = 2**20
_LONGEST_NAME = 120
# Never fill a disk that the database may live on.
_LEFT_FREE = 2**30


class Readable(Protocol):
    """The body of a request, or a file."""

    def read(self, size: int, /) -> bytes: ...


class UploadError(Exception):
    """The file cannot be taken; the text says why in one sentence. ``status`` is HTTP's."""

    def __init__(self, sentence: str, status: int = 422) -> None:
        super().__init__(sentence)
        self.status = status


class WrongOffsetError(Exception):
    """A piece does not begin where the last one ended; ``received`` is where that is."""

    def __init__(self, received: int) -> None:
        super().__init__(f"The file goes on at byte {received}.")
        self.received = received


def begin(study: Study, user: User, *, filename: str, size: int) -> Upload:
    """A place for a file of ``size`` bytes. Raises UploadError where it is too large."""
    name = safe_name(filename)
    if size < 1:
        raise UploadError(f"{name} is empty: it has no bytes at all.")
    if size > settings.MAX_UPLOAD_BYTES:
        raise UploadError(
            f"{name} has {gib(size)}, more than the {gib(settings.MAX_UPLOAD_BYTES)} that this "
            "server takes from a browser; ask its admin to read it from a folder.",
            413,
        )
    if size > _room():
        raise UploadError(
            f"The server's disk has no room for the {gib(size)} of {name}; "
            "ask its admin to make some.",
            507,
        )
    upload = Upload(study=study, user=user, filename=name, size=size)
    place = path_of(upload)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.touch()
    upload.save(force_insert=True)
    return upload


def append(upload: Upload, offset: int, piece: bytes) -> Upload:
    """Store the next bytes of a file. Raises WrongOffsetError, UploadError."""
    with _locked(upload) as file:
        upload.refresh_from_db()
        if offset != upload.received:
            raise WrongOffsetError(upload.received)
        if offset + len(piece) > upload.size:
            raise UploadError(
                f"{upload.filename} was announced with {upload.size} bytes, but has more; "
                "send it anew."
            )
        file.seek(offset)
        file.write(piece)
        file.flush()
        received = offset + len(piece)
        Upload.objects.filter(pk=upload.pk, received=offset).update(
            received=received, complete=received == upload.size, touched=timezone.now()
        )
    upload.refresh_from_db()
    return upload


def receive(study: Study, user: User, *, filename: str, size: int, stream: Readable) -> Upload:
    """A whole file from the body of one request; nothing stays where it breaks off."""
    upload = begin(study, user, filename=filename, size=size)
    try:
        received = 0
        with _locked(upload) as file:
            while data := stream.read(min(_READ, size - received)):
                file.write(data)
                received += len(data)
        if received != size:
            raise UploadError(f"{upload.filename} was cut short on its way; send it again.")
    except BaseException:
        remove(upload)
        raise
    Upload.objects.filter(pk=upload.pk).update(received=size, complete=True)
    upload.refresh_from_db()
    return upload


def path_of(upload: Upload) -> Path:
    """Where the file lies; its name is safe, its folder the upload's own."""
    return Path(settings.UPLOAD_DIR) / str(upload.pk) / safe_name(upload.filename)


def touch(upload: Upload) -> None:
    """Note that the file is still wanted."""
    Upload.objects.filter(pk=upload.pk).update(touched=timezone.now())


def remove(upload: Upload) -> None:
    Upload.objects.filter(pk=upload.pk).delete()
    shutil.rmtree(path_of(upload).parent, ignore_errors=True)


def clean_stale(now: datetime | None = None) -> int:
    """Remove files that nobody goes on with and no job is reading; returns how many.

    Folders whose upload is known no more, for instance because its study was deleted, go too.
    Called by the scheduler; running it twice at once is harmless.
    """
    before = (now or timezone.now()) - settings.UPLOAD_KEPT
    removed = 0
    for upload in Upload.objects.filter(touched__lt=before):
        if not in_use(upload):
            remove(upload)
            removed += 1
    removed += sum(_remove_older(folder, before) for folder in _without_upload())
    # What a killed process had unpacked.
    for folder in (Path(settings.UPLOAD_DIR) / "unpacked").glob("lamella-*"):
        _remove_older(folder, before)
    return removed


def _remove_older(folder: Path, before: datetime) -> bool:
    try:
        if folder.stat().st_mtime >= before.timestamp():
            return False
    except FileNotFoundError:  # another scheduler was quicker
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _without_upload() -> list[Path]:
    """The folders of uploads (their names are ids) that have no row."""
    root = Path(settings.UPLOAD_DIR)
    folders = {path.name: path for path in root.glob("????????-????-????-????-????????????")}
    known = {str(pk) for pk in Upload.objects.values_list("pk", flat=True)}
    return [path for name, path in folders.items() if name not in known]


def in_use(upload: Upload) -> bool:
    """Whether a cube or labels that wait to be read come from this file."""
    pending = [VolumeState.WAITING, VolumeState.INGESTING]
    source = {"source__upload": str(upload.pk), "state__in": pending}
    return Cube.objects.filter(**source).exists() or Labels.objects.filter(**source).exists()


def safe_name(filename: str) -> str:
    """A file name without folders or odd signs, which keeps its endings; never empty."""
    base = unicodedata.normalize("NFKC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    clean = re.sub(r"[^\w.\- ()]", "_", base).strip(" .")
    if len(clean) > _LONGEST_NAME:
        clean = clean[: _LONGEST_NAME // 2] + clean[-_LONGEST_NAME // 2 :]
    # Nothing hidden, and still there after all of its signs were stripped.
    return clean or f"file-{uuid.uuid4().hex[:8]}"


def gib(size: int) -> str:
    """A number of bytes in words."""
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"


def _room() -> int:
    """Bytes that are free, less what files on their way have been promised."""
    folder = Path(settings.UPLOAD_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    promised = Upload.objects.filter(complete=False).aggregate(left=Sum(F("size") - F("received")))[
        "left"
    ]
    return shutil.disk_usage(folder).free - int(promised or 0) - _LEFT_FREE


@contextmanager
def _locked(upload: Upload) -> Iterator[BinaryIO]:
    """The file, open for writing by this process alone. Raises UploadError if it is gone."""
    try:
        file = path_of(upload).open("r+b")
    except FileNotFoundError:
        raise UploadError(
            f"{upload.filename} was removed because nobody went on with it; send it anew.", 404
        ) from None
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
