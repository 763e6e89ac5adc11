"""The real napari with its dock, under Xvfb, in a process of its own."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest

import napari_lamella
from tests.frontend.napari.fake_server import TOKEN, FakeServer

DRIVER = Path(__file__).with_name("drive_viewer.py")
READY = {"id": 7, "state": "ready", "error": "", "role": "gold", "slices": [4]}


def qt_platform() -> str:
    """xcb, which draws with OpenGL, where its libraries are installed; else offscreen, which
    draws windows but no OpenGL, so that napari's canvas stays empty there."""
    pyside = find_spec("PySide6")
    assert pyside is not None
    assert pyside.origin is not None
    plugin = Path(pyside.origin).parent / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    try:
        ctypes.CDLL(str(plugin))
    except OSError:
        return "offscreen"
    return "xcb"


@pytest.mark.slow
def test_dana_opens_a_cube_edits_a_slice_and_sends_it(server: FakeServer, tmp_path: Path) -> None:
    if shutil.which("xvfb-run") is None:
        assert not os.environ.get("CI"), "CI needs xvfb-run (Debian package xvfb)"
        pytest.skip("no xvfb-run here (Debian package xvfb)")
    server.states = [READY | {"state": "ingesting"}, READY]
    platform = qt_platform()
    ran = subprocess.run(
        ["xvfb-run", "-a", "-s", "-screen 0 1600x1200x24", sys.executable, str(DRIVER),
         server.address, str(tmp_path)],
        env=os.environ
        | {
            "QT_QPA_PLATFORM": platform,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "PYTHONPATH": str(Path(napari_lamella.__file__).parent.parent),
            "LAMELLA_TOKEN": TOKEN,
            "XDG_CONFIG_HOME": str(tmp_path),  # nothing of the person who runs the test
            "NAPARI_CONFIG": "",
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    assert "TypeError" not in ran.stderr
    seen = json.loads(ran.stdout.splitlines()[-1])
    assert seen["said"] == [
        "⚠ The server refused the token; make a new one on your account page and enter it here.",
        "liver-3 is open; slices are read as you look at them.",
        "Labels of liver-3 (slices 4) are on the server, as gold.",
    ]
    assert seen["scale"] == [50.0, 4.0, 4.0]
    assert seen["layers"] == [
        "liver-3",
        "liver-3 proposal",
        "liver-3 patch scores",
        "liver-3 my labels",
    ]
    (received,) = server.received
    assert received.query["slices"] == "4"
    assert received.volume[4, 60, 60] == 1

    window = iio.imread(tmp_path / "window.png")[..., :3]
    assert len(np.unique(window.reshape(-1, 3), axis=0)) > 200
    if platform == "xcb":
        canvas = iio.imread(tmp_path / "canvas.png")[..., :3]
        assert canvas.std() > 20
        assert len(np.unique(canvas.reshape(-1, 3), axis=0)) > 200
