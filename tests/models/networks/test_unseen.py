"""The parent's proposals for slices that it had not learned."""

import dataclasses
from pathlib import Path

import numpy as np
import torch

from models.networks.data import WindowSampler
from models.networks.segmenter import Segmenter
from models.networks.train import train
from models.networks.unseen import UnseenProposals
from tests.models.networks.toys import QUICK, SMALL, blobs, cube_of


def proposals(learned: list[int], known: list[int]) -> UnseenProposals:
    torch.manual_seed(0)
    sampler = WindowSampler([cube_of(*blobs(), known)], [1], QUICK, {}, 8)
    parent = Segmenter(SMALL).eval()
    rng = np.random.default_rng(0)
    return UnseenProposals(parent, sampler, {"toy": learned}, "float32", rng)


def test_only_slices_that_the_parent_had_not_learned_are_proposed() -> None:
    assert {z for _, z in proposals([2, 6], [2, 4, 6, 9]).shares} == {4, 9}


def test_a_parent_that_learned_all_gives_nothing() -> None:
    assert proposals([2, 6], [2, 6]).draw(3, np.random.default_rng(0)) is None


def test_what_the_parent_is_shown_beside_a_slice_is_what_it_had_learned() -> None:
    some = proposals([2, 6], [2, 4, 6])
    more = proposals([2, 6], [2, 4, 5, 6])  # 5 came with 4: neither was known to the parent
    np.testing.assert_array_equal(some.shares[0, 4], more.shares[0, 4])


def test_image_proposal_labels_and_weight_are_of_one_place() -> None:
    _, labels = blobs(count=12)
    cube = dataclasses.replace(cube_of(labels * 160 + 40, labels, [3, 8]), key="toy")
    sampler = WindowSampler([cube], [1], QUICK, {}, 8)
    found = UnseenProposals(
        Segmenter(SMALL).eval(), sampler, {}, "float32", np.random.default_rng(0)
    )
    for at in found.shares:  # a parent that proposes the labels themselves
        found.shares[at] = labels[at[1]][None].astype(np.float16)
    drawn = found.draw(8, np.random.default_rng(1))
    assert drawn is not None
    picture, shares, target, weight = drawn
    assert picture.shape == shares.shape == target.shape == weight.shape == (8, 1, 32, 32)
    torch.testing.assert_close(shares, target)
    torch.testing.assert_close((picture + 1) / 2, target)
    assert (weight == 1).all()
    assert len({tuple(t.flatten().tolist()) for t in target}) > 1


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
