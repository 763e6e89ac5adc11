"""Patch scores: what a discriminator and the proposal itself say of each part of a slice."""

import dataclasses

import numpy as np
import pytest
import torch

from models.networks.checkpoint import Checkpoint
from models.networks.resample import resize
from models.networks.scores import ROWS, SCORES, patch_scores, realness, scores_at_size
from tests.models.networks.toys import SMALL, untrained


@pytest.fixture(scope="module")
def model() -> Checkpoint:
    return untrained(dataclasses.replace(SMALL, classes=2))


def test_scores_lie_between_nought_and_one_on_the_grid(model: Checkpoint) -> None:
    shares = torch.rand(2, 40, 70) / 2
    with torch.no_grad():
        found = patch_scores(model.discriminator, torch.randn(40, 70), shares, 32)
    assert set(found) == set(SCORES)
    for score in found.values():
        assert score.shape == (2, 3)
        assert score.dtype == np.float32
        assert ((score >= 0) & (score <= 1)).all()


@torch.no_grad()
def test_a_slice_of_larger_pixels_is_judged_at_those_that_the_model_learned_from(
    model: Checkpoint,
) -> None:
    torch.manual_seed(0)
    image, shares = torch.randn(1, 1, 64, 96), torch.rand(1, 2, 64, 96) / 2
    small_image, small_shares = resize(image, (32, 48))[0, 0], resize(shares, (32, 48))[0]
    judge = model.discriminator
    found = scores_at_size(judge, small_image, small_shares, 16, (64, 96))
    as_learned = patch_scores(
        judge,
        resize(small_image[None, None], (64, 96))[0, 0],
        resize(small_shares[None], (64, 96))[0],
        16,
    )
    assert found["discriminator"].shape == (2, 3)
    assert found["discriminator"].mean() == pytest.approx(
        as_learned["discriminator"].mean(), abs=1e-4
    )
    own = scores_at_size(judge, small_image, small_shares, 16, (32, 48))
    assert not np.allclose(found["discriminator"], own["discriminator"], atol=1e-3)


def test_a_certain_empty_patch_has_no_focus_and_looks_real_in_focus(model: Checkpoint) -> None:
    shares = torch.zeros(2, 64, 64)
    shares[0, :20, :20] = 0.5
    with torch.no_grad():
        scores = patch_scores(model.discriminator, torch.zeros(64, 64), shares, 32)
    assert scores["focus"][1, 1] < 1e-3
    assert scores["discriminator_focus"][1, 1] > 0.99
    assert scores["entropy"][0, 0] > scores["entropy"][1, 1]
    assert scores["foreground"][0, 0] == pytest.approx(0.5 * 400 / 1024, abs=1e-3)


def test_judging_a_slice_in_strips_changes_nothing(model: Checkpoint) -> None:
    torch.manual_seed(0)
    image, mask = torch.randn(ROWS + 200, 16), torch.rand(2, ROWS + 200, 16)
    with torch.no_grad():
        strips = realness(model.discriminator, image, mask)
        at_once = torch.sigmoid(model.discriminator(image[None, None], mask[None])[0, 0])
    torch.testing.assert_close(strips, at_once, rtol=1e-4, atol=1e-5)


def test_a_patch_that_no_discriminator_cell_fits_is_refused(model: Checkpoint) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        patch_scores(model.discriminator, torch.zeros(16, 16), torch.zeros(2, 16, 16), 12)
