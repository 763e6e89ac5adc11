"""From a server to an edited layer and back."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_lamella import work
from napari_lamella.client import Client
from napari_lamella.edits import SliceChoice
from napari_lamella.errors import LamellaError
from napari_lamella.progress import Progress, StoppedError
from napari_lamella.records import Cube
from tests.frontend.napari.conftest import droplets
from tests.frontend.napari.fake_server import SHAPE, VOXEL, FakeServer, write_cube

READY = {"id": 7, "state": "ready", "error": "", "role": "gold", "slices": [4]}
WAITING = READY | {"state": "waiting"}


def copied(dana: Client, cube: Cube, source: str | None) -> Labels:
    layer = work.edit_copy(dana, cube, source)
    assert isinstance(layer, Labels)
    return layer


def sending(cube: Cube, layer: Labels, **changed: Any) -> work.Sending:
    choices: dict[str, Any] = {
        "role": "gold",
        "name": "by hand",
        "choice": SliceChoice.EDITED,
        "origin": work.origin_of(layer),
    }
    return work.Sending(cube=cube, volume=layer.data, **(choices | changed))


def no_pause(seconds: float) -> None:
    """The fake server needs no time."""


def test_a_copy_is_the_proposal_at_full_resolution(dana: Client, cube: Cube) -> None:
    layer = copied(dana, cube, cube.proposal)
    np.testing.assert_array_equal(layer.data, droplets())
    assert layer.editable
    assert layer.data.dtype == np.uint8
    assert tuple(layer.scale) == VOXEL


def test_painted_slices_come_back_as_gold(dana: Client, cube: Cube, server: FakeServer) -> None:
    server.states = [WAITING, READY]
    viewer = ViewerModel()
    layer = copied(dana, cube, cube.proposal)
    viewer.add_layer(layer)
    layer.brush_size = 5
    layer.paint((4, 100, 20), 1)
    said = work.send(dana, sending(cube, layer), pause=no_pause)
    assert said == "Labels of liver-3 (slices 4) are on the server, as gold."
    (received,) = server.received
    assert received.query == {"role": "gold", "name": "by hand", "slices": "4"}
    np.testing.assert_array_equal(received.volume[4], layer.data[4])
    assert received.volume[4, 100, 20] == 1
    assert not received.volume[[0, 1, 2, 3, 5]].any()
    assert 'PhysicalSizeZ="50.0"' in received.ome


def test_all_slices_can_be_sent_as_test_labels(
    dana: Client, cube: Cube, server: FakeServer
) -> None:
    server.states = [READY]
    layer = copied(dana, cube, cube.proposal)
    work.send(dana, sending(cube, layer, choice=SliceChoice.ALL, role="test"), pause=no_pause)
    (received,) = server.received
    assert received.query == {"role": "test", "name": "by hand"}
    np.testing.assert_array_equal(received.volume, droplets())


def test_seventy_thousand_ids_go_there_and_back(
    server: FakeServer, dana: Client, tmp_path: Path
) -> None:
    ids = np.arange(np.prod(SHAPE), dtype=np.uint32).reshape(SHAPE) % 70_001
    ids[0, 0, 0] = 2**32 - 1  # unsure
    write_cube(tmp_path, ids)
    server.root, server.label_dtype, server.states = tmp_path, "uint32", [READY]
    cube = dana.cubes("liver")[0]
    layer = copied(dana, cube, cube.proposal)
    ViewerModel().add_layer(layer)
    assert layer.data.dtype == np.uint32
    work.send(dana, sending(cube, layer, choice=SliceChoice.ALL), pause=no_pause)
    (received,) = server.received
    assert received.volume.dtype == np.uint32
    np.testing.assert_array_equal(received.volume, ids)


def test_an_empty_layer_can_be_painted_from_nothing(
    dana: Client, cube: Cube, server: FakeServer
) -> None:
    server.states = [READY]
    layer = copied(dana, cube, None)
    assert not layer.data.any()
    layer.data[2, 5:9, 5:9] = 1
    said = work.send(dana, sending(cube, layer), pause=no_pause)
    assert "slices 2" in said


def test_a_layer_of_another_cube_is_refused(dana: Client, cube: Cube) -> None:
    layer = copied(dana, cube, None)
    other = dana.cubes("liver")[1]
    with pytest.raises(LamellaError, match="made for another cube than liver-4"):
        work.send(dana, sending(other, layer))


def test_labels_without_a_name_are_refused(dana: Client, cube: Cube) -> None:
    with pytest.raises(LamellaError, match="name"):
        work.send(dana, sending(cube, copied(dana, cube, None), name="  "))


def test_the_servers_reason_for_refusing_labels_is_shown(
    dana: Client, cube: Cube, server: FakeServer
) -> None:
    reason = "The file labels.ome.tif holds the label 9, which is no class of the study."
    server.states = [READY | {"state": "failed", "error": reason}]
    layer = copied(dana, cube, cube.proposal)
    with pytest.raises(LamellaError, match="label 9, which is no class"):
        work.send(dana, sending(cube, layer, choice=SliceChoice.ALL), pause=no_pause)


def test_patience_ends_without_an_error(
    dana: Client, cube: Cube, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "PATIENCE_SECONDS", 3.0)
    server.states = [WAITING]
    layer = copied(dana, cube, cube.proposal)
    said = work.send(dana, sending(cube, layer, choice=SliceChoice.ALL), pause=no_pause)
    assert said == "Labels of liver-3 (all slices) arrived; the server is still reading them."


def test_stopping_leaves_nothing_on_the_server(
    dana: Client, cube: Cube, server: FakeServer
) -> None:
    layer = copied(dana, cube, cube.proposal)

    def stop(progress: Progress) -> None:
        if progress.message == "Packing the labels" and progress.done == 3:
            raise StoppedError("Stopped.")

    with pytest.raises(StoppedError):
        work.send(dana, sending(cube, layer, choice=SliceChoice.ALL), stop)
    assert not server.received


def test_progress_runs_from_the_first_slice_to_the_last(dana: Client, cube: Cube) -> None:
    seen: list[Progress] = []
    work.edit_copy(dana, cube, cube.proposal, seen.append)
    assert [(p.done, p.total) for p in seen] == [(z, SHAPE[0]) for z in range(SHAPE[0])]


def test_large_copies_lie_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "MEMORY_BYTES", 10)
    volume = work.blank((2, 4, 4), np.dtype(np.uint16))
    volume[1] = 7
    assert isinstance(volume, np.memmap)
    assert volume.sum() == 7 * 16


def test_a_connection_tells_its_studies(server: FakeServer) -> None:
    client, studies = work.connect(server.address, "danas-token")
    assert client.server == server.address
    assert [study.slug for study in studies] == ["liver", "embryo"]


def test_a_proposal_that_vanished_gives_one_sentence(
    dana: Client, cube: Cube, server: FakeServer, tmp_path: Path
) -> None:
    shutil.copytree(server.root / "image", tmp_path / "image")
    server.root = tmp_path
    with pytest.raises(LamellaError, match="no readable Zarr for the proposal of liver-3"):
        work.open_cube(dana, cube)
