"""A check at each start: SQLite on a network file system loses data, so it is refused."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

TAG = "jobs"
MOUNTS = Path("/proc/self/mountinfo")

# File systems whose locks or shared memory do not hold between machines. The prefixes cover
# nfs4, smb3, fuse.sshfs and the like.
_NETWORK = re.compile(
    r"(nfs|cifs|smb|ncpfs|afs|9p|ceph|lustre|gpfs|beegfs|glusterfs|ocfs2|gfs2|orangefs|davfs"
    r"|fuse\.(sshfs|glusterfs|ceph|s3fs|rclone|davfs|smbnetfs|juicefs|goofys|gcsfuse|moosefs|mfs))"
)


def file_system_of(path: Path, mounts: str) -> tuple[str, Path] | None:
    """The type and the mount point of the file system that a path lies on.

    ``mounts`` is the text of ``/proc/self/mountinfo``. None if no mount point holds the path.
    """
    found: tuple[str, Path] | None = None
    for line in mounts.splitlines():
        left, separator, right = line.partition(" - ")
        fields, kind = left.split(" "), right.split(" ")[0]
        if not separator or len(fields) < 5:
            continue
        # The kernel writes spaces and the like as octal numbers: "\040".
        point = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4]))
        # The longest wins; of two on one point the later lies on top.
        deeper = found is None or len(point.parts) >= len(found[1].parts)
        if path.is_relative_to(point) and deeper:
            found = (kind, point)
    return found


def check_sqlite_is_local(app_configs: Sequence[Any] | None, **options: Any) -> list[CheckMessage]:
    """Refuse a SQLite database on a network file system (where the mounts can be read)."""
    database = settings.DATABASES["default"]
    name = str(database["NAME"])
    if not database["ENGINE"].endswith("sqlite3") or ":memory:" in name or "mode=memory" in name:
        return []
    try:
        mounts = MOUNTS.read_text(errors="surrogateescape")
    except OSError:
        return []
    path = Path(name).resolve()
    found = file_system_of(path, mounts)
    if found is None or not _NETWORK.match(found[0]):
        return []
    kind, point = found
    return [
        Error(
            f"The SQLite database {path} lies on a network file system ({kind} at {point}), "
            "where it would lose data.",
            hint="Set LAMELLA_DATA to a folder on a local disk, or DATABASE_URL to a PostgreSQL "
            "server.",
            id="jobs.E001",
        )
    ]
