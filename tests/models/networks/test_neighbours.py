"""Known neighbours: what a slice is shown of them, in training and in prediction."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.config import NetworkConfig, PredictConfig
from models.networks.augment import augment, turn
from models.networks.data import WindowSampler
from models.networks.neighbours import (
    REACH,
    Neighbours,
    drift_of,
    gaps_met,
    make,
    nearness,
)
from models.networks.predict import predict
from models.networks.segmenter import Segmenter
from models.networks.train import train
from models.networks.types import TrainingCube, TrainingSlice
from tests.models.networks.toys import QUICK, SMALL, blobs, cube_of

ROWS, COLUMNS = np.arange(4), np.arange(6)

NOISE = 80.0
"""Of an image that hardly shows where its balls end, so that masks beside a slice help."""


def neighbours(known: dict[int, TrainingSlice], classes: tuple[int, ...] = (1,)) -> Neighbours:
    """Of a cube whose slice z has the intensity z / 100 everywhere."""
    return Neighbours(known, classes, lambda z: np.full((4, 6), z / 100, np.float16))


def plain(value: int) -> TrainingSlice:
    return TrainingSlice(np.full((4, 6), value, np.uint8))


def test_the_nearest_known_slice_on_either_side_is_shown() -> None:
    found = neighbours({2: plain(0), 4: plain(1), 8: plain(1)}).beside(5, ROWS, COLUMNS)
    below, above = found
    assert below[0] == pytest.approx(0.04, abs=1e-3)
    assert above[0] == pytest.approx(0.08, abs=1e-3)
    assert below[1].all()
    assert below[2] == pytest.approx(nearness(1))
    assert above[2] == pytest.approx(nearness(3))


def test_a_slice_is_never_shown_its_own_mask() -> None:
    found = neighbours({5: plain(1)}).beside(5, ROWS, COLUMNS)
    assert not found.any()


def test_nothing_is_shown_from_beyond_the_reach() -> None:
    one = neighbours({0: plain(1)})
    assert one.beside(REACH, ROWS, COLUMNS).any()
    assert not one.beside(REACH + 1, ROWS, COLUMNS).any()


def test_where_a_tile_ends_the_next_known_slice_takes_over() -> None:
    left = np.zeros((4, 6), np.bool_)
    left[:, :3] = True
    known = {
        4: TrainingSlice(np.ones((4, 6), np.uint8), left),
        3: TrainingSlice(np.zeros((4, 6), np.uint8)),
    }
    below = neighbours(known).beside(5, ROWS, COLUMNS)[0]
    assert below[1, :, :3].all()
    assert not below[1, :, 3:].any()
    assert below[2, 0].tolist() == pytest.approx([nearness(1)] * 3 + [nearness(2)] * 3)


def test_pixels_nobody_vouches_for_are_not_shown() -> None:
    labels = np.ones((4, 6), np.uint8)
    labels[0] = 255
    below = neighbours({4: TrainingSlice(labels)}).beside(5, ROWS, COLUMNS)[0]
    assert not below[:, 0].any()
    assert below[:, 1:].all()


@given(st.sets(st.integers(0, 29), min_size=1, max_size=29))
def test_gaps_are_those_of_the_slices_still_to_be_predicted(known: set[int]) -> None:
    found = gaps_met({z: TrainingSlice(WHOLE) for z in known}, (30, *WHOLE.shape))
    unknown = [z for z in range(30) if z not in known]
    assert len(found) == len(unknown)
    for z, (below, above) in zip(unknown, found.tolist(), strict=True):
        lower, higher = [k for k in known if k < z], [k for k in known if k > z]
        assert below == (min(z - max(lower), REACH + 1) if lower else REACH + 1)
        assert above == (min(min(higher) - z, REACH + 1) if higher else REACH + 1)


def test_tiles_leave_gaps_beside_them_and_above() -> None:
    left = np.zeros((64, 64), np.bool_)
    left[:, :32] = True
    known = {z: TrainingSlice(np.zeros((64, 64), np.uint8), left) for z in (2, 4)}
    known[8] = TrainingSlice(np.zeros((64, 64), np.uint8))
    found = gaps_met(known, (9, 64, 64))
    # On the right only slice 8 is known: there is nothing below any other.
    assert (found[:, 0] == REACH + 1).mean() > 0.5
    assert [1, 1] in found.tolist()
    assert [REACH + 1, 8] in found.tolist()


def test_a_cube_of_which_nothing_is_known_has_nothing_in_reach() -> None:
    assert (gaps_met({}, (5, 8, 8)) == REACH + 1).all()


WHOLE = np.zeros((8, 8), np.uint8)


def disc(radius: float, side: int = 64) -> NDArray[np.uint8]:
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    mask: NDArray[np.uint8] = (y**2 + x**2 < radius**2).astype(np.uint8)
    return mask


def test_drift_is_told_from_the_nearest_pairs() -> None:
    growing = {z: TrainingSlice(disc(10 + 2 * z)) for z in range(5)}
    still = {z: TrainingSlice(disc(10)) for z in range(5)}
    assert 1.0 < drift_of(growing, [1]) < 3.0
    assert drift_of(still, [1]) < 0.3
    assert drift_of({0: TrainingSlice(disc(10))}, [1]) == drift_of({}, [1])


def test_a_made_neighbour_moves_as_far_as_it_is_told_to() -> None:
    mask = torch.from_numpy(disc(20)).float()
    target = torch.stack([1 - mask, mask])
    weight = torch.ones(1, 64, 64)

    def moved(slices: int, drift: float) -> float:
        found = [
            make(mask, target, weight, slices, drift, np.random.default_rng(seed))[1]
            for seed in range(20)
        ]
        # Area that changed, over the outline's length, is the mean way the outline went.
        return float(np.mean([(m - mask).abs().sum() for m in found])) / (2 * np.pi * 20)

    assert moved(1, 1.0) == pytest.approx(1.0, abs=0.35)
    assert moved(1, 0.5) < moved(1, 1.0) < moved(3, 1.0)


def test_a_made_neighbour_knows_nothing_where_its_slice_knows_nothing() -> None:
    weight = torch.zeros(1, 64, 64)
    weight[:, :, :20] = 1.0
    mask = torch.ones(64, 64)
    found = make(mask, torch.stack([0 * mask, mask]), weight, 1, 0.2, np.random.default_rng(0))
    assert found[:, :, :17].any()
    assert not found[:, :, 23:].any()


def sampler(cube: TrainingCube, **changes: Any) -> WindowSampler:
    return WindowSampler([cube], [1], dataclasses.replace(QUICK, windows=12, **changes), {}, 8)


def test_training_shows_real_made_and_no_neighbours_as_the_settings_say() -> None:
    image, labels = blobs()
    cube = cube_of(image, labels, [2, 5, 8, 11])

    def drawn(**changes: float) -> Any:
        batch = sampler(cube, **changes).draw(np.random.default_rng(1))
        return batch.beside[:, :, -1].amax((-1, -2)) > 0, batch.made > 0

    real, made = drawn(made_neighbours=0.0, hidden_neighbours=0.0)
    assert real.any()
    assert not made.any()
    real, made = drawn(made_neighbours=1.0, hidden_neighbours=0.0)
    assert not real.any()
    assert made.any()
    real, made = drawn(made_neighbours=0.5, hidden_neighbours=1.0)
    assert not real.any()
    assert not made.any()


def test_made_neighbours_stand_at_gaps_that_will_be_met() -> None:
    image, labels = blobs()
    every_third = sampler(cube_of(image, labels, [0, 3, 6, 9, 12, 15]), made_neighbours=1.0)
    made = every_third.draw(np.random.default_rng(0)).made
    assert set(made.flatten().tolist()) <= {0, 1, 2}


def test_neighbours_follow_their_slices_when_turned_and_mirrored() -> None:
    _, labels = blobs(count=12)
    still = np.repeat(labels[8:9], 16, axis=0)  # the same outline in every slice
    cube = TrainingCube(still * 100, 0.0, 100.0, {z: TrainingSlice(still[z]) for z in (4, 7, 9)})
    config = dataclasses.replace(QUICK, rotation=30.0, zoom=0.2)
    compared = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        batch = turn(sampler(cube, made_neighbours=0.0).draw(rng), config, rng)
        for i, side in torch.nonzero(batch.beside[:, :, -1].amax((-1, -2))).tolist():
            picture, mask, near = batch.beside[i, side]
            inside = near > 0.99 * near.max()
            assert (mask - batch.target[i, 1])[inside].abs().max() < 0.05
            assert ((picture + 1) / 2 - mask)[inside].abs().max() < 0.05
            compared += 1
    assert compared > 10


def test_augmented_neighbours_show_nothing_where_nothing_is_known() -> None:
    image, labels = blobs()
    rng = np.random.default_rng(0)
    batch = augment(sampler(cube_of(image, labels, [3, 8])).draw(rng), QUICK, rng)
    nothing = batch.beside[:, :, -1:] == 0
    assert (batch.beside * nothing == 0).all()
    assert torch.isfinite(batch.beside).all()


def test_what_is_known_beside_a_slice_changes_its_prediction() -> None:
    torch.manual_seed(0)
    segmenter = Segmenter(SMALL).eval()
    image = torch.randn(1, 1, 24, 24)
    at, beside = torch.tensor([0]), torch.zeros(1, 2, 3, 24, 24)
    alone = segmenter.select(image, at, at, beside)
    beside[:, 0, 1:] = 1.0
    assert (segmenter.select(image, at, at, beside) - alone).abs().max() > 1e-4


def test_a_network_without_neighbours_has_no_weights_for_them() -> None:
    bare = Segmenter(NetworkConfig(neighbours=False))
    assert not [name for name in bare.state_dict() if name.startswith("beside")]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    image, labels = blobs(noise=NOISE)
    folder = tmp_path_factory.mktemp("neighbours")
    cube = cube_of(image, labels, [1, 4, 7, 10, 13])
    settings = dataclasses.replace(QUICK, max_steps=120, windows=6)
    result = train([cube], [1], settings, checkpoint_dir=folder, network=SMALL)
    assert result.checkpoint is not None
    return result.checkpoint


def predicted(model: Path, known: dict[int, TrainingSlice], **changes: Any) -> NDArray[np.float32]:
    image, _ = blobs(seed=1, noise=NOISE)
    config = PredictConfig(block=4, halo=2, threads=1, **changes)
    blocks = predict(model, image, 40.0, 200.0, config, known=known)
    return np.concatenate([block.probabilities for block in blocks], axis=1)


def test_prediction_gains_from_what_is_known_beside(model: Path) -> None:
    _, labels = blobs(seed=1)
    known = {z: TrainingSlice(labels[z]) for z in range(0, 16, 3)}
    unknown = [z for z in range(16) if z not in known]
    truth = labels[unknown] == 1

    def error(shares: NDArray[np.float32]) -> float:
        return float(np.abs(shares[0, unknown] - truth).mean())

    assert error(predicted(model, known)) < 0.9 * error(predicted(model, {}))


@pytest.mark.parametrize("mirrors", [2, 4])
def test_a_mirrored_cube_has_the_mirrored_prediction(model: Path, mirrors: int) -> None:
    image, labels = blobs(seed=1)
    config = PredictConfig(block=16, threads=1, mirrors=mirrors)
    known = {z: TrainingSlice(labels[z]) for z in (1, 2, 7, 12)}
    turned = {15 - z: TrainingSlice(slice_.labels[:, ::-1]) for z, slice_ in known.items()}
    (plain,) = predict(model, image, 40.0, 200.0, config, known=known)
    (mirror,) = predict(model, image[::-1, :, ::-1], 40.0, 200.0, config, known=turned)
    there, back = mirror.probabilities[:, ::-1, :, ::-1], plain.probabilities
    np.testing.assert_allclose(there, back, atol=1e-5)
    assert plain.disagreement is not None
    assert plain.disagreement.max() > 0.0


def test_no_prediction_rests_on_the_slices_own_mask(model: Path) -> None:
    _, labels = blobs(seed=1)
    known = {z: TrainingSlice(labels[z]) for z in (2, 6, 11)}
    wrong = known | {6: TrainingSlice(1 - labels[6])}
    a, b = predicted(model, known), predicted(model, wrong)
    assert np.array_equal(a[:, 6], b[:, 6])
    assert not np.array_equal(a[:, 5], b[:, 5])


def test_mirrored_views_and_tiles_show_neighbours_in_their_place(model: Path) -> None:
    _, labels = blobs(seed=1)
    known = {z: TrainingSlice(labels[z]) for z in range(0, 16, 2)}
    whole = predicted(model, known)
    tiled = predicted(model, known, tile=32, overlap=16)
    mirrored = predicted(model, known, mirrors=4)
    assert np.abs(whole - tiled).mean() < 0.03
    assert np.abs(whole - mirrored).mean() < 0.03
