"""A throw-away installation: its database, its store, and a server of its own."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from benchmarks.desks.bulk import Say
from benchmarks.desks.plan import StudyPlan, plans
from benchmarks.desks.sizes import Sizes

ROOT = Path(__file__).resolve().parents[2]
NAME = "lamella_bench"
# What docker-compose.yml gives its PostgreSQL.
TUNING = {"shared_buffers": "512MB", "effective_cache_size": "4GB", "random_page_cost": "1.1"}


@contextmanager
def installed(database: str, folder: Path, sizes: Sizes, say: Say) -> Iterator[list[StudyPlan]]:
    """Django is set up on a filled database ("postgres" or "sqlite") when this begins.

    What a folder holds already is used again where the generator has not changed since.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in (ROOT / "platform", ROOT):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
    os.environ["LAMELLA_DATA"] = str(folder)
    os.environ["LAMELLA_BROKER_URL"] = "memory://"
    os.environ["LAMELLA_LOG_LEVEL"] = "ERROR"
    os.environ["DJANGO_SETTINGS_MODULE"] = "lamella.config.settings"
    known = folder / "filled"
    stamp = f"{sizes} {_version()}"
    fresh = not known.exists() or known.read_text() != stamp
    if fresh and folder.exists():
        known.unlink(missing_ok=True)
        shutil.rmtree(folder / "store", ignore_errors=True)
        for old in folder.glob("lamella.sqlite3*"):
            old.unlink()
    with _database(database, folder, fresh=fresh):
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        if fresh:
            from benchmarks.desks.fill import fill
            from benchmarks.desks.store import make_store

            planned = fill(sizes, say=say)
            make_store(planned)
            known.write_text(stamp)
        else:
            planned = plans(sizes)
            say(f"the database in {folder} is used again")
        yield planned


def _version() -> str:
    """A hash of what makes the rows."""
    names = ("sizes", "plan", "people", "studies", "work", "gold", "masks", "store", "moments")
    sources = [(Path(__file__).parent / f"{name}.py").read_bytes() for name in names]
    return hashlib.sha256(b"".join(sources)).hexdigest()[:16]


@contextmanager
def _database(kind: str, folder: Path, *, fresh: bool) -> Iterator[None]:
    if kind == "sqlite":
        os.environ.pop("DATABASE_URL", None)
        yield
        return
    given = os.environ.get("LAMELLA_BENCH_DATABASE_URL", "")
    server = None if given else _start(folder / "postgres")
    address = given if server is None else server.get_uri()
    parts = urlsplit(address)
    import psycopg

    with psycopg.connect(address, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
        there = found.fetchone() is not None
        if there and fresh:
            connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        if fresh or not there:
            connection.execute(f"CREATE DATABASE {NAME}")
    os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{NAME}"))
    try:
        yield
    finally:
        from django.db import connections

        connections.close_all()
        if server is not None:
            server.cleanup()


def _start(folder: Path):  # type: ignore[no-untyped-def] # pgserver has no types
    """A PostgreSQL server of its own, tuned as the one of the deployment."""
    import logging

    from pgserver.postgres_server import get_server

    logging.getLogger("pgserver").setLevel(logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(str(folder), cleanup_mode="stop")
    conf = folder / "postgresql.auto.conf"
    if "shared_buffers" not in conf.read_text():
        for name, value in TUNING.items():
            server.psql(f"ALTER SYSTEM SET {name} = '{value}'")
        server.cleanup()  # some are read at the start alone
        server = get_server(str(folder), cleanup_mode="stop")
    return server


@contextmanager
def serving(folder: Path, *, workers: int, threads: int) -> Iterator[str]:
    """The address of a granian server of its own, as ``manage.py supervise`` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "server.log"
    paths = os.pathsep.join((str(ROOT / "platform"), str(ROOT)))
    with log.open("wb") as out:
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"),
                *("--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)),
                *("--blocking-threads", str(threads), "lamella.config.wsgi:application"),
            ],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, server, log)
            yield address
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    for _ in range(240):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{address}/accounts/login/", timeout=5).close()  # noqa: S310
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.25)
    said = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"The server did not come up; it said: {said or 'nothing'}")
