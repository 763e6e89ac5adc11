"""What is known, in slices and in tiles."""

import numpy as np
import pytest

from models.config import PropagationConfig
from models.propagation.interpolate import SignedDistances, class_distances
from models.propagation.known import KnownSlice

PLANE = (32, 32)


def tile(z: int, y0: int, x0: int, side: int, rng: np.random.Generator) -> KnownSlice:
    valid = np.zeros(PLANE, dtype=bool)
    valid[y0 : y0 + side, x0 : x0 + side] = True
    return KnownSlice(rng.integers(0, 3, PLANE).astype(np.uint8), valid)


@pytest.mark.parametrize("classes", [1, 2])
def test_a_tiles_distances_are_those_of_the_whole_plane(classes: int) -> None:
    rng = np.random.default_rng(0)
    for y0, x0, side in ((0, 0, 8), (24, 24, 8), (9, 13, 11), (0, 20, 12)):
        known = tile(0, y0, x0, side, rng)
        distances = SignedDistances({2: known}, (5, *PLANE), classes)
        labels = np.where(known.labels <= classes, known.labels, 0).astype(np.uint8)
        whole = class_distances(labels, known.certain(), classes, distances.config.cap)
        window, cropped = distances._map(2)
        inside = known.certain()
        full = np.zeros_like(whole)
        full[(slice(None), *window)] = cropped
        np.testing.assert_allclose(full[:, inside], whole[:, inside], atol=2e-3)


def test_a_tile_says_nothing_outside_its_box() -> None:
    known = tile(0, 8, 8, 12, np.random.default_rng(1))
    evidence = SignedDistances({2: known}, (5, *PLANE)).logit_evidence(3)
    inside = known.certain()
    assert (evidence.slices[inside] == 1).all()
    assert np.isinf(evidence.slices[~inside]).all()
    assert not evidence.distance[:, ~inside].any()


def test_a_tile_says_less_near_its_edge_beyond_which_anything_may_lie() -> None:
    labels = np.ones(PLANE, dtype=np.uint8)
    valid = np.zeros(PLANE, dtype=bool)
    valid[4:28, 4:28] = True
    evidence = SignedDistances({0: KnownSlice(labels, valid)}, (3, *PLANE)).logit_evidence(1)
    assert evidence.distance[0, 4, 16] == 1
    assert evidence.distance[0, 16, 16] == pytest.approx(12, abs=0.6)


def test_many_slices_of_which_a_tile_is_known_take_the_memory_of_few_whole_ones() -> None:
    rng = np.random.default_rng(2)
    known = {z: tile(z, 8 * (z % 4), 8 * (z % 3), 6, rng) for z in range(40)}
    distances = SignedDistances(known, (40, *PLANE), config=PropagationConfig(cached_slices=2))
    distances.logit_evidence(20)
    held = sum(maps[0].size for _, maps in distances._maps.values())
    assert len(distances._maps) > 8
    assert held <= 2 * 32 * 32
