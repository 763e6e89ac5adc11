"""The discriminator's training: what it is shown, and that it learns to see what is wrong."""

import numpy as np
import torch

from models.config import TrainConfig
from models.networks.critic import Critic, corrupt, soften
from models.networks.discriminator import PatchDiscriminator
from tests.models.networks.toys import SMALL, blobs


def squares() -> torch.Tensor:
    mask = torch.zeros(3, 2, 40, 48)
    mask[:, 0, 5:15, 5:15] = 1.0
    mask[:, 1, 20:35, 20:40] = 1.0
    return mask


def test_corrupted_labels_are_masks_that_differ() -> None:
    mask = squares()
    changed = [corrupt(mask, np.random.default_rng(seed)) for seed in range(6)]
    for each in changed:
        assert each.shape == mask.shape
        assert ((each == 0) | (each == 1)).all()
        assert each.sum(dim=1).max() <= 1.0
    assert sum(not torch.equal(each, mask) for each in changed) >= 5


def test_softened_labels_keep_their_inside_and_lose_their_edges() -> None:
    soft = soften(squares(), np.random.default_rng(0))
    assert ((soft >= 0) & (soft <= 1)).all()
    assert (soft[:, 1, 24:31, 24:36] > 0.85).all()
    assert ((soft > 0.2) & (soft < 0.8)).any()


def test_the_critic_comes_to_score_wrong_masks_below_right_ones() -> None:
    torch.manual_seed(0)
    image, labels = blobs((4, 48, 48), count=8)
    scaled = (torch.from_numpy(image).float() / 100 - 1.2)[:, None]
    right = torch.from_numpy(labels).float()[:, None]
    wrong = right.roll(10, dims=2)
    critic = Critic(PatchDiscriminator(SMALL), TrainConfig(critic_learning_rate=3e-3))
    for step in range(60):
        critic.learn(scaled, wrong, right, torch.ones_like(right), np.random.default_rng((0, step)))
    assert critic.real_score > critic.fake_score + 0.1
    with torch.no_grad():
        scores = [torch.sigmoid(critic.network(scaled, mask)).mean() for mask in (right, wrong)]
    assert scores[0] > scores[1]


def test_a_proposal_that_agrees_with_the_labels_is_no_fake() -> None:
    torch.manual_seed(0)
    mask = squares()[:, :1]
    critic = Critic(PatchDiscriminator(SMALL), TrainConfig())
    before = critic.fake_score
    nothing = torch.zeros_like(mask)
    critic.learn(torch.randn(3, 1, 40, 48), mask, mask, nothing, np.random.default_rng(0))
    assert np.isfinite(critic.running_loss)
    assert critic.fake_score <= before


def test_a_critic_far_ahead_rests() -> None:
    torch.manual_seed(0)
    mask = squares()[:, :1]
    critic = Critic(PatchDiscriminator(SMALL), TrainConfig(critic_floor=0.25))
    critic.running_loss = 0.1
    before = {name: tensor.clone() for name, tensor in critic.network.named_parameters()}
    critic.learn(
        torch.randn(3, 1, 40, 48), 1 - mask, mask, torch.ones_like(mask), np.random.default_rng(0)
    )
    assert all(torch.equal(before[name], now) for name, now in critic.network.named_parameters())
