"""The parent's proposals for slices that it had not learned."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from models.networks.data import WindowSampler
from models.networks.neighbours import Neighbours
from models.networks.segmenter import Segmenter
from models.networks.train import train
from models.networks.unseen import UnseenProposals
from tests.models.networks.toys import QUICK, SMALL, blobs, cube_of


def proposals(learned: list[int], known: list[int], **changes: Any) -> UnseenProposals:
    torch.manual_seed(0)
    config = dataclasses.replace(QUICK, **changes)
    sampler = WindowSampler([cube_of(*blobs(), known)], [1], config, {}, 8)
    return UnseenProposals(Segmenter(SMALL).eval(), sampler, {"toy": learned}, config)


def test_only_slices_that_the_parent_had_not_learned_are_proposed() -> None:
    assert proposals([2, 6], [2, 4, 6, 9]).places == [(0, 4), (0, 9)]


def test_a_parent_that_learned_all_gives_nothing() -> None:
    assert proposals([2, 6], [2, 6]).draw(3, np.random.default_rng(0)) is None


def test_what_the_parent_is_shown_beside_a_slice_is_what_it_had_learned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[set[int]] = []
    real = Neighbours.beside

    def spy(self: Neighbours, *args: Any) -> Any:
        shown.append(set(self.known))
        return real(self, *args)

    monkeypatch.setattr(Neighbours, "beside", spy)
    proposals([2, 6], [2, 4, 5, 6])
    assert shown
    assert all(known == {2, 6} for known in shown)


def test_image_proposal_labels_and_weight_are_of_one_place() -> None:
    _, labels = blobs(count=12)
    cube = dataclasses.replace(cube_of(labels * 160 + 40, labels, [3, 8]), key="toy")
    sampler = WindowSampler([cube], [1], QUICK, {}, 8)

    class Parrot(Segmenter):
        """Proposes what is bright, which here is what is labelled."""

        def select(self, image: Tensor, windows: Tensor, slices: Tensor, beside: Tensor) -> Tensor:
            bright = image[windows, slices][:, None]
            return torch.cat([-20 * bright, 20 * bright], dim=1)

    found = UnseenProposals(Parrot(SMALL).eval(), sampler, {}, QUICK)
    drawn = found.draw(8, np.random.default_rng(1))
    assert drawn is not None
    picture, shares, target, weight = drawn
    assert picture.shape == shares.shape == target.shape == weight.shape == (8, 1, 32, 32)
    torch.testing.assert_close(shares, target, atol=1e-3, rtol=0)
    torch.testing.assert_close((picture + 1) / 2, target)
    assert (weight == 1).all()
    assert len({tuple(t.flatten().tolist()) for t in target}) > 1


@pytest.mark.parametrize("flips", [True, False])
def test_crops_are_mirrored_only_where_training_mirrors(flips: bool) -> None:
    found = proposals([], [4], flips=flips)
    kept = [crop[2] for crop in found.crops]
    drawn = found.draw(32, np.random.default_rng(0))
    assert drawn is not None
    as_they_were = [any(np.array_equal(target, one) for one in kept) for target in drawn[2].numpy()]
    assert all(as_they_were) is not flips


def test_a_child_trains_with_what_its_parent_had_not_seen(tmp_path: Path) -> None:
    image, labels = blobs()
    first = train(
        [cube_of(image, labels, [3, 8])], [1], QUICK, checkpoint_dir=tmp_path / "1", network=SMALL
    )
    again = dataclasses.replace(QUICK, max_steps=6, critic_start=0.0)
    second = train(
        [cube_of(image, labels, [3, 5, 8, 12])],
        [1],
        again,
        checkpoint_dir=tmp_path / "2",
        parent=first.checkpoint,
    )
    assert second.checkpoint is not None
    assert "discriminator" in second.curves[-1].losses
