"""Run by test_viewer in a process of its own: a person's way through the dock, in real napari.

Arguments: server address, folder for screenshots. Prints one JSON line of what was seen.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import napari
import numpy as np
from npe2 import PluginManager, PluginManifest
from qtpy.QtWidgets import QApplication

import napari_lamella
from napari_lamella.edits import SliceChoice
from napari_lamella.widget import LamellaDock

PATIENCE = 120.0


def wait_for(what: str, condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(what)
        QApplication.processEvents()
        time.sleep(0.01)


def main(address: str, folder: Path) -> None:
    manifest = Path(napari_lamella.__file__).with_name("napari.yaml")
    PluginManager.instance().register(PluginManifest.from_file(manifest))
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1400, 1000)
    _, dock = viewer.window.add_plugin_dock_widget("napari-lamella", "Lamella")
    assert isinstance(dock, LamellaDock)
    said: list[str] = []

    def idle() -> bool:
        return not dock._busy

    dock.server.address.setText(address)
    dock.server.token.setText("wrong")
    dock.server.connect_button.click()
    wait_for("the refusal", idle)
    said.append(dock.status.sentence.text())

    dock.server.token.setText("")  # LAMELLA_TOKEN holds the right one
    dock.server.connect_button.click()
    wait_for("the cubes", lambda: idle() and bool(dock.state.cubes))
    dock.cube.open.click()
    wait_for("the cube", lambda: idle() and dock.state.opened is not None)
    said.append(dock.status.sentence.text())
    viewer.reset_view()
    wait_for("the slices", lambda: all(layer.loaded for layer in viewer.layers))

    dock.send.copy.click()
    wait_for("the copy", lambda: idle() and len(dock._sendable()) == 1)
    labels = dock._sendable()[0]
    labels.selected_label = 1
    viewer.dims.set_current_step(0, 4)
    labels.paint((4, 60, 60), 1)
    wait_for("the slices", lambda: all(layer.loaded for layer in viewer.layers))
    QApplication.processEvents()
    canvas = viewer.screenshot(path=str(folder / "canvas.png"), flash=False)
    viewer.screenshot(path=str(folder / "window.png"), canvas_only=False, flash=False)

    assert dock.send.choice is SliceChoice.EDITED
    dock.send.send.click()
    wait_for("the sending", idle)
    said.append(dock.status.sentence.text())
    seen = {
        "said": said,
        "layers": [layer.name for layer in viewer.layers],
        "scale": [float(size) for size in viewer.layers[0].scale],
        "canvas_spread": float(np.std(canvas[..., :3])),
        "colours": len(np.unique(canvas[..., :3].reshape(-1, 3), axis=0)),
    }
    sys.stdout.write(json.dumps(seen) + "\n")
    viewer.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
