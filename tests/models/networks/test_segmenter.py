"""The segmenter's shapes, and what its slices know of each other."""

import pytest
import torch
from torch import nn

from models.config import NetworkConfig
from models.networks.segmenter import Segmenter
from tests.models.networks.toys import SMALL


def silence(segmenter: Segmenter) -> None:
    """Cut the ConvLSTM off: what it adds becomes 0."""
    for along_z in segmenter.along_z:
        merge = along_z.merge
        assert isinstance(merge, nn.Conv2d)
        assert merge.bias is not None
        nn.init.zeros_(merge.weight)
        nn.init.zeros_(merge.bias)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 3, 17, 30), (1, 5, 33, 8), (1, 2, 64, 64)])
@pytest.mark.parametrize("classes", [1, 3])
def test_logits_have_the_shape_of_any_input(shape: tuple[int, ...], classes: int) -> None:
    config = NetworkConfig(classes=classes, channels=(8, 8, 8), recurrent_channels=4)
    logits = Segmenter(config)(torch.randn(shape))
    assert logits.shape == (shape[0], classes + 1, *shape[1:])
    assert torch.isfinite(logits).all()


def test_slices_depend_on_each_other_through_the_recurrence_alone() -> None:
    torch.manual_seed(0)
    segmenter = Segmenter(SMALL).eval()
    image = torch.randn(1, 5, 24, 24)
    changed = image.clone()
    changed[:, 2] += 3.0
    others = [0, 1, 3, 4]
    moved = (segmenter(image) - segmenter(changed))[:, :, others].abs().amax()
    assert moved > 1e-4
    silence(segmenter)
    still = (segmenter(image) - segmenter(changed))[:, :, others].abs().amax()
    assert still < 1e-5


def test_news_travels_both_ways_along_z() -> None:
    torch.manual_seed(0)
    segmenter = Segmenter(SMALL).eval()
    image = torch.randn(1, 3, 24, 24)
    for source, reader in ((0, 2), (2, 0)):
        changed = image.clone()
        changed[:, source] += 3.0
        assert (segmenter(image) - segmenter(changed))[:, :, reader].abs().amax() > 1e-5


def test_chosen_slices_come_out_as_in_a_full_pass() -> None:
    torch.manual_seed(0)
    segmenter = Segmenter(SMALL).eval()
    image = torch.randn(2, 4, 20, 24)
    windows, slices = torch.tensor([0, 1, 1]), torch.tensor([3, 0, 2])
    beside = torch.zeros(3, 2, 3, 20, 24)
    chosen = segmenter.select(image, windows, slices, beside)
    torch.testing.assert_close(chosen, segmenter(image)[windows, :, slices], rtol=1e-4, atol=1e-5)


def test_thick_slices_are_remembered_for_fewer() -> None:
    def forget_bias(anisotropy: float) -> torch.Tensor:
        segmenter = Segmenter(NetworkConfig(anisotropy=anisotropy))
        weights: torch.Tensor = segmenter.state_dict()["along_z.0.upward.inward.bias"]
        hidden = segmenter.config.recurrent_channels
        return weights[hidden : 2 * hidden]

    assert (forget_bias(8.0) < forget_bias(1.0)).all()


def test_impossible_recurrent_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="recurrent levels"):
        Segmenter(NetworkConfig(recurrent_levels=5))
