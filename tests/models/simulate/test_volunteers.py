"""Simulated volunteers."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, label

from models.quality.metrics import dice
from models.simulate.volunteers import NoisyVolunteer, PerfectVolunteer, effort


def discs() -> np.ndarray:
    y, x = np.mgrid[:96, :96]
    mask = np.zeros((96, 96), dtype=np.uint8)
    for cy, cx, radius in ((20, 20, 10), (60, 30, 14), (30, 70, 12), (75, 75, 9)):
        mask[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] = 1
    return mask


EMPTY = np.zeros((96, 96), dtype=np.uint8)


def test_the_perfect_volunteer_draws_the_truth_in_the_proposals_type() -> None:
    drawn = PerfectVolunteer().correct(discs(), EMPTY.astype(np.uint16))
    np.testing.assert_array_equal(drawn.mask, discs())
    assert drawn.mask.dtype == np.uint16
    assert drawn.strokes == 4


def test_a_right_proposal_costs_a_look_and_no_stroke() -> None:
    drawn = PerfectVolunteer().correct(discs(), discs())
    assert drawn.strokes == 0
    assert drawn.seconds == 4


def test_more_to_change_takes_longer() -> None:
    half = discs()
    half[:48] = 0
    assert effort(half, discs())[0] < effort(EMPTY, discs())[0]


def test_a_ragged_outline_is_drawn_anew_rather_than_mended_piece_by_piece() -> None:
    ragged = discs()
    # Two of four columns lack their edges: dozens of small pieces.
    columns = np.arange(96) % 4 < 2
    for shift in (-3, 3):
        ragged[:, columns] &= np.roll(discs(), shift, axis=0)[:, columns]
    seconds, strokes = effort(ragged, discs())
    assert strokes == 8, "one to rub out and one to draw each of four discs"
    assert seconds < effort(EMPTY, discs())[0] + 4 * 1.5 + 1e-9


def test_one_small_fault_is_mended() -> None:
    dented = discs()
    dented[48:52, 28:32] = 0
    seconds, strokes = effort(dented, discs())
    assert strokes == 1
    assert seconds < 6


@given(st.integers(0, 2**16))
def test_no_correction_takes_longer_than_rubbing_out_and_drawing_anew(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = (
        (gaussian_filter(rng.normal(size=(48, 48)), 3) > 0.05).astype(np.uint8) for _ in range(2)
    )
    _, bodies = label((before > 0) | (after > 0), np.ones((3, 3)))
    objects, _ = label(after, np.ones((3, 3)))
    assume(np.bincount(objects.ravel())[1:].min(initial=3) > 2)  # smaller ones are not drawn
    assert effort(before, after)[0] <= effort(EMPTY[:48, :48], after)[0] + 1.5 * bodies + 1e-9


def test_a_noisy_volunteer_is_good_but_not_perfect() -> None:
    scores = [
        dice(NoisyVolunteer(s, boundary=1.5).correct(discs(), EMPTY).mask, discs())
        for s in range(20)
    ]
    assert 0.8 < np.mean(scores) < 0.97


def test_a_wider_boundary_error_is_worse() -> None:
    def mean(boundary: float) -> float:
        drawn = [
            NoisyVolunteer(s, boundary, miss=0, invent=0).correct(discs(), EMPTY).mask
            for s in range(10)
        ]
        return float(np.mean([dice(d, discs()) for d in drawn]))

    assert mean(0) == 1
    assert mean(1) > mean(3)


def test_missed_objects_stay_as_proposed() -> None:
    blind = NoisyVolunteer(0, boundary=0, miss=1, invent=0)
    np.testing.assert_array_equal(blind.correct(discs(), EMPTY).mask, EMPTY)


def test_the_lazy_accept_what_they_are_shown() -> None:
    shown = EMPTY.copy()
    shown[:3, :3] = 1
    drawn = NoisyVolunteer(0, lazy=1).correct(discs(), shown)
    np.testing.assert_array_equal(drawn.mask, shown)


def test_even_the_lazy_draw_where_nothing_is_shown() -> None:
    assert NoisyVolunteer(0, lazy=1).correct(discs(), EMPTY).mask.any()


def test_the_same_seed_draws_the_same_and_truth_is_left_alone() -> None:
    truth = discs()
    a, b = (NoisyVolunteer(3).correct(truth, EMPTY).mask for _ in range(2))
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(truth, discs())


def test_classes_keep_their_values() -> None:
    truth = discs()
    truth[50:] *= 2
    drawn = NoisyVolunteer(1, boundary=1, invent=2).correct(truth, EMPTY).mask
    assert set(np.unique(drawn)) == {0, 1, 2}


def test_an_empty_truth_and_region_of_one_pixel_do_no_harm() -> None:
    one = np.zeros((1, 1), dtype=np.uint8)
    assert NoisyVolunteer(0, invent=0).correct(one, one).mask.shape == (1, 1)
    assert not NoisyVolunteer(0, invent=0).correct(EMPTY, EMPTY).mask.any()
