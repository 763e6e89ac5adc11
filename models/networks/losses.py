"""What the networks are taught by: Dice and cross-entropy, and the adversarial losses by name."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.networks.ranks import ALONE, Total

Critic = Callable[[Tensor], Tensor]
"""Mask (N, K, H, W) to logits a patch (N, 1, h, w); the image is already given."""


SMOOTH = 1.0
"""Added above and below in Dice, so that a batch without any foreground asks for none."""
PENALTY = 10.0
"""Weight of the gradient penalty, as Gulrajani et al. chose it."""


class SegmentationLoss(nn.Module):
    """Weighted cross-entropy plus Dice over the foreground classes, pooled over the batch.

    Pixels of weight 0 (unlabelled, UNSURE) change nothing. Targets (M, K + 1, H, W) sum to 1 over
    the classes. Where they are `soft` (shares of votes), the Dice of Milletari et al. 2016 (arXiv
    1606.04797) with squares takes the place of the usual one, its denominator held fixed:
    |p - t|^2 / (|p|^2 + |t|^2). Like cross-entropy it is least, over slices that look alike and on
    which people voted differently, where a share is the mean of theirs. The usual one drives every
    share to 0 or 1, and one of absolute differences to the median of the votes.
    """

    def __init__(self, soft: bool = False, total: Total = ALONE.total) -> None:
        super().__init__()
        self.soft, self.total = soft, total

    def forward(self, logits: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """(cross-entropy, Dice loss) of logits (M, K + 1, H, W); weight is (M, 1, H, W)."""
        entropy = -(target * F.log_softmax(logits, dim=1)).sum(dim=1, keepdim=True)
        shares = (torch.softmax(logits, dim=1) * weight)[:, 1:].transpose(0, 1).flatten(1)
        aims = (target * weight)[:, 1:].transpose(0, 1).flatten(1)
        if self.soft:
            size = (shares.detach().square() + aims.square()).sum(dim=1)
            missed = (shares - aims).square().sum(dim=1)
        else:
            size = (shares + aims).sum(dim=1)
            missed = size - 2.0 * (shares * aims).sum(dim=1)
        # What several processes saw is one batch, so their sums come first.
        said, counted = self.total(torch.stack([(weight * entropy).sum(), weight.sum()]))
        size, missed = self.total(torch.stack([size, missed]))
        dice = missed / (size + SMOOTH)
        return said / counted.clamp(min=1.0), dice.mean()


@dataclass(frozen=True, slots=True)
class AdversarialLoss:
    """How the discriminator and the segmenter are set against each other.

    discriminator: (critic, real masks, fake masks, weight of the real, weight of the fake) to
        what the discriminator minimises; it is given the critic itself, so that a loss may add
        terms of its own (a penalty).
    segmenter: (logits of the segmenter's masks, weight) to what the segmenter minimises.
    bounded: whether the discriminator's loss falls to 0 as it saturates, so that it can be told to
        rest below a floor.
    Weights have the shape of the logits.
    """

    discriminator: Callable[[Critic, Tensor, Tensor, Tensor, Tensor], Tensor]
    segmenter: Callable[[Tensor, Tensor], Tensor]
    bounded: bool = True


def weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Mean of values under weights of the same shape; 0 where nothing counts."""
    return (values * weight).sum() / weight.sum().clamp(min=1e-6)


def _bce_discriminator(
    critic: Critic, real: Tensor, fake: Tensor, real_weight: Tensor, fake_weight: Tensor
) -> Tensor:
    # -log sigmoid(x) = softplus(-x)
    return 0.5 * (
        weighted_mean(F.softplus(-critic(real)), real_weight)
        + weighted_mean(F.softplus(critic(fake)), fake_weight)
    )


def _bce_segmenter(logits: Tensor, weight: Tensor) -> Tensor:
    return weighted_mean(F.softplus(-logits), weight)


def _least_squares_discriminator(
    critic: Critic, real: Tensor, fake: Tensor, real_weight: Tensor, fake_weight: Tensor
) -> Tensor:
    return 0.5 * (
        weighted_mean((critic(real) - 1.0) ** 2, real_weight)
        + weighted_mean((critic(fake) + 1.0) ** 2, fake_weight)
    )


def _least_squares_segmenter(logits: Tensor, weight: Tensor) -> Tensor:
    return weighted_mean((logits - 1.0) ** 2, weight)


def _hinge_discriminator(
    critic: Critic, real: Tensor, fake: Tensor, real_weight: Tensor, fake_weight: Tensor
) -> Tensor:
    return 0.5 * (
        weighted_mean(F.relu(1.0 - critic(real)), real_weight)
        + weighted_mean(F.relu(1.0 + critic(fake)), fake_weight)
    )


def _higher(logits: Tensor, weight: Tensor) -> Tensor:
    return -weighted_mean(logits, weight)


def _wasserstein_discriminator(
    critic: Critic, real: Tensor, fake: Tensor, real_weight: Tensor, fake_weight: Tensor
) -> Tensor:
    on_real, on_fake = critic(real), critic(fake)
    gap = weighted_mean(on_real, real_weight) - weighted_mean(on_fake, fake_weight)
    # Somewhere between a real mask and a fake one; each sample at a place of its own.
    place = torch.rand(len(real), 1, 1, 1, device=real.device, dtype=real.dtype)
    between = (place * real + (1.0 - place) * fake).detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    # A patch's logit is held to slope 1 in its own pixels; the mean over a slice of many patches
    # would have a slope near 0 whatever a single patch does.
    side = -(-real.shape[-1] // on_real.shape[-1])
    squares = F.avg_pool2d(slope.square().sum(dim=1, keepdim=True), side, ceil_mode=True)
    steepness = (squares * side**2 + 1e-12).sqrt()
    penalty = weighted_mean((steepness - 1.0) ** 2, real_weight)
    return PENALTY * penalty - gap


ADVERSARIAL_LOSSES = {
    "bce": AdversarialLoss(_bce_discriminator, _bce_segmenter),
    # Lim and Ye 2017, arXiv 1705.02894.
    "hinge": AdversarialLoss(_hinge_discriminator, _higher),
    # Gulrajani et al. 2017, arXiv 1704.00028; the critic of arXiv 2309.12221.
    "wgan-gp": AdversarialLoss(_wasserstein_discriminator, _higher, bounded=False),
    # Mao et al. 2017, arXiv 1611.04076, with targets -1 and 1: logit 0 is undecided, as in bce.
    "lsgan": AdversarialLoss(_least_squares_discriminator, _least_squares_segmenter),
}


def adversarial_loss(name: str) -> AdversarialLoss:
    """The adversarial loss of this name."""
    if name not in ADVERSARIAL_LOSSES:
        known = ", ".join(sorted(ADVERSARIAL_LOSSES))
        raise ValueError(f'There is no adversarial loss "{name}"; choose one of {known}.')
    return ADVERSARIAL_LOSSES[name]
