"""A study in full swing, for the browser tests and for looking at pages by hand.

A small procedural cube (grey bodies on a textured ground), a proposal with faults, two closed
rounds and an open one, corrections that agree and some that do not, a serving model version.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray
from scipy import ndimage

from lamella.accounts.models import User
from lamella.annotation.models import Correction
from lamella.consensus.final import FinalMask
from lamella.cubes.models import Cube
from lamella.exchange import catalogues
from lamella.exchange.virtual import VirtualMask
from lamella.jobs.models import JobState
from lamella.learning.models import ModelVersion, Proposal, TrainingRun
from lamella.rounds.models import Round, Task
from lamella.studies.models import Study
from models.quality.catalogue import Catalogue
from models.selection.scored import told
from tests import factories as make

SHAPE = (48, 192, 256)


@dataclass
class Scene:
    alice: User
    bob: User
    charlie: User
    dana: User
    study: Study
    cube: Cube
    truth: NDArray[np.uint8]
    proposed: NDArray[np.uint8]
    serving: ModelVersion
    proposal: Proposal
    run: TrainingRun


def bodies(shape: tuple[int, int, int] = SHAPE, seed: int = 5) -> tuple[Any, Any]:
    """(image uint8, truth uint8): ellipsoids that are darker than a noisy, streaky ground."""
    rng = np.random.default_rng(seed)
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    truth = np.zeros(shape, bool)
    for _ in range(26):
        centre = rng.uniform((0, 0, 0), shape)
        radius = rng.uniform(7, 22)
        distance = ((z - centre[0]) * 1.6) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2
        truth |= distance < radius**2
    ground = ndimage.gaussian_filter(rng.normal(size=shape), (1, 3, 9)) * 120
    fine = ndimage.gaussian_filter(rng.normal(size=shape), (0, 0.8, 0.8)) * 22
    shade = ndimage.gaussian_filter(truth.astype(np.float32), (0, 1.2, 1.2)) * 62
    rim = ndimage.gaussian_gradient_magnitude(truth.astype(np.float32), (0, 1.1, 1.1)) * 190
    image = 150 + ground + fine + shade - rim
    return np.clip(image, 0, 255).astype(np.uint8), truth.astype(np.uint8)


def build(
    *,
    volume: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None,
    **study_fields: Any,
) -> Scene:
    """Everything into the database and the store that the settings name.

    ``volume``: (image, truth), instead of the small procedural one.
    """
    alice, dana, charlie = (make.make_user(name) for name in ("alice", "dana", "charlie"))
    bob = make.make_user("bob")
    study = make.make_study(
        alice=alice,
        dana=dana,
        bob=bob,
        public=True,
        anonymous=True,
        redundancy=3,
        **{"question": "Where are the dark bodies?", "guide": GUIDE, **study_fields},
    )
    image, truth = bodies() if volume is None else volume
    cube = make.make_cube(study, "block 1", voxels=image)
    proposed = faulty(truth)
    serving, proposal, run = _learned(study, cube, proposed)
    scene = Scene(alice, bob, charlie, dana, study, cube, truth, proposed, serving, proposal, run)
    _rounds(scene)
    make.make_job(
        study,
        "propose",
        title="Propose masks for block 1",
        state=JobState.DONE,
        progress=1.0,
        finished=timezone.now() - timedelta(minutes=8),
    )
    return scene


FORECAST = {"more": 14.2, "low": 6.0, "high": 31.0, "target": 0.95, "note": ""}

GUIDE = """\
## What to mark

Mark every **dark body** up to the outer edge of its bright rim.

## Where it is hard

- Dark streaks that run along x have no rim: leave them out.
- Two bodies that touch stay one mark.

Practice and test slices with a known answer are mixed in; they show you and us how it goes.
"""


def faulty(truth: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The truth with edges off, a body missed and one invented."""
    labelled, count = ndimage.label(truth)
    wrong = truth.astype(bool)
    if count > 2:
        wrong &= labelled != 2
    wrong = np.stack([np.roll(plane, (z % 3) - 1, axis=1) for z, plane in enumerate(wrong)])
    wrong[:, 20:34, 30:48] |= (np.arange(len(wrong)) % 7 < 3)[:, None, None]
    return wrong.astype(np.uint8)


def _learned(
    study: Study, cube: Cube, proposed: NDArray[np.uint8]
) -> tuple[ModelVersion, Proposal, TrainingRun]:
    first = make.make_run(study)
    old = make.make_version(
        study,
        1,
        training_run=first,
        state=ModelVersion.State.RETIRED,
        metrics={"validation_dice": 0.862},
        gate={"promote": True, "reason": "the first version, with nothing to compare it to"},
    )
    second = make.make_run(study, parent=old)
    serving = make.make_version(
        study,
        2,
        training_run=second,
        state=ModelVersion.State.SERVING,
        metrics={"validation_dice": 0.917},
        gate={
            "promote": True,
            "reason": "Not worse, and better on the whole: mean difference 0.031, "
            "95 % interval 0.012 to 0.047, 9 items.",
            "difference": 0.031,
            "low": 0.012,
            "high": 0.047,
            "items": 9,
            "against": 1,
        },
    )
    proposal = make.make_proposal(cube, serving, labels=proposed)
    _doubts(proposal, proposed)
    return serving, proposal, second


def _doubts(proposal: Proposal, proposed: NDArray[np.uint8]) -> None:
    """How sure the machine is: less at edges, and least of what it invented; a map of patches."""
    depth, height, width = proposed.shape
    soft = ndimage.gaussian_filter(proposed.astype(np.float32), (0, 2.5, 2.5))
    soft[:, 20:34, 30:48] *= 0.45
    make.make_probability(proposal, np.clip(soft, 0.02, 0.99)[None])
    side = 32
    doubt = 4 * soft * (1 - soft)
    rows, columns = height // side, width // side
    whole = doubt[:, : rows * side, : columns * side]
    patches = whole.reshape(depth, rows, side, columns, side).mean(axis=(2, 4))
    make.make_scores(proposal, {"discriminator": patches, "entropy": patches**0.5}, side)


def catalogued(scene: Scene) -> None:
    """The list of the cube's objects, as the worker would make it."""
    final = FinalMask(scene.cube)
    certainty = catalogues.Certainty(final)
    found = Catalogue()
    for z in range(scene.cube.depth):
        labels = final.slice(z)
        found.add(labels, certainty.slice(z, labels))
    catalogues.keep(scene.cube, VirtualMask(scene.cube).mark, *found.objects())


def _rounds(scene: Scene) -> None:
    depth, height, width = scene.cube.shape
    area = height * width
    rng = np.random.default_rng(3)
    doubt = (rng.gamma(2.0, area / 190, depth) * (1 + np.sin(np.arange(depth) / 4))).round(1)
    record = {"expected_voxels": {str(scene.cube.pk): doubt.tolist()}}
    now = timezone.now()
    shown = [3, 9, 15, 21, 27, 33, 39, 45]
    for number, places in enumerate((shown[::2], shown[1::2], [5, 12, 18, 24, 30, 41])):
        opened = make.make_round(
            scene.study,
            number,
            strategy="uniform" if number == 0 else "discriminator",
            selection=record,
            state=Round.State.CLOSED if number < 2 else Round.State.OPEN,
            closed=now - timedelta(hours=20 - 9 * number) if number < 2 else None,
            figures={"forecast": FORECAST} if number == 1 else {},
        )
        for index, z in enumerate(places):
            _task(scene, opened, z, index, float(doubt[z]) / area)
        if number < 2:
            make.make_certificate(
                scene.cube,
                opened,
                scene.proposal,
                dice=0.861 + 0.062 * number,
                low=0.822 + 0.075 * number,
                high=0.9 + 0.05 * number,
                tasks=6 + 5 * number,
                blind=14 + 9 * number,
                audited=0.03 + 0.02 * number,
            )


def _doubt(z: int, score: float) -> str:
    found = "the discriminator finds its proposal unreal"
    return f"Slice {z + 1}: {found} (1 of 48, score {told(score)})."


def _task(scene: Scene, opened: Round, z: int, index: int, score: float) -> Task:
    audit = index == 1
    task = make.make_task(
        scene.cube,
        opened,
        z=z,
        proposal=None if audit else scene.proposal,
        kind=Task.Kind.AUDIT if audit else Task.Kind.WORK,
        reason="drawn at random, to measure quality" if audit else _doubt(z, score),
        score=score,
        priority=score,
    )
    if opened.state == Round.State.OPEN and index >= 3:
        return task
    made = [_correction(scene, task, index, person) for person in range(3)]
    masks = np.stack([mask for _, mask in made])
    agreed = (masks.sum(axis=0) >= 2).astype(np.uint8)
    consensus = make.make_consensus(
        task,
        corrections=[correction for correction, _ in made],
        mask=agreed,
        votes=masks.mean(axis=0),
        agreement=0.94 - 0.05 * index - (0.18 if z % 2 == 0 else 0),
    )
    if opened.number == 0:
        make.make_verdict(consensus, scene.dana)
        Task.objects.filter(pk=task.pk).update(state=Task.State.ACCEPTED)
    return task


def _correction(
    scene: Scene, task: Task, index: int, person: int
) -> tuple[Correction, NDArray[np.uint8]]:
    """Three people: a careful one, one who draws wide, one who misses what is small."""
    truth = scene.truth[task.z].astype(bool)
    scale = max(1, task.width // 256)
    if person == 1:
        truth = ndimage.binary_dilation(truth, iterations=(1 + index % 2) * scale)
    elif person == 2:
        truth = ndimage.binary_opening(truth, iterations=4 * scale)
    mask = truth.astype(np.uint8)
    proposed = scene.proposed[task.z] if task.proposal else np.zeros_like(mask)
    volunteer = make.make_volunteer(scene.alice) if person == 0 else None
    correction = make.make_correction(
        task,
        volunteer,
        mask=mask,
        proposal=proposed,
        active_seconds=35.0 + 22 * person + 6 * index + (90 if task.proposal is None else 0),
        strokes=4 + 3 * person,
        flag="hard" if person == 2 and index == 2 else "",
        comment="The rim is hard to see on the left." if person == 2 and index == 2 else "",
    )
    return correction, mask
