"""A server's process: what it has loaded does not cost somebody's page a pause."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
COUNTED = """
import gc
import lamella.config.wsgi
frozen, left = gc.get_freeze_count(), len(gc.get_objects())
print(frozen, left)
"""


def test_what_a_server_has_loaded_is_left_out_of_collections(tmp_path: Path) -> None:
    paths = os.pathsep.join((str(ROOT / "platform"), str(ROOT)))
    environment = {**os.environ, "PYTHONPATH": paths, "LAMELLA_DATA": str(tmp_path)}
    environment["DJANGO_SETTINGS_MODULE"] = "lamella.config.settings"
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COUNTED],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    frozen, left = map(int, found.stdout.split())
    assert frozen > 100_000
    assert left < frozen / 20
