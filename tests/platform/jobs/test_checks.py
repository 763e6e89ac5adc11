from pathlib import Path

import pytest
from django.conf import settings

from lamella.jobs import checks

MOUNTS = r"""
22 1 254:1 / / rw,relatime - ext4 /dev/vda1 rw
23 22 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw
40 22 0:41 / /home rw,relatime shared:5 - nfs4 server:/home rw,vers=4.2
41 40 254:2 / /home/local rw,relatime - xfs /dev/vdb1 rw
42 22 0:44 / /mnt/lab\040share rw,relatime - cifs //nas/lab rw
43 22 0:45 / /mnt/ssh rw,nosuid - fuse.sshfs dana@host:/ rw
44 22 0:46 / /mnt/vm rw - 9p share rw,trans=virtio
45 22 0:47 / /mnt/overlay rw - overlay overlay rw
46 22 0:48 / /mnt/covered rw - ext4 /dev/vdc rw
47 46 0:49 / /mnt/covered rw - nfs server:/x rw
48 22 0:50 / /mnt/ntfs rw - fuse.ntfs-3g /dev/vdd rw
a line that nobody understands
"""


def refused(path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The message that a database at this path gets, or nothing."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    monkeypatch.setattr(checks, "MOUNTS", mounts)
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": path}
    monkeypatch.setattr(settings, "DATABASES", {"default": database})
    found = checks.check_sqlite_is_local(None)
    return f"{found[0].msg} {found[0].hint}" if found else ""


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/home/dana/db.sqlite3", "nfs4 at /home"),
        ("/mnt/lab share/db.sqlite3", "cifs at /mnt/lab share"),
        ("/mnt/ssh/x/db.sqlite3", "fuse.sshfs"),
        ("/mnt/vm/db.sqlite3", "9p"),
        ("/mnt/covered/db.sqlite3", "nfs at /mnt/covered"),
    ],
)
def test_sqlite_on_a_network_file_system_is_refused_with_the_mount_and_a_way_out(
    path: str, named: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    message = refused(path, monkeypatch, tmp_path)
    assert named in message
    assert path in message
    assert "DATABASE_URL" in message


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/db.sqlite3",
        "/home/local/db.sqlite3",
        "/homework/db.sqlite3",
        "/mnt/overlay/db.sqlite3",
        "/mnt/ntfs/db.sqlite3",
        ":memory:",
        "file:memorydb_default?mode=memory&cache=shared",
    ],
)
def test_sqlite_on_a_local_disk_or_in_memory_is_welcome(
    path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert refused(path, monkeypatch, tmp_path) == ""


def test_postgresql_may_be_anywhere_and_a_system_without_a_mount_table_is_not_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": "/home/x"}
    monkeypatch.setattr(settings, "DATABASES", {"default": database})
    assert checks.check_sqlite_is_local(None) == []
    database["ENGINE"] = "django.db.backends.sqlite3"
    monkeypatch.setattr(checks, "MOUNTS", tmp_path / "missing")
    assert checks.check_sqlite_is_local(None) == []
