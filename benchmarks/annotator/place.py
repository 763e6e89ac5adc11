"""A throw-away installation with the measured slices in it, and a server of its own."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.annotator.script import DEPTH, LARGE, SIDE, image, labels

ROOT = Path(__file__).resolve().parents[2]
SLUGS = {SIDE: "measured", LARGE: "measured-large"}
"""Of the study with a slice of this side."""
PERSON = "alice"


@dataclass(frozen=True)
class Place:
    """address: of the server."""

    address: str

    def path(self, side: int) -> str:
        """Of the correction page with a slice of this side."""
        return f"/studies/{SLUGS[side]}/correct/"


@contextmanager
def serving() -> Iterator[Place]:
    """Nothing of an installation is touched."""
    for folder in (ROOT / "platform", ROOT):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    with tempfile.TemporaryDirectory(prefix="lamella-annotator-") as data:
        os.environ["LAMELLA_DATA"] = data
        os.environ["LAMELLA_BROKER_URL"] = "memory://"
        os.environ["DJANGO_SETTINGS_MODULE"] = "lamella.config.settings"
        _prepare()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with (Path(data) / "server.log").open("wb") as log:
            server = subprocess.Popen(
                [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                _wait_for(port, server, Path(data) / "server.log")
                yield Place(f"http://127.0.0.1:{port}")
            finally:
                server.terminate()
                server.wait(20)


def _prepare() -> None:
    """Studies of one cube each, and more tasks on its middle slice than visits are measured."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests import factories as make

    call_command("migrate", verbosity=0)
    alice = make.make_user(PERSON)
    for side, slug in SLUGS.items():
        study = make.make_study(slug, alice=alice, slug=slug, redundancy=1)
        cube = make.make_cube(study, "slice", voxels=image(side))
        proposal = make.make_proposal(cube, labels=np.stack([labels(side)] * DEPTH))
        for number in range(8):
            opened = make.make_round(study, number, state="closed" if number else "open")
            make.make_task(cube, opened, z=DEPTH // 2, proposal=proposal)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    # Patient: a machine that is busy takes minutes to start it.
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=5)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.5)
    said = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"The server did not come up; it said: {said or 'nothing'}")
