"""Completeness and purity of objects from blind tiles."""

import numpy as np
import pytest

from models.quality.found import Heights, met, share
from models.quality.objects import ObjectFinder, object_slices


def plane(*boxes: tuple[int, int, int, int]) -> np.ndarray:
    mask = np.zeros((20, 20), np.uint8)
    for y0, x0, height, width in boxes:
        mask[y0 : y0 + height, x0 : x0 + width] = 1
    return mask


EVERYWHERE = np.ones((20, 20), bool)


def test_a_tall_object_weighs_less_in_each_tile_that_meets_it() -> None:
    mask = plane((0, 0, 5, 5), (10, 10, 5, 5))
    ids = mask.astype(np.uint32)
    ids[10:, 10:] *= 2
    heights = Heights(np.array([0, 10, 1]), np.array([0, 250, 25]))
    got = met(mask, mask, ids, EVERYWHERE, heights)
    assert got.true == got.found == got.predicted == got.real == pytest.approx(1.1)


def test_what_is_predicted_but_not_there_is_no_real_object() -> None:
    mask = plane((0, 0, 5, 5))
    got = met(plane(), mask, mask.astype(np.uint32), EVERYWHERE, Heights(*(np.array([0, 1]),) * 2))
    assert (got.true, got.found, got.predicted, got.real) == (0, 0, 1, 0)


def test_a_missed_object_is_taken_to_be_as_tall_as_those_of_its_size() -> None:
    heights = Heights(np.array([0, 8, 2]), np.array([0, 8 * 100, 2 * 9]))
    big, small = plane((0, 0, 10, 10)), plane((0, 0, 3, 3))
    nothing = plane()
    got = [met(m, nothing, nothing.astype(np.uint32), EVERYWHERE, heights) for m in (big, small)]
    assert got[0].found == got[1].found == 0
    assert 0 < got[0].true <= got[1].true


def test_where_the_drawer_was_unsure_nothing_counts() -> None:
    mask = plane((0, 0, 5, 5))
    nowhere = np.zeros((20, 20), bool)
    got = met(mask, mask, mask.astype(np.uint32), nowhere, Heights(*(np.array([0, 1]),) * 2))
    assert (got.true, got.predicted) == (0, 0)


def test_weights_undo_the_size_bias_of_meeting_objects_through_slices() -> None:
    """Tall columns are all found, flat discs all missed: half of the objects, however tall."""
    truth = np.zeros((40, 40, 40), np.uint8)
    truth[2:38, 2:8, 2:8] = 1
    truth[2:38, 2:8, 30:36] = 1
    predicted = truth.copy()
    truth[5, 30:36, 2:8] = truth[20, 30:36, 30:36] = 1
    # The missed discs are one tile high; the exported mask knows one such disc, which is real.
    truth[30, 20:26, 20:26] = predicted[30, 20:26, 20:26] = 1
    finder = ObjectFinder()
    for mask in predicted:
        finder.add(mask)
    ids, objects = np.stack(list(object_slices(predicted, finder.owners()))), finder.objects()
    crossed = np.array([0, *(len(np.unique(np.nonzero(ids == i)[0])) for i in objects.identity)])
    heights = Heights(crossed, np.array([0, *objects.volume]))
    everywhere = np.ones((40, 40), bool)
    rows = [met(truth[z], predicted[z], ids[z], everywhere, heights) for z in range(40)]
    found = sum(r.found for r in rows)
    naive = sum(1 for r in rows for _ in range(round(36 * r.found)))
    assert found == pytest.approx(3.0)
    assert naive > 3


def test_all_found_in_a_small_sample_still_leaves_doubt() -> None:
    ones = np.ones(12)
    got = share(ones, ones, np.full(12, 0.1))
    assert got.value == got.high == 1
    assert 0.3 < got.low < 0.95


def test_no_object_met_says_nothing() -> None:
    got = share(np.zeros(9), np.zeros(9), np.full(9, 0.1))
    assert np.isnan(got.value)
    assert (got.low, got.high) == (0, 1)


def test_the_interval_of_a_share_holds_it_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(60):
        whole = rng.gamma(1.0, 1.0, 400) * (rng.random(400) < 0.5)
        part = whole * (rng.random(400) < 0.8)
        chance = rng.uniform(0.05, 0.3, 400)
        drawn = rng.random(400) < chance
        got = share(part[drawn], whole[drawn], chance[drawn])
        hits.append(got.low <= part.sum() / whole.sum() <= got.high)
    assert np.mean(hits) >= 0.93
