"""Streaming prediction: blocks, tiles, memory, and where it resumes."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.config import PredictConfig
from models.networks import stream
from models.networks.checkpoint import Checkpoint
from models.networks.predict import PredictedBlock, block_depth, predict, views_of
from models.networks.tiles import Box, ramp, spans
from models.networks.types import scale_intensity
from tests.models.networks.toys import SMALL, Spy, blobs, untrained

CONFIG = PredictConfig(block=4, halo=4, tile=64, overlap=16, threads=1, mirrors=1)


@pytest.fixture(scope="module")
def model() -> Checkpoint:
    return untrained(dataclasses.replace(SMALL, classes=2))


def whole(blocks: list[PredictedBlock]) -> NDArray[np.float32]:
    return np.concatenate([block.probabilities for block in blocks], axis=1)


def test_windows_predict_what_one_pass_over_the_cube_predicts(model: Checkpoint) -> None:
    image, _ = blobs((13, 40, 44))
    found = whole(list(predict(model, image, 40.0, 200.0, CONFIG)))
    scaled = torch.from_numpy(scale_intensity(image, 40.0, 200.0))[None]
    with torch.no_grad():
        expected = torch.softmax(model.segmenter(scaled), dim=1)[0, 1:].numpy()
    assert found.shape == (2, 13, 40, 44)
    np.testing.assert_allclose(found, expected, atol=0.01)
    everything = dataclasses.replace(CONFIG, block=16, mirrors=1, precision="float32")
    in_one = whole(list(predict(model, image, 40.0, 200.0, everything)))
    np.testing.assert_allclose(in_one, expected, atol=1e-5)


def test_small_slices_go_through_together_as_they_do_one_by_one(
    model: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, _ = blobs((13, 40, 44))
    config = dataclasses.replace(CONFIG, block=13, mirrors=2)
    assert stream.at_once(stream.DECODED_AT_ONCE, 40, 44) > 13
    together = whole(list(predict(model, image, 40.0, 200.0, config)))
    monkeypatch.setattr(stream, "SIDE_AT_ONCE", 1)
    one_by_one = whole(list(predict(model, image, 40.0, 200.0, config)))
    np.testing.assert_allclose(together, one_by_one, atol=1e-6)


@pytest.mark.parametrize("side", [8, 64, 100, 200, 320, 512])
def test_what_goes_through_together_is_no_larger_than_the_largest_tiles(side: int) -> None:
    slices = stream.at_once(4, side, side)
    assert slices >= 4
    assert slices == 4 or slices * side**2 <= 4 * stream.SIDE_AT_ONCE**2


def test_prediction_resumes_at_a_block_with_the_same_result(model: Checkpoint) -> None:
    image, _ = blobs((11, 40, 44))
    blocks = list(predict(model, image, 40.0, 200.0, CONFIG))
    again = list(predict(model, image, 40.0, 200.0, CONFIG, start=8))
    assert [block.z0 for block in blocks] == [0, 4, 8]
    assert [block.z0 for block in again] == [8]
    np.testing.assert_array_equal(blocks[2].probabilities, again[0].probabilities)


def test_a_model_trained_without_flips_is_not_asked_about_mirrored_images(
    model: Checkpoint,
) -> None:
    config = dataclasses.replace(CONFIG, mirrors=4)
    upright = dataclasses.replace(model.meta, training={"flips": False})
    assert len(views_of(model, config)) == 4
    assert views_of(dataclasses.replace(model, meta=upright), config) == ((),)
    with pytest.raises(ValueError, match="1, 2, 4"):
        views_of(model, dataclasses.replace(CONFIG, mirrors=3))


def test_a_start_inside_a_block_is_refused(model: Checkpoint) -> None:
    image, _ = blobs()
    with pytest.raises(ValueError, match="multiples of 4"):
        next(predict(model, image, 40.0, 200.0, CONFIG, start=3))


@pytest.mark.parametrize("depth", [16, 64])
def test_slices_read_at_once_do_not_grow_with_the_cube(model: Checkpoint, depth: int) -> None:
    spy = Spy(np.zeros((depth, 24, 24), np.uint8))
    for _ in predict(model, spy, 0.0, 255.0, CONFIG):
        pass
    assert spy.most == CONFIG.block + 2 * CONFIG.halo
    assert spy.seen == set(range(depth))


def test_large_slices_make_short_blocks() -> None:
    config = PredictConfig(block=16, block_megabytes=64)
    assert block_depth((100, 512, 512), 1, config) == 16
    assert block_depth((100, 4096, 4096), 1, config) == 1
    assert block_depth((100, 1024, 1024), 2, config) == 8


def test_tiles_blend_without_seams(model: Checkpoint) -> None:
    flat = np.full((3, 150, 170), 120, np.uint8)
    found = whole(list(predict(model, flat, 40.0, 200.0, CONFIG)))
    assert np.isfinite(found).all()
    inner = found[:, 1, 24:-24, 24:-24]
    assert np.abs(np.diff(inner, axis=-1)).max() < 0.05


@pytest.mark.parametrize(("length", "tile", "overlap"), [(10, 64, 8), (65, 64, 8), (500, 64, 16)])
def test_tiles_cover_an_axis_and_their_weights_never_vanish(
    length: int, tile: int, overlap: int
) -> None:
    total = torch.zeros(length)
    for start, stop in spans(length, tile, overlap):
        assert 0 <= start < stop <= length
        assert stop - start <= tile
        total[start:stop] += ramp(start, stop, length, overlap)
    assert total.min() > 0.05


def test_how_far_views_differ_is_told_by_patch(model: Checkpoint) -> None:
    image, _ = blobs((5, 40, 70))
    for block in predict(model, image, 40.0, 200.0, dataclasses.replace(CONFIG, mirrors=4)):
        assert block.disagreement is not None
        assert block.disagreement.shape == (block.probabilities.shape[1], 2, 3)
        assert block.disagreement.dtype == np.float32
        assert ((block.disagreement >= 0) & (block.disagreement <= 1)).all()
    assert next(predict(model, image, 40.0, 200.0, CONFIG)).disagreement is None


def test_a_cube_of_other_pixels_is_resampled_and_comes_back_in_its_own(model: Checkpoint) -> None:
    image, _ = blobs((3, 41, 60))
    for voxel_size in ((1.0, 2.0, 2.0), (1.0, 0.5, 0.5)):
        config = dataclasses.replace(CONFIG, mirrors=2)
        block = next(predict(model, image, 40.0, 200.0, config, voxel_size=voxel_size))
        assert block.probabilities.shape == (2, 3, 41, 60)
        assert block.disagreement is not None
        assert block.disagreement.shape == (3, 2, 2)
    same = next(predict(model, image, 40.0, 200.0, CONFIG, voxel_size=(9.0, 1.0, 1.0)))
    plain = next(predict(model, image, 40.0, 200.0, CONFIG))
    np.testing.assert_array_equal(same.probabilities, plain.probabilities)


@pytest.mark.parametrize("image", [np.zeros((1, 9, 7)), np.full((2, 16, 16), np.nan)])
def test_degenerate_cubes_are_predicted_without_nan(
    model: Checkpoint, image: NDArray[np.float64]
) -> None:
    for block in predict(model, image, 0.0, 0.0, dataclasses.replace(CONFIG, mirrors=2)):
        assert np.isfinite(block.probabilities).all()
        assert block.disagreement is not None
        assert np.isfinite(block.disagreement).all()


def test_a_path_is_loaded_and_a_broken_one_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"nonsense that is long enough")
    with pytest.raises(ValueError, match="damaged"):
        next(predict(tmp_path / "x", np.zeros((1, 8, 8)), 0.0, 1.0, CONFIG))


@pytest.mark.parametrize("mirrors", [1, 2])
def test_what_is_wanted_of_a_few_slices_is_the_same_as_in_the_whole_cube(
    model: Checkpoint, mirrors: int
) -> None:
    image, _ = blobs()
    config = PredictConfig(block=4, halo=2, tile=24, overlap=8, mirrors=mirrors, threads=1)
    every = {b.z0: b.probabilities for b in predict(model, image, 40.0, 200.0, config)}
    size = image.shape[1:]
    corner, whole = Box(3, 20, 30, size[1]), Box(0, size[0], 0, size[1])
    only = {5: [corner, Box(0, 4, 0, 4)], 13: [whole], 14: []}
    some = {b.z0: b.probabilities for b in predict(model, image, 40.0, 200.0, config, only=only)}
    assert list(some) == [4, 12]
    for z, boxes in only.items():
        mine, theirs = some[z - z % 4][:, z % 4], every[z - z % 4][:, z % 4]
        for y0, y1, x0, x1 in boxes:
            np.testing.assert_array_equal(mine[:, y0:y1, x0:x1], theirs[:, y0:y1, x0:x1])
    assert not some[4][:, [0, 2, 3]].any()
    assert not some[12][:, 2].any()


def test_places_are_found_at_the_pixels_of_the_model_too(model: Checkpoint) -> None:
    image, _ = blobs()
    config = PredictConfig(block=4, halo=2, tile=16, overlap=4, mirrors=1, threads=1)
    voxels = (9.0, 0.6, 0.6)
    every = {
        b.z0: b.probabilities for b in predict(model, image, 40.0, 200.0, config, voxel_size=voxels)
    }
    only = {6: [Box(10, 14, 20, 31)]}
    (found,) = predict(model, image, 40.0, 200.0, config, only=only, voxel_size=voxels)
    np.testing.assert_array_equal(
        found.probabilities[:, 2, 10:14, 20:31], every[4][:, 2, 10:14, 20:31]
    )
