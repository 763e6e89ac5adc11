"""Training windows: where they lie, what counts in them, what is read for them."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from models.crowd.shares import VoteShares
from models.networks.augment import augment, turn
from models.networks.data import SliceCache, WindowSampler, data_hash
from models.networks.types import TrainingCube, TrainingSlice, scale_intensity, target_of
from tests.models.networks.toys import QUICK, Spy, blobs, cube_of


def sampler_of(cube: TrainingCube, **changes: Any) -> WindowSampler:
    config = dataclasses.replace(QUICK, **changes)
    return WindowSampler([cube], [1], config, {}, stride=8)


def test_the_same_generator_state_draws_the_same_batch() -> None:
    image, labels = blobs()
    sampler = sampler_of(cube_of(image, labels, [3, 8, 12]))
    one, two = (sampler.draw(np.random.default_rng(5)) for _ in range(2))
    assert all(torch.equal(getattr(one, n), getattr(two, n)) for n in ("image", "target", "weight"))


def test_two_processes_draw_between_them_what_one_would() -> None:
    image, labels = blobs()
    sampler = sampler_of(cube_of(image, labels, [3, 8, 12]), windows=5, pixels=0)
    whole = sampler.draw(np.random.default_rng(5))
    parts = [sampler.draw(np.random.default_rng(5), rank, 2) for rank in range(2)]
    assert [len(part.image) for part in parts] == [3, 2]
    for rank, part in enumerate(parts):
        assert torch.equal(part.image, whole.image[rank::2])
        mine = whole.windows % 2 == rank
        assert torch.equal(part.windows, whole.windows[mine] // 2)
        assert torch.equal(part.target, whole.target[mine])
        assert torch.equal(part.beside, whole.beside[mine])
        assert torch.equal(part.made, whole.made[mine])


def test_targets_belong_to_the_slices_they_name() -> None:
    shape = (9, 32, 32)
    labels = (np.random.default_rng(0).random(shape) > 0.5).astype(np.uint8)
    cube = TrainingCube(labels * 100, 0.0, 100.0, {4: TrainingSlice(labels[4])})
    batch = sampler_of(cube).draw(np.random.default_rng(0))
    image = batch.image[batch.windows, batch.slices]
    torch.testing.assert_close((image + 1) / 2, batch.target[:, 1])


def test_targets_follow_their_slices_when_turned() -> None:
    _, labels = blobs(count=12)
    cube = TrainingCube(labels * 100, 0.0, 100.0, {z: TrainingSlice(labels[z]) for z in (4, 9)})
    config = dataclasses.replace(QUICK, rotation=30.0, zoom=0.2)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        batch = turn(sampler_of(cube).draw(rng), config, rng)
        picture = (batch.image[batch.windows, batch.slices] + 1) / 2
        off = (picture - batch.target[:, 1]).abs() * (batch.weight[:, 0] > 0.99)
        assert off.max() < 0.02


def test_unsure_pixels_and_other_tiles_never_count() -> None:
    labels = np.full((8, 8), 255, np.uint8)
    labels[:4] = 1
    tile = np.ones((8, 8), bool)
    tile[:, 4:] = False
    target, weight = target_of(TrainingSlice(labels, tile), [1])
    assert weight[:4, :4].all()
    assert weight.sum() == 16
    assert target[1, :4].all()
    np.testing.assert_allclose(target.sum(axis=0), 1.0)


def test_vote_fractions_are_the_target_where_people_differ() -> None:
    labels = np.zeros((4, 4), np.uint8)
    labels[0, 0] = 2
    votes = VoteShares((4, 4), np.array([5, 6]), np.array([[0.25, 0.25]] * 2, np.float16))
    target, weight = target_of(TrainingSlice(labels, None, votes), [1, 2])
    np.testing.assert_allclose(target[:, 1, 1:3], [[0.5] * 2, [0.25] * 2, [0.25] * 2])
    assert target[:, 0, 0].tolist() == [0.0, 0.0, 1.0]
    assert target[0].sum() == 16 - 1 - 2 * 0.5
    assert weight.all()


def test_a_crop_aims_at_the_fractions_of_its_own_pixels() -> None:
    """The image holds the share itself, so that each target can be read off its pixel."""
    rng = np.random.default_rng(0)
    shares = rng.integers(0, 6, (20, 24)) / 5
    pixels = np.flatnonzero((shares > 0) & (shares < 1))
    votes = VoteShares((20, 24), pixels, shares.ravel()[pixels, None].astype(np.float16))
    known = TrainingSlice((shares == 1).astype(np.uint8), None, votes)
    image = np.repeat(shares[None] * 100, 5, axis=0)
    sampler = sampler_of(TrainingCube(image, 0.0, 100.0, {2: known}))
    batch = sampler.draw(np.random.default_rng(1))
    shown = (batch.image[batch.windows, batch.slices] + 1) / 2
    counted = batch.weight[:, 0] > 0
    assert counted.any()
    torch.testing.assert_close(shown[counted], batch.target[:, 1][counted], atol=1e-3, rtol=0.0)


def test_other_votes_make_other_data() -> None:
    image, labels = blobs()
    plane = image.shape[1:]

    def hashed(share: float) -> str:
        votes = VoteShares(plane, np.array([7]), np.array([[share]], np.float16))
        known = {3: TrainingSlice(labels[3], None, votes)}
        return data_hash([TrainingCube(image, 40.0, 200.0, known, key="toy")], [1])

    hard = data_hash([cube_of(image, labels, [3])], [1])
    assert len({hard, hashed(0.5), hashed(0.25)}) == 3


def test_only_slices_near_labelled_ones_are_read() -> None:
    image, labels = blobs((40, 32, 32))
    spy = Spy(image)
    cube = TrainingCube(spy, 0.0, 255.0, {20: TrainingSlice(labels[20])})
    sampler = sampler_of(cube, window=5)
    for seed in range(20):
        sampler.draw(np.random.default_rng(seed))
    assert spy.seen <= set(range(16, 25))
    assert spy.most <= 5


def test_the_cache_stays_within_its_memory() -> None:
    image, labels = blobs((64, 128, 128), count=1)
    cache = SliceCache([cube_of(image, labels, [0])], megabytes=1)
    for z in range(0, 60, 3):
        planes = cache.window(0, z, z + 3)
        np.testing.assert_allclose(planes[1], scale_intensity(image[z + 1], 40.0, 200.0), atol=2e-3)
    assert cache.bytes <= 2**20


def test_slices_smaller_than_a_crop_are_mirrored_and_the_mirror_does_not_count() -> None:
    image, labels = blobs((4, 19, 25))
    batch = sampler_of(cube_of(image, labels, [2]), crop=64).draw(np.random.default_rng(0))
    assert batch.image.shape[-1] == 32
    assert (batch.weight.flatten(1).sum(dim=1) == 19 * 25).all()


def test_a_cube_with_fewer_slices_than_a_window_repeats_its_last() -> None:
    image, labels = blobs((2, 32, 32))
    batch = sampler_of(cube_of(image, labels, [1]), window=5).draw(np.random.default_rng(0))
    assert batch.image.shape[1] == 5
    assert torch.equal(batch.image[:, 1], batch.image[:, 4])


def test_augmented_batches_are_finite_and_keep_their_shapes() -> None:
    image, labels = blobs()
    config = dataclasses.replace(QUICK, slice_faults=1.0)
    sampler = sampler_of(cube_of(image, labels, [3, 4, 8]))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        before = sampler.draw(rng)
        after = augment(before, config, rng)
        assert after.image.shape == before.image.shape
        assert torch.isfinite(after.image).all()
        counted = after.weight[:, 0] > 0
        assert torch.allclose(
            after.target.sum(dim=1)[counted], torch.ones(int(counted.sum())), atol=1e-3
        )


def test_broken_intensities_become_the_low_end() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 0.0, 10.0]])
    np.testing.assert_allclose(scale_intensity(values, 0.0, 10.0), [[-1, -1, -1, -1, 1]])
    assert not scale_intensity(values, 5.0, 5.0).any()


def test_nothing_labelled_is_refused_with_one_sentence() -> None:
    image, labels = blobs()
    with pytest.raises(ValueError, match="Nothing is labelled"):
        sampler_of(cube_of(image, labels, []))
    unsure = TrainingSlice(np.full(labels.shape[1:], 255, np.uint8))
    with pytest.raises(ValueError, match="Nothing is labelled"):
        sampler_of(TrainingCube(image, 0.0, 255.0, {3: unsure}))


def test_the_data_hash_changes_with_a_label_and_not_with_order() -> None:
    image, labels = blobs()
    one = data_hash([cube_of(image, labels, [3, 8])], [1])
    assert one == data_hash([cube_of(image, labels, [8, 3])], [1])
    labels[8, 0, 0] ^= 1
    assert one != data_hash([cube_of(image, labels, [3, 8])], [1])
