"""What is asked of a network before there are labels."""

import numpy as np
import pytest
import torch

from models.config import PretrainConfig
from models.networks.data import SliceCache
from models.networks.neighbours import nearness
from models.networks.pretext import ObjectSampler, objects
from models.networks.types import TrainingCube
from tests.models.networks.toys import blobs, cube_of

CONFIG = PretrainConfig(crop=32, windows=3, pixels=0, reach=3)


def sampler(classes: int = 1, *images: np.ndarray) -> ObjectSampler:
    cubes = [TrainingCube(image, 40.0, 200.0, {}) for image in images or (blobs()[0],)]
    return ObjectSampler(SliceCache(cubes, 64), CONFIG, classes, stride=4)


def test_an_object_is_what_hangs_together_and_is_as_bright() -> None:
    block = np.full((9, 64, 64), -0.5, np.float32)
    block[4:, 10:30, 10:30] = 0.5
    block[:, 40:60, 40:60] = 0.5
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(20):
        (mask,) = objects(block, 6, 1, CONFIG, rng)
        parts = [mask[6, 12:28, 12:28].mean(), mask[6, 42:58, 42:58].mean()]
        seen.add(tuple(round(float(part)) for part in parts))
        if parts == [1.0, 0.0]:
            assert not mask[0].any()  # it begins some slices on
            assert mask[8, 12:28, 12:28].all()
    assert (1, 0) in seen
    assert (0, 1) in seen
    assert (1, 1) not in seen


def test_objects_of_several_classes_do_not_overlap() -> None:
    rng = np.random.default_rng(1)
    block = rng.normal(0.0, 0.5, (5, 48, 48)).astype(np.float32)
    for _ in range(10):
        found = objects(block, 2, 3, CONFIG, rng)
        assert found.shape == (3, 5, 48, 48)
        assert found.sum(axis=0).max() <= 1.0
        assert found[0, 2].mean() <= CONFIG.largest


def test_a_batch_shows_objects_beside_the_slice_that_is_asked_for() -> None:
    drawn = sampler(2)
    for seed in range(5):
        batch = drawn.draw(np.random.default_rng(seed))
        assert batch.image.shape == (3, 3, 32, 32)
        assert batch.target.shape == (3, 3, 32, 32)
        assert batch.beside.shape == (3, 2, 4, 32, 32)
        torch.testing.assert_close(batch.target.sum(dim=1), torch.ones(3, 32, 32))
        shown = batch.beside[:, :, -1].amax(dim=(2, 3))
        assert bool((shown > 0).any(dim=1).all())
        for side in shown.flatten().tolist():
            assert side == 0 or side in [pytest.approx(nearness(n)) for n in (1, 2, 3)]
        hidden = batch.beside[shown == 0]
        assert not hidden.any()


def test_a_neighbour_is_the_slice_that_lies_so_many_away() -> None:
    """Every slice has a brightness of its own, but for a body that all of them share."""
    image = np.repeat(np.linspace(50, 90, 16, dtype=np.float32), 40 * 44).reshape(16, 40, 44)
    image[:, 10:30, 10:30] = 190.0
    batch = sampler(1, image).draw(np.random.default_rng(2))
    step = (90.0 - 50.0) / 15 * 2.0 / 160.0
    for window, z, beside in zip(batch.windows, batch.slices, batch.beside, strict=True):
        own = batch.image[window, z].min()
        for side, towards in zip(beside, (-1, 1), strict=True):
            if side[-1].any():
                away = (side[0].min() - own) / step * towards
                assert nearness(round(float(away))) == pytest.approx(float(side[-1, 0, 0]))


def test_the_same_generator_gives_the_same_batch() -> None:
    one, two = (sampler().draw(np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(one.image, two.image)
    assert torch.equal(one.target, two.target)
    assert torch.equal(one.beside, two.beside)


def test_where_nothing_can_be_marked_nothing_is_asked_for() -> None:
    for image in (np.full((6, 20, 20), 7.0), blobs()[0][:1]):
        batch = sampler(1, image).draw(np.random.default_rng(0))
        assert not batch.target[:, 1:].any()
        assert bool((batch.weight == 1.0).all())


def test_crops_come_from_all_cubes_large_ones_more_often() -> None:
    large, small = blobs((12, 40, 44)), blobs((6, 20, 20), seed=1)
    cache = SliceCache([cube_of(*large, []), cube_of(*small, [])], 64)
    drawn = ObjectSampler(cache, CONFIG, 1, stride=4)
    rng = np.random.default_rng(0)
    for _ in range(20):
        drawn.draw(rng)
    read = [sum(1 for cube, _ in cache.slices if cube == index) for index in range(2)]
    assert read == [12, 6]
    assert drawn.share[0] > 5 * drawn.share[1]
