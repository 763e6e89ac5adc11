"""The dock widget: it shows a State, and runs long work in threads."""

import os
import threading
from collections.abc import Callable
from typing import Any

import napari
import numpy as np
from napari.layers import Labels, Layer
from napari.qt.threading import create_worker
from napari.settings import get_settings
from qtpy.QtCore import QSettings, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from napari_lamella import work
from napari_lamella.client import Client
from napari_lamella.errors import LamellaError
from napari_lamella.panels import CubePanel, SendPanel, ServerPanel, StatusPanel
from napari_lamella.progress import Progress, StoppedError
from napari_lamella.records import Cube, Study
from napari_lamella.state import State, cube_line

ADDRESS_SETTING = "server"


class LamellaDock(QScrollArea):
    """Connects, opens cubes, and sends labels back. One piece of work runs at a time."""

    _progress = Signal(object)

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.viewer = napari_viewer
        self.state = State()
        self._stop = threading.Event()
        self._busy = False
        self._settings = QSettings("Lamella", "napari")
        address = os.environ.get("LAMELLA_SERVER") or str(
            self._settings.value(ADDRESS_SETTING, "") or ""
        )
        self.server = ServerPanel(address, token_in_environment=bool(_environment_token()))
        self.cube = CubePanel(background=True)
        self.send = SendPanel()
        self.status = StatusPanel(self._ask_to_stop)
        self._arrange()
        self._listen()
        self._show()
        self.status.say("Connect to a server to see its studies.")

    def _arrange(self) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        for part in (self.server, self.cube, self.send, self.status):
            layout.addWidget(part)
        layout.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setMinimumWidth(340)

    def _listen(self) -> None:
        self._progress.connect(self.status.show_progress)
        self.server.connect_button.clicked.connect(self.connect_to_server)
        self.cube.study.currentIndexChanged.connect(self._study_chosen)
        self.cube.cubes.currentItemChanged.connect(self._cube_chosen)
        self.cube.cubes.itemDoubleClicked.connect(self.open_cube)
        self.cube.open.clicked.connect(self.open_cube)
        self.send.copy.clicked.connect(self.edit_copy)
        self.send.send.clicked.connect(self.send_labels)
        events = self.viewer.layers.events
        for event in (events.inserted, events.removed, events.reordered):
            event.connect(self._layers_changed)
        self.viewer.layers.events.inserted.connect(self._watch_name)

    # What a person does

    def connect_to_server(self) -> None:
        token = self.server.token.text() or _environment_token()
        self._run(work.connect, self.server.address.text(), token, then=self._connected)

    def refresh_cubes(self) -> None:
        client, study = self.state.client, self.state.study
        if client is not None and study is not None:
            slug = study.slug
            self._run(
                lambda _report: client.cubes(slug),
                then=lambda cubes: self._listed(slug, cubes),
            )

    def open_cube(self) -> None:
        client, cube = self.state.client, self.state.cube
        if self.state.can_open and client is not None and cube is not None:
            self._run(work.open_cube, client, cube, then=lambda made: self._opened(cube, made))

    def edit_copy(self) -> None:
        client, cube = self.state.client, self.state.opened
        name = self.send.source.currentData()
        if client is not None and cube is not None and name in self.state.copy_sources:
            source = self.state.copy_sources[name]
            self._run(work.edit_copy, client, cube, source, then=self._copied)

    def send_labels(self) -> None:
        client, cube, layer = self.state.client, self.state.opened, self._chosen_layer()
        if client is None or cube is None or layer is None or self.state.why_not_send:
            return
        sending = work.Sending(
            cube=cube,
            volume=layer.data,
            origin=work.origin_of(layer),
            role=self.send.role.currentData(),
            name=self.send.name.text(),
            choice=self.send.choice,
            listed=self.send.listed.text(),
        )
        self._run(work.send, client, sending, then=self.status.say)

    # What comes of it

    def _connected(self, answer: tuple[Client, list[Study]]) -> None:
        client, studies = answer
        self._settings.setValue(ADDRESS_SETTING, client.server)
        self.server.address.setText(client.server)
        self.state = self.state.connected(client, studies)
        plain = "" if client.encrypted else " The connection is not encrypted (http)."
        if studies:
            self.status.say(f"Connected to {client.server}.{plain}")
        else:
            self.status.say(f"Connected, but you are in no study of {client.server}.{plain}")
        self._show()
        self.refresh_cubes()

    def _listed(self, slug: str, cubes: list[Cube]) -> None:
        self.state = self.state.listed(slug, cubes)
        if cubes:
            self.status.say("Choose a cube and open it.")
        else:
            self.status.say("This study has no cubes yet.")
        self._show()

    def _opened(self, cube: Cube, layers: list[Layer]) -> None:
        if self.cube.background.isChecked():
            get_settings().experimental.async_ = True
        for layer in layers:
            self.viewer.add_layer(layer)
        self.viewer.scale_bar.visible = True
        self.state = self.state.opened_cube(cube)
        self.status.say(f"{cube.name} is open; slices are read as you look at them.")
        self._show()

    def _copied(self, layer: Labels) -> None:
        # What the copy was made from would shine through it.
        for other in self.viewer.layers:
            if isinstance(other, Labels) and not isinstance(other.data, np.ndarray):
                other.visible = False
        self.viewer.add_layer(layer)
        self.viewer.layers.selection.active = layer
        self.send.show_layers(self._sendable_names(), layer.name)
        self.status.say("Edit the new layer, then send it back.")
        self._show()

    def _study_chosen(self) -> None:
        self.state = self.state.chose_study(str(self.cube.study.currentData()))
        self._show()
        self.refresh_cubes()

    def _cube_chosen(self) -> None:
        self.state = self.state.chose_cube(self.cube.chosen_cube())
        self._show_enabled()

    # Layers of the viewer

    def _sendable(self) -> list[Labels]:
        """Labels in memory; those that are read from the server lazily are not for sending."""
        return [
            layer
            for layer in self.viewer.layers
            if isinstance(layer, Labels) and isinstance(layer.data, np.ndarray)
        ]

    def _sendable_names(self) -> list[str]:
        return [layer.name for layer in self._sendable()]

    def _chosen_layer(self) -> Labels | None:
        name = self.send.layer.currentData()
        return next((layer for layer in self._sendable() if layer.name == name), None)

    def _layers_changed(self, *_: object) -> None:
        self.send.show_layers(self._sendable_names(), self.send.layer.currentData())
        self._show_enabled()

    def _watch_name(self, event: Any) -> None:
        event.value.events.name.connect(self._layers_changed)

    # Showing

    def _show(self) -> None:
        state = self.state
        self.cube.show_studies(
            ((study.slug, study.title) for study in state.studies),
            state.study.slug if state.study else None,
        )
        self.cube.question.setText(state.study.question if state.study else "")
        self.cube.show_cubes(
            ((cube.id, cube_line(cube), cube.ready) for cube in state.cubes),
            state.cube.id if state.cube else None,
        )
        self.send.show_sources(state.copy_sources)
        self._layers_changed()

    def _show_enabled(self) -> None:
        free = not self._busy
        self.server.connect_button.setEnabled(free)
        self.cube.study.setEnabled(free and bool(self.state.studies))
        self.cube.cubes.setEnabled(free)
        self.cube.open.setEnabled(free and self.state.can_open)
        self.send.copy.setEnabled(free and bool(self.state.copy_sources))
        reason = self.state.why_not_send
        if not reason and self._chosen_layer() is None:
            reason = "Make an editable copy first."
        self.send.send.setEnabled(free and not reason)
        self.send.hint.setText(reason)
        self.send.hint.setVisible(bool(reason))
        self.status.show_busy(self._busy)

    # Threads

    def _run(self, function: Callable[..., Any], *args: Any, then: Callable[[Any], object]) -> None:
        """Run `function(*args, report)` off the viewer's thread, then `then(result)` on it."""
        if self._busy:
            return
        self._stop.clear()
        self._busy = True
        self._show_enabled()

        def report(progress: Progress) -> None:
            if self._stop.is_set():
                raise StoppedError("Stopped; nothing was changed.")
            self._progress.emit(progress)

        # An error is carried back as a value: napari's workers hide some (RuntimeError) and
        # report others twice.
        def outcome() -> tuple[Any, Exception | None]:
            try:
                return function(*args, report), None
            except Exception as fault:
                return None, fault

        def done(result: tuple[Any, Exception | None]) -> None:
            self._busy = False
            self._show_enabled()
            answer, fault = result
            if fault is None:
                then(answer)
            else:
                self._failed(fault)

        worker = create_worker(outcome, _start_thread=False)
        worker.returned.connect(done)
        worker.start()

    def _failed(self, fault: Exception) -> None:
        if isinstance(fault, LamellaError):
            self.status.say(str(fault), trouble=not isinstance(fault, StoppedError))
        else:
            self.status.say(
                f"A fault in the plugin stopped this ({type(fault).__name__}); napari's "
                "console has the details.",
                trouble=True,
            )
            raise fault

    def _ask_to_stop(self) -> None:
        self._stop.set()
        self.status.stop.setEnabled(False)


def _environment_token() -> str:
    return os.environ.get("LAMELLA_TOKEN", "")
