"""What is asked of a network before there are labels."""

import numpy as np
import torch

from models.config import PretrainConfig
from models.networks.data import SliceCache
from models.networks.pretext import UnlabelledSampler, blur, bodies, question
from tests.models.networks.toys import blobs, cube_of

CONFIG = PretrainConfig(crop=32, windows=3, intensity=0.0, noise=0.0, missing_slices=0.0)


def test_only_what_is_asked_for_as_laid_in_was_changed() -> None:
    clean = torch.rand(3, 3, 32, 32) - 0.5
    before = clean.clone()
    asked = question(clean, CONFIG, np.random.default_rng(0))
    assert torch.equal(clean, before)
    assert asked.target.shape == (6, 2, 32, 32)
    changed = (asked.image - clean).abs()[asked.windows, asked.slices]
    laid = asked.target[:, 1] > 0
    assert changed[laid].mean() > 20.0 * changed[~laid].mean()
    # Beyond the soft edges of what was laid in nothing changed at all.
    far = blur(asked.target[:, 1], 4.0) < 1e-4
    assert changed[far].max() < 1e-5 if far.any() else True
    torch.testing.assert_close(asked.target.sum(dim=1), torch.ones(6, 32, 32))


def test_bodies_have_the_share_asked_for_and_go_on_in_the_next_slice() -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        mask = bodies(3, 64, CONFIG, rng)
        assert bool(((mask == 0.0) | (mask == 1.0)).all())
        assert 0.01 < float(mask.mean()) < 0.3
        both = float((mask[0] * mask[1]).sum())
        assert both > 0.5 * float(mask[0].sum())


def test_a_missing_slice_is_asked_for_all_the_same() -> None:
    config = PretrainConfig(crop=32, windows=2, missing_slices=1.0)
    asked = question(torch.rand(2, 3, 32, 32), config, np.random.default_rng(0))
    missing = (asked.image == -1.0).all(dim=(2, 3))
    assert missing.sum(dim=1).tolist() == [1, 1]
    assert missing[asked.windows, asked.slices].sum() == 2
    assert asked.target[:, 1].any(dim=(1, 2)).all()


def test_the_same_generator_gives_the_same_question() -> None:
    clean = torch.rand(2, 3, 32, 32)
    one, two = (question(clean, CONFIG, np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(one.image, two.image)
    assert torch.equal(one.target, two.target)


def test_crops_come_from_all_cubes_large_ones_more_often() -> None:
    large, small = blobs((12, 40, 44)), blobs((6, 20, 20), seed=1)
    cubes = [cube_of(*large, []), cube_of(*small, [])]
    cache = SliceCache(cubes, 64)
    sampler = UnlabelledSampler(cache, CONFIG, stride=4)
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert sampler.draw(rng).shape == (3, 3, 32, 32)
    read = [sum(1 for cube, _ in cache.slices if cube == index) for index in range(2)]
    assert read == [12, 6]
    assert sampler.share[0] > 5 * sampler.share[1]
