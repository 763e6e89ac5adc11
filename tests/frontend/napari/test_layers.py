"""What is shown of a cube, in a viewer without a window."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

import napari_lamella
from napari_lamella import work
from napari_lamella.client import Client
from napari_lamella.errors import LamellaError
from napari_lamella.layers import class_colors, geometry, layers_for
from napari_lamella.omezarr import intensity_range, open_pyramid
from napari_lamella.records import Cube, LabelClass
from tests.frontend.napari.conftest import droplets
from tests.frontend.napari.fake_server import PATCH, SHAPE, VOXEL, FakeServer, phantom


def shown(dana: Client, cube: Cube) -> ViewerModel:
    viewer = ViewerModel()
    for layer in work.open_cube(dana, cube):
        viewer.add_layer(layer)
    return viewer


def test_image_proposal_and_patch_scores_are_layers(dana: Client, cube: Cube) -> None:
    kinds = [(spec.kind, spec.name) for spec in layers_for(cube, dana)]
    assert kinds == [
        ("image", "liver-3"),
        ("labels", "liver-3 proposal"),
        ("image", "liver-3 patch scores"),
    ]


def test_a_consensus_is_a_layer_too(dana: Client, server: FakeServer) -> None:
    server.extra = {"consensus": "/api/v1/cubes/1/zarr/labels", "patch_scores": None}
    names = [spec.name for spec in layers_for(dana.cubes("liver")[0], dana)]
    assert names == ["liver-3", "liver-3 proposal", "liver-3 consensus"]


def test_every_layer_lies_on_the_same_place_in_nanometres(dana: Client, cube: Cube) -> None:
    viewer = shown(dana, cube)
    image, proposal, scores = viewer.layers
    assert tuple(image.scale) == tuple(proposal.scale) == VOXEL
    assert tuple(scores.scale) == (VOXEL[0], VOXEL[1] * PATCH, VOXEL[2] * PATCH)
    for layer in viewer.layers:
        assert {str(unit) for unit in layer.units} == {"nanometer"}
    # With their half voxels the extents are the same to the edge.
    edges = [layer._extent_augmented.data for layer in viewer.layers]
    places = [layer._data_to_world(edge) for layer, edge in zip(viewer.layers, edges, strict=True)]
    np.testing.assert_allclose([np.ravel(place) for place in places], [np.ravel(places[0])] * 3)


def test_the_slice_shown_is_the_slice_on_the_server(dana: Client, cube: Cube) -> None:
    viewer = shown(dana, cube)
    for z in (0, 5):
        viewer.dims.set_current_step(0, z)
        image, proposal, _ = viewer.layers
        step = 2**image.data_level
        np.testing.assert_array_equal(image._data_view, phantom()[z, ::step, ::step])
        np.testing.assert_array_equal(proposal._slice.image.raw, droplets()[z, ::step, ::step])


def test_opening_and_looking_at_a_slice_reads_a_few_chunks_only(
    dana: Client, cube: Cube, server: FakeServer
) -> None:
    layers = work.open_cube(dana, cube)
    # Each layer reads one coarse slice when it is made; nothing of full resolution.
    assert not any("/0/c/" in path and "/scores/" not in path for path in server.asked)
    viewer = ViewerModel()
    for layer in layers:
        viewer.add_layer(layer)
    server.asked.clear()
    viewer.dims.set_current_step(0, 4)
    # One shard of the image and of the proposal: its index, and the slice's six chunks. The
    # scores are hidden, so nothing of them.
    asked = server.chunks_asked()
    assert {path.split("/zarr/")[1] for path in asked} == {
        "image/1/c/2/0/0",
        "labels/1/c/2/0/0",
    }
    assert max(asked.values()) <= 7
    viewer.layers["liver-3 patch scores"].visible = True
    assert sorted(server.chunks_asked() - asked) == [
        "/api/v1/cubes/1/zarr/scores/discriminator/c/4/0/0"
    ]


def test_zooming_in_reads_the_visible_tile_of_full_resolution(
    dana: Client, cube: Cube, server: FakeServer
) -> None:
    assert cube.image is not None
    full = open_pyramid(dana.store(cube.image), "the image").levels[0]
    server.asked.clear()
    tile = full[:, 0:32, 32:96][2, :, :]
    np.testing.assert_array_equal(np.asarray(tile), phantom()[2, 0:32, 32:96])
    assert dict(server.chunks_asked()) == {"/api/v1/cubes/1/zarr/image/0/c/1/0/0": 3}


def test_what_lies_on_the_server_cannot_be_painted_on(dana: Client, cube: Cube) -> None:
    proposal = shown(dana, cube).layers["liver-3 proposal"]
    assert isinstance(proposal, Labels)
    assert not proposal.editable


def test_doubtful_patches_glow(
    dana: Client, server: FakeServer, cube: Cube, tmp_path: Path
) -> None:
    def glow(cube: Cube) -> list[float]:
        colors = layers_for(cube, dana)[-1].options["colormap"]
        return [float(colors.map(np.array([score]))[0, 0]) for score in (0.0, 1.0)]

    assert glow(cube) == [1.0, 0.0]  # the discriminator's score is how real a patch looks
    shutil.copytree(server.root, tmp_path, dirs_exist_ok=True)
    (tmp_path / "scores" / "discriminator").rename(tmp_path / "scores" / "doubt")
    server.root = tmp_path
    assert glow(replace(cube, patch_scores=str(cube.image).replace("image", "scores/doubt"))) == [
        0.0,
        1.0,
    ]


def test_classes_have_the_studys_colours_and_unsure_is_grey() -> None:
    colors = class_colors((LabelClass(1, "droplet", "#E69F00"),))
    assert colors[1] == "#E69F00"
    assert colors[0] == "transparent"
    assert colors[255] == "#999999"


def test_the_intensity_range_is_the_recorded_one(dana: Client, cube: Cube) -> None:
    image = shown(dana, cube).layers["liver-3"]
    assert isinstance(image, Image)
    assert tuple(image.contrast_limits) == (20, 230)


def test_without_a_record_the_range_comes_from_coarse_slices(
    dana: Client, cube: Cube, server: FakeServer
) -> None:
    assert cube.proposal is not None
    pyramid = open_pyramid(dana.store(cube.proposal), "the labels")
    assert intensity_range(pyramid) == (0.0, 255.0)
    assert all("/labels/1/" in path for path in server.chunks_asked())


def test_channels_stay_an_axis_of_their_own() -> None:
    cube = _cube(unit="micrometer")
    placed = geometry(cube, extra_axes=1)
    assert placed["scale"] == (1.0, 2.0, 1.0, 1.0)
    assert placed["units"] == ("pixel", "micrometer", "micrometer", "micrometer")
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, 3, 4, 5)), **placed)
    viewer.add_labels(np.zeros((3, 4, 5), int), **geometry(cube))
    assert viewer.dims.ndim == 4


def test_an_unknown_unit_counts_in_pixels() -> None:
    assert geometry(_cube(unit=""))["units"] == ("pixel",) * 3


def test_a_cube_that_is_still_read_is_not_opened(dana: Client) -> None:
    second = dana.cubes("liver")[1]
    with pytest.raises(LamellaError, match=r"liver-4 is ingesting"):
        layers_for(second, dana)


def test_a_proposal_of_another_shape_is_refused(dana: Client, server: FakeServer) -> None:
    server.extra = {"shape": [6, 128, 190]}
    with pytest.raises(LamellaError, match=r"image of liver-3 has the shape"):
        layers_for(dana.cubes("liver")[0], dana)


def test_only_the_dock_imports_qt() -> None:
    folder = Path(napari_lamella.__file__).parent
    pure = sorted(
        f"napari_lamella.{path.stem}"
        for path in folder.glob("*.py")
        if path.stem not in ("__init__", "widget", "panels")
    )
    code = (
        f"import sys, importlib\nfor name in {pure!r}: importlib.import_module(name)\n"
        "from napari.components import ViewerModel; ViewerModel()\n"
        "qt = [m for m in sys.modules if m.startswith(('qtpy', 'PySide', 'PyQt'))]\n"
        "sys.exit(' '.join(qt) or 0)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(folder.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def _cube(unit: str) -> Cube:
    fields: dict[str, Any] = dict.fromkeys(("image", "proposal", "patch_scores", "consensus"), None)
    return Cube(
        id="1",
        name="cube",
        state="ready",
        shape=SHAPE,
        voxel_size=(2.0, 1.0, 1.0),
        unit=unit,
        classes=(),
        label_dtype="uint8",
        **fields,
    )
