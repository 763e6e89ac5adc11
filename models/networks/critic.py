"""The discriminator's side of training."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.config import TrainConfig
from models.networks.discriminator import PatchDiscriminator
from models.networks.losses import adversarial_loss, weighted_mean

SATURATED = 0.9
"""Gap between the mean scores of real and fake masks above which the discriminator tells them
apart without looking at where they differ, so that its scores no longer rank slices."""

RUNNING = ("running_loss", "real_score", "fake_score")


class Critic:
    """Trains the discriminator on labelled slices and judges the segmenter's masks for it.

    Real are the labels, sharp and softened; fake are the proposals, soft and binarised: were only
    one kind of each shown, it would learn soft against sharp and nothing else.
    """

    def __init__(self, network: PatchDiscriminator, config: TrainConfig) -> None:
        self.network = network
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
        real = torch.cat([soften(target, rng), target.round()])
        fake = torch.cat([proposals, (proposals > 0.5).float()])
        images = image.repeat(2, 1, 1, 1)
        seen: list[Tensor] = []

        def critic(mask: Tensor) -> Tensor:
            logits: Tensor = self.network(images, mask)
            seen.append(logits.detach())
            return logits

        stride = self.network.stride
        counted = F.avg_pool2d(weight, stride, ceil_mode=True).repeat(2, 1, 1, 1)
        loss = self.loss.discriminator(critic, real, fake, counted)
        value = float(loss.detach())
        # One that is far ahead rests, and the segmenter catches up.
        if self.running_loss > self.floor and np.isfinite(value):
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
        scores = [float(weighted_mean(torch.sigmoid(logits), counted)) for logits in seen[:2]]
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
