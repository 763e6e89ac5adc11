"""Pictures of known slices while a model learns them."""

import cv2
import numpy as np
import pytest

from lamella.cubes.store import location
from models.networks.progress import Sample
from tests import factories as make
from workers.samples import keeper, picture


def sample(step: int = 0, number: int = 0) -> Sample:
    guess = np.zeros((64, 64), np.uint8)
    guess[10:30, 10:30] = 1
    truth = np.zeros((64, 64), np.uint8)
    truth[10:30, 20:40] = 1
    return Sample(step, number, 0, 5, 0, 0, np.zeros((64, 64), np.float16), guess, truth)


def test_a_picture_shows_the_slice_and_both_outlines_in_their_colours() -> None:
    shown = cv2.imdecode(np.frombuffer(picture(sample()), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (192, 192, 3)
    blue, _, red = shown.astype(int).transpose(2, 0, 1)
    model, people, ground = (slice(40, 80), 30), (slice(40, 80), 120), (slice(150, 180), 150)
    assert (blue[model] - red[model]).mean() > 40
    assert (red[people] - blue[people]).mean() > 40
    assert abs(blue[ground] - red[ground]).mean() < 8


@pytest.mark.django_db
def test_pictures_are_stored_and_told_of_the_newest_of_a_step_counts() -> None:
    cube = make.make_cube(make.make_study())
    run = make.make_run(cube.study)
    keep = keeper(run, [cube])
    for step, number in ((0, 0), (0, 1), (50, 0), (50, 1), (50, 0)):
        keep(sample(step, number))
    run.refresh_from_db()
    assert [(s["step"], s["number"]) for s in run.samples] == [(0, 0), (0, 1), (50, 0)]
    assert run.samples[0]["dice"] == pytest.approx(0.5)
    assert location(run.samples[-1]["uri"]).size() > 500
