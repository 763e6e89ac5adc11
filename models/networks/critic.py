"""The discriminator's side of training."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.config import TrainConfig
from models.networks.discriminator import PatchDiscriminator
from models.networks.losses import adversarial_loss, weighted_mean
from models.networks.neighbours import straight
from models.networks.ranks import ALONE, Ranks

SATURATED = 0.9
"""Gap between the mean scores of real and fake masks above which the discriminator tells them
apart without looking at where they differ, so that its scores no longer rank slices."""

NOTICED = 0.1
"""Mean difference from the labels at which a patch of a fake counts in full."""
AGREED = 0.1
"""Weight of a real patch where the fake agrees with it."""
RUNNING = ("running_loss", "real_score", "fake_score")


class Critic:
    """Trains the discriminator on labelled slices and judges the segmenter's masks for it.

    Real are the labels, sharp and softened; fake are the proposals, soft and binarised: were only
    one kind of each shown, it would learn soft against sharp and nothing else. Proposals for
    slices in training soon look like their labels, and those for other slices do not; so corrupted
    labels are shown as fake beside them.

    Where a fake agrees with the labels it is not fake, and does not count as such: most patches
    are background in both, and would only teach that real and fake cannot be told apart.
    """

    def __init__(
        self, network: PatchDiscriminator, config: TrainConfig, here: Ranks = ALONE
    ) -> None:
        self.network = network
        self.here = here
        self.loss = adversarial_loss(config.adversarial_loss)
        self.floor = config.critic_floor
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.critic_learning_rate, betas=(0.5, 0.99)
        )
        self.running_loss = 1.0
        self.real_score = 0.5
        self.fake_score = 0.5

    @property
    def saturated(self) -> bool:
        return self.real_score - self.fake_score > SATURATED

    def figures(self) -> dict[str, float]:
        """The running means, to be stored with the run's state."""
        return {name: getattr(self, name) for name in RUNNING}

    def restore(self, figures: dict[str, float]) -> None:
        for name in RUNNING:
            setattr(self, name, figures[name])

    def judge(self, image: Tensor, shares: Tensor, weight: Tensor) -> Tensor:
        """The adversarial term for the segmenter: masks (M, K, H, W), with gradients into them."""
        self.network.requires_grad_(False)
        logits = self.network(image, shares)
        counted = F.avg_pool2d(weight, self.network.stride, ceil_mode=True)
        loss = self.loss.segmenter(logits, counted)
        self.network.requires_grad_(True)
        return loss

    def learn(
        self,
        image: Tensor,
        shares: Tensor,
        target: Tensor,
        weight: Tensor,
        rng: np.random.Generator,
    ) -> Tensor:
        """One step on labelled slices: image (M, 1, H, W), proposals and labels (M, K, H, W)."""
        proposals = shares.detach().float()
        sharp = target.round()
        real = torch.cat([soften(target, rng), sharp, sharp])
        fake = torch.cat([proposals, (proposals > 0.5).float(), corrupt(sharp, rng)])
        images = image.repeat(3, 1, 1, 1)
        seen: list[Tensor] = []

        def critic(mask: Tensor) -> Tensor:
            logits: Tensor = self.network(images, mask)
            seen.append(logits.detach())
            return logits

        stride = self.network.stride
        counted = F.avg_pool2d(weight, stride, ceil_mode=True).repeat(3, 1, 1, 1)
        wrong = (fake - torch.cat([target, sharp, sharp])).abs().amax(dim=1, keepdim=True)
        wrong = F.avg_pool2d(wrong, stride, ceil_mode=True)
        differs = (wrong / NOTICED).clamp(max=1.0)
        real_weight = counted * (differs + AGREED)
        fake_weight = counted * differs
        loss = self.loss.discriminator(critic, real, fake, real_weight, fake_weight)
        scores = [
            float(weighted_mean(torch.sigmoid(logits), each))
            for logits, each in zip(seen[:2], (real_weight, fake_weight), strict=True)
        ]
        # All processes must rest together, so they look at the same numbers.
        value, *scores = self.here.mean([float(loss.detach()), *scores])
        # One that is far ahead rests, and the segmenter catches up.
        ahead = self.loss.bounded and self.running_loss <= self.floor
        if not ahead and np.isfinite(value):
            self.optimizer.zero_grad(set_to_none=True)
            (loss / self.here.world).backward()  # type: ignore[no-untyped-call]
            self.here.sum_gradients(self.network.parameters())
            self.optimizer.step()
        self.running_loss += 0.1 * (value - self.running_loss)
        self.real_score += 0.1 * (scores[0] - self.real_score)
        self.fake_score += 0.1 * (scores[1] - self.fake_score)
        return loss.detach()


def soften(mask: Tensor, rng: np.random.Generator) -> Tensor:
    """Labels with edges as soft as a segmenter's: (M, K, H, W) in [0, 1]."""
    soft = mask
    for _ in range(int(rng.integers(1, 4))):
        soft = F.avg_pool2d(soft, 3, stride=1, padding=1, count_include_pad=False)
    certainty = float(rng.uniform(0.9, 1.0))
    return soft * certainty + (1.0 - certainty) * 0.5 * soft.amax(dim=(-2, -1), keepdim=True)


def corrupt(mask: Tensor, rng: np.random.Generator) -> Tensor:
    """Labels as a poor segmenter might give them: (M, K, H, W) of 0 and 1.

    Moved by a smooth field, and with parts dropped or, as often, parts of nothing filled.
    """
    count, classes, height, width = mask.shape
    noise = rng.standard_normal((3, count, 1, 5, 5), dtype=np.float32)
    fields = torch.from_numpy(noise).to(mask.device).flatten(0, 1)
    smooth = F.interpolate(fields, (height, width), mode="bicubic").reshape(
        3, count, 1, height, width
    )
    grid = straight(height, width).to(mask.device)
    flow = torch.stack([smooth[0, :, 0], smooth[1, :, 0]], dim=-1)
    strength = float(rng.uniform(0.0, 0.12))
    moved = F.grid_sample(mask, grid + strength * flow, align_corners=False).round()
    if rng.random() < 0.5:
        kept: Tensor = moved * (smooth[2] < 1.0)
        return kept
    filled = torch.zeros_like(moved)
    filled[:, int(rng.integers(classes))] = (smooth[2, :, 0] > 1.5).float()
    return torch.where(moved.amax(dim=1, keepdim=True) > 0, moved, filled)
