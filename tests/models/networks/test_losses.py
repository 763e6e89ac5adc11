"""What counts in the losses, and what does not."""

import pytest
import torch

from models.networks.discriminator import PatchDiscriminator
from models.networks.losses import ADVERSARIAL_LOSSES, SegmentationLoss, adversarial_loss
from tests.models.networks.toys import SMALL


def test_unlabelled_pixels_and_slices_give_no_gradient() -> None:
    torch.manual_seed(0)
    logits = torch.randn(3, 2, 8, 8, requires_grad=True)
    foreground = (torch.rand(3, 1, 8, 8) > 0.5).float()
    target = torch.cat([1.0 - foreground, foreground], dim=1)
    weight = torch.ones(3, 1, 8, 8)
    weight[1] = 0.0
    weight[2, :, :4] = 0.0
    entropy, dice = SegmentationLoss()(logits, target, weight)
    (entropy + dice).backward()
    assert logits.grad is not None
    assert (logits.grad[1] == 0).all()
    assert (logits.grad[2, :, :4] == 0).all()
    assert (logits.grad[0] != 0).any()
    assert (logits.grad[2, :, 4:] != 0).any()


def test_labels_under_no_weight_change_nothing() -> None:
    torch.manual_seed(0)
    logits, weight = torch.randn(1, 3, 8, 8), torch.ones(1, 1, 8, 8)
    weight[..., :4] = 0.0
    target = torch.softmax(torch.randn(1, 3, 8, 8), dim=1)
    other = target.clone()
    other[..., :4] = torch.softmax(torch.randn(1, 3, 8, 4), dim=1)
    loss = SegmentationLoss()
    torch.testing.assert_close(loss(logits, target, weight), loss(logits, other, weight))


def test_nothing_labelled_gives_a_finite_loss() -> None:
    logits = torch.randn(1, 2, 8, 8)
    entropy, dice = SegmentationLoss()(logits, torch.zeros_like(logits), torch.zeros(1, 1, 8, 8))
    assert torch.isfinite(entropy + dice)


@pytest.mark.parametrize(
    "votes", [(1.0, 1.0, 1.0, 0.2), (0.0, 0.4, 0.0, 0.0), (0.6, 0.8, 0.6, 0.6)]
)
def test_soft_losses_are_least_at_the_mean_of_differing_votes(votes: tuple[float, ...]) -> None:
    """Four slices that look alike: whatever is said of one is said of all."""
    share = torch.tensor(votes)[:, None, None, None].expand(4, 1, 8, 8)
    target = torch.cat([1.0 - share, share], dim=1)
    loss, mean = SegmentationLoss(soft=True), sum(votes) / 4
    for part in (0, 1):
        said = torch.tensor(mean, requires_grad=True)
        both = torch.stack([1.0 - said, said]).log()[None, :, None, None].expand(4, 2, 8, 8)
        loss(both, target, torch.ones(4, 1, 8, 8))[part].backward()
        torch.testing.assert_close(said.grad, torch.tensor(0.0), atol=1e-5, rtol=0.0)


def test_the_usual_dice_is_1_minus_twice_the_overlap_over_the_sizes() -> None:
    logits = torch.zeros(1, 2, 4, 4)
    target = torch.stack([torch.zeros(4, 4), torch.ones(4, 4)])[None]
    dice = SegmentationLoss()(logits, target, torch.ones(1, 1, 4, 4))[1]
    torch.testing.assert_close(dice, torch.tensor(1.0 - (2 * 8 + 1) / (8 + 16 + 1)))


def test_dice_of_sharp_targets_is_monais() -> None:
    from monai.losses.dice import DiceLoss

    torch.manual_seed(0)
    logits, weight = torch.randn(3, 3, 8, 8), (torch.rand(3, 1, 8, 8) > 0.3).float()
    target = torch.eye(3)[torch.randint(3, (3, 8, 8))].permute(0, 3, 1, 2)
    theirs = DiceLoss(include_background=False, batch=True, smooth_nr=1.0, smooth_dr=1.0)
    expected = theirs(torch.softmax(logits, dim=1) * weight, target * weight)
    torch.testing.assert_close(SegmentationLoss()(logits, target, weight)[1], expected)


@pytest.mark.parametrize("name", sorted(ADVERSARIAL_LOSSES))
def test_an_adversarial_loss_pulls_both_sides_apart(name: str) -> None:
    loss = ADVERSARIAL_LOSSES[name]
    weight = torch.ones(2, 1, 4, 4)
    real, fake = torch.ones(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)

    def right(mask: torch.Tensor) -> torch.Tensor:
        return 2.0 * mask - 1.0

    def wrong(mask: torch.Tensor) -> torch.Tensor:
        return 1.0 - 2.0 * mask

    told = loss.discriminator(right, real, fake, weight, weight)
    assert told < loss.discriminator(wrong, real, fake, weight, weight)
    assert loss.segmenter(weight, weight) < loss.segmenter(-weight, weight)


def test_an_unknown_adversarial_loss_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="bce"):
        adversarial_loss("no such loss")


@pytest.mark.parametrize("shape", [(1, 1), (13, 40), (32, 32)])
def test_the_discriminator_gives_one_logit_a_patch(shape: tuple[int, int]) -> None:
    critic = PatchDiscriminator(SMALL)
    logits = critic(torch.randn(2, 1, *shape), torch.rand(2, 1, *shape))
    rows, columns = (-(-n // critic.stride) for n in shape)
    assert logits.shape == (2, 1, rows, columns)


def test_a_patch_is_judged_by_what_lies_near_it() -> None:
    torch.manual_seed(0)
    critic = PatchDiscriminator(SMALL).eval()
    image, mask = torch.randn(1, 1, 96, 96), torch.rand(1, 1, 96, 96)
    changed = mask.clone()
    changed[..., 64:, 64:] = 0.0
    with torch.no_grad():
        before, after = critic(image, mask), critic(image, changed)
    assert torch.equal(before[..., :4, :4], after[..., :4, :4])
    assert not torch.equal(before[..., 8:, 8:], after[..., 8:, 8:])
