"""The pinned cast of simulated volunteers."""

import numpy as np

from models.labels import Labels
from models.simulate.cast import (
    BOUNDARY,
    MISS,
    PEOPLE,
    Realised,
    Scribbler,
    Stamper,
    pinned_cast,
    spams,
)
from models.simulate.volunteers import NoisyVolunteer


def scene(seed: int) -> Labels:
    """Discs of 8 to 26 pixels' radius, and half of the plane empty."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:256, :256]
    mask = np.zeros((256, 256), dtype=np.uint8)
    for cy in range(32, 256, 64):
        for cx in range(32, 128, 64):
            mask[(y - cy) ** 2 + (x - cx) ** 2 <= rng.uniform(8, 26) ** 2] = 1
    return mask


def play(seed: int = 0) -> Realised:
    realised = Realised()
    cast = pinned_cast(seed)
    for index, person in enumerate(cast):
        for other in range(3):
            truth = scene(index + other)
            nothing = np.zeros_like(truth)
            realised.add(person, truth, nothing, person.correct(truth, nothing), 1)
    return realised


def test_one_in_ten_of_the_cast_is_a_spammer() -> None:
    cast = pinned_cast(3)
    assert len(cast) == PEOPLE
    assert [spams(person) for person in cast].count(True) == PEOPLE // 10
    assert len({person.name for person in cast}) == PEOPLE


def test_the_cast_draws_as_well_as_it_is_pinned_to() -> None:
    figures = play().figures()
    assert 0.86 <= (figures["single_mask_dice"] or 0) <= 0.94
    assert abs((figures["boundary_rms"] or 0) - BOUNDARY) < 0.15
    assert abs((figures["objects_missed"] or 0) - MISS) < 0.03
    assert 0 < (figures["objects_invented_a_mask"] or 0) < 0.5
    assert figures["by_spammers"] == 0.1
    assert (figures["pooled_dice_with_spammers"] or 0) < (figures["pooled_dice"] or 0)


def test_the_same_seed_draws_the_same_masks() -> None:
    assert play(5).figures() == play(5).figures()
    assert play(5).figures() != play(6).figures()


def test_nothing_drawn_gives_no_figure_instead_of_nan() -> None:
    figures = Realised().figures()
    assert figures["single_mask_dice"] is None
    assert figures["boundary_rms"] is None


def test_an_outline_within_their_own_error_is_left_as_it_is() -> None:
    truth = scene(0)
    moved = np.roll(truth, 1, axis=0)
    careful = NoisyVolunteer(0, boundary=0, miss=0, invent=0, tolerance=1.5)
    drawn = careful.correct(truth, moved)
    np.testing.assert_array_equal(drawn.mask, moved)
    assert drawn.strokes == 0
    far = np.roll(truth, 6, axis=0)
    np.testing.assert_array_equal(careful.correct(truth, far).mask == truth, True)


def test_missing_and_invented_objects_are_drawn_whatever_the_tolerance() -> None:
    truth = scene(1)
    shown = truth.copy()
    shown[:64] = 0
    shown[250:, 250:] = 1
    careful = NoisyVolunteer(0, boundary=0, miss=0, invent=0, tolerance=1.5)
    np.testing.assert_array_equal(careful.correct(truth, shown).mask, truth)


def test_stampers_accept_and_scribblers_do_not() -> None:
    truth = scene(2)
    shown = np.roll(truth, 20, axis=1)
    np.testing.assert_array_equal(Stamper("s").correct(truth, shown).mask, shown)
    scribbled = Scribbler(0, "x").correct(truth, shown).mask
    assert not np.array_equal(scribbled, shown)
    assert set(np.unique(scribbled)) <= {0, 1}
