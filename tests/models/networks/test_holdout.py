"""Validation looks at what is held out, part by part, whatever the size of the slices."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from models.config import NetworkConfig, PredictConfig
from models.networks import holdout
from models.networks.data import SliceCache
from models.networks.holdout import PARTS, validation_dice
from models.networks.neighbours import Neighbours
from models.networks.progress import Sample
from models.networks.segmenter import Segmenter
from models.networks.stream import Beside, slab_shares
from models.networks.types import TrainingCube, TrainingSlice

DEPTH = 8


def cube_of(side: int, weight: np.ndarray | None = None) -> TrainingCube:
    """A cube whose labels are where its image is bright, known in two of its slices."""
    rng = np.random.default_rng(3)
    image = rng.integers(0, 255, (DEPTH, side, side), dtype=np.uint8)
    labels = (image > 127).astype(np.uint8)
    known = {z: TrainingSlice(labels[z], weight) for z in (3, 5)}
    return TrainingCube(image=image, low=0.0, high=255.0, known=known)


def validated(cube: TrainingCube, show: Callable[[Sample], None] | None = None) -> float | None:
    torch.manual_seed(0)
    network = NetworkConfig(channels=(4, 8), critic_channels=(4, 8), recurrent_channels=4)
    cache = SliceCache([cube], 64)
    neighbours = [Neighbours({}, [1], lambda z: cache.window(0, z, z + 1)[0])]
    return validation_dice(
        Segmenter(network).eval(),
        cache,
        neighbours,
        [1],
        {0: frozenset({3, 5})},
        3,
        torch.device("cpu"),
        show,
    )


@pytest.fixture
def perfect(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """A network that says what is bright; the sizes of what it was shown."""
    shown: list[tuple[int, ...]] = []

    def bright(segmenter: Any, slab: torch.Tensor, core: range, *_: Any) -> tuple[Any, None]:
        shown.append(tuple(slab.shape))
        middle = slab[list(core)]
        return (middle > 0).float()[None], None

    monkeypatch.setattr(holdout, "slab_shares", bright)
    return shown


def test_a_few_parts_are_shown_with_what_is_seen_guessed_and_known(
    perfect: list[tuple[int, ...]],
) -> None:
    cube = cube_of(600)
    shown: list[Sample] = []
    validated(cube, shown.append)
    assert [sample.number for sample in shown] == [0, 1, 2]
    assert {sample.z for sample in shown} == {3, 5}
    for sample in shown:
        rows = slice(sample.y0, sample.y0 + sample.image.shape[0])
        columns = slice(sample.x0, sample.x0 + sample.image.shape[1])
        seen = (sample.image.astype(np.float32) + 1) / 2 * 255
        assert np.abs(seen - cube.image[sample.z, rows, columns]).max() < 0.5
        assert (sample.truth == cube.known[sample.z].labels[rows, columns]).all()
        assert (sample.guess == (sample.image > 0)).all()


def test_a_mask_that_is_right_everywhere_has_dice_one(perfect: list[tuple[int, ...]]) -> None:
    assert validated(cube_of(300)) == 1.0
    # Four parts of each of the two slices, with a margin on the inner sides.
    assert len(perfect) == 8
    assert {shape[1:] for shape in perfect} == {(166, 166)}


def test_what_a_validation_takes_does_not_grow_with_the_slices(
    perfect: list[tuple[int, ...]],
) -> None:
    assert validated(cube_of(1100)) == 1.0
    assert len(perfect) == PARTS


def test_parts_in_which_nothing_is_known_are_not_predicted(
    perfect: list[tuple[int, ...]],
) -> None:
    weight = np.zeros((600, 600), dtype=bool)
    weight[:150, :150] = True
    assert validated(cube_of(600, weight)) == 1.0
    assert len(perfect) == 2


def test_the_network_itself_is_asked_with_its_known_neighbours() -> None:
    """One part is the whole slice here, so that the whole cube's prediction tells the same."""
    torch.manual_seed(0)
    network = NetworkConfig(channels=(4, 8), critic_channels=(4, 8), recurrent_channels=4)
    segmenter = Segmenter(network).eval()
    cube = cube_of(70)
    cache = SliceCache([cube], 64)
    beside = Neighbours({2: cube.known[3]}, [1], lambda z: cache.window(0, z, z + 1)[0])
    found = validation_dice(
        segmenter, cache, [beside], [1], {0: frozenset({3, 5})}, 3, torch.device("cpu")
    )
    overlap = size = 0
    for z in (3, 5):
        planes = range(z - 1, z + 2)
        slab = torch.from_numpy(np.stack(cache.window(0, z - 1, z + 2)).astype(np.float32))
        with torch.no_grad():
            shares, _ = slab_shares(
                segmenter,
                slab,
                range(1, 2),
                PredictConfig(),
                Beside.slab(beside, planes, cube.image.shape[1:]),
            )
        guess = shares[0, 0].numpy() > 0.5
        truth = cube.known[z].labels > 0
        overlap += 2 * int((guess & truth).sum())
        size += int(guess.sum() + truth.sum())
    assert size > 0
    assert found == pytest.approx(overlap / size)
