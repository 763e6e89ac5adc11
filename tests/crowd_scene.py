"""People of the scene: what they are good at, what is odd about some, and Alice's practice."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.utils import timezone
from scipy import ndimage

from lamella.accounts.models import Volunteer
from lamella.annotation.holding import quarantine
from lamella.annotation.models import Ability, Assignment, Correction, Participation
from lamella.consensus.learning import refresh_skills
from lamella.consensus.models import Consensus
from lamella.consensus.services import recompute
from lamella.cubes.models import LabelsRole
from lamella.rounds.gold import make_gold_tasks
from lamella.rounds.models import Round, Task
from models.crowd.skills import Tally, estimate
from tests import factories as make
from tests.scene import Scene


@dataclass
class CrowdScene:
    alice: Volunteer
    bot: Volunteer
    flooder: Volunteer
    kept_out: Volunteer


def build_crowd(scene: Scene) -> CrowdScene:
    """Agrees on the scene's tasks by skill, learns from them, and adds who behaves oddly."""
    alice = make.make_volunteer(scene.alice)
    _practise(scene, alice)
    for task in Task.objects.filter(study=scene.study, consensuses__current=True).order_by("pk"):
        # The scene's own agreements are votes; these are by skill, with objects and history.
        Consensus.objects.filter(task=task).update(corrections=[])
        recompute(task.pk)
        refresh_skills()
    _dispute(scene)
    bot = _odd(scene, unedited=64, quick=61, tally=Tally(found=1, missed=19, spared=22, tasks=24))
    flooder = _odd(
        scene, corrections=18, floods=11, tally=Tally(found=8, missed=1, invented=40, tasks=18)
    )
    kept_out = _odd(scene, unedited=31, quick=31, corrections=31, tally=Tally(missed=3, tasks=3))
    quarantine(
        scene.study,
        kept_out,
        reason="30 masks were handed in unedited within 60 seconds.",
    )
    return CrowdScene(alice, bot, flooder, kept_out)


def _dispute(scene: Scene) -> None:
    """Of two people nobody knows one marks a body that the other leaves out; a third is asked."""
    opened = scene.study.rounds.get(state=Round.State.OPEN)
    taken = set(opened.tasks.values_list("z", flat=True))
    z = next(z for z in range(24, 40) if z not in taken and scene.truth[z].any())
    task = make.make_task(scene.cube, opened, z=z, score=0.5)
    truth = scene.truth[z]
    labelled, _ = ndimage.label(truth)
    sizes = np.bincount(labelled.ravel())[1:]
    without = np.where(labelled == int(np.argmax(sizes)) + 1, 0, truth).astype(np.uint8)
    for mask in (truth, without):
        make.make_correction(task, mask=mask)
    Task.objects.filter(pk=task.pk).update(places_taken=2)
    recompute(task.pk)


def _odd(scene: Scene, *, tally: Tally, corrections: int = 66, **counts: int) -> Volunteer:
    volunteer, found = make.make_volunteer(), estimate(tally)
    Participation.objects.create(
        study=scene.study,
        volunteer=volunteer,
        corrections=corrections,
        seconds=corrections * 1.4,
        last=timezone.now() - timedelta(minutes=corrections),
        **counts,
    )
    needed = tally.found + tally.missed
    Ability.objects.create(
        volunteer=volunteer,
        hit=found.hit,
        false_alarm=found.false_alarm,
        spread=found.spread,
        edge=found.edge,
        tasks=found.weight,
        needed=needed,
        left=tally.missed,
        skill=found.hit - found.false_alarm,
    )
    return volunteer


def _practise(scene: Scene, alice: Volunteer) -> None:
    """Six slices that experts drew; she gets better, and finds two of three hidden errors."""
    slices = list(range(3, 45, 7))
    gold = make.make_labels(
        scene.cube, LabelsRole.GOLD, uri=f"labels/{scene.cube.pk}-practice.zarr", slices=slices
    )
    make.write_voxels(gold.uri, scene.truth, "label")
    make_gold_tasks(scene.study)
    tasks = Task.objects.filter(study=scene.study, kind=Task.Kind.GOLD).order_by("z")
    for number, task in enumerate(tasks):
        truth = scene.truth[task.z].astype(bool)
        wide = ndimage.binary_dilation(truth, iterations=max(4 - number, 0) + 1)
        made = make.make_correction(
            task,
            alice,
            mask=np.asarray(wide, np.uint8),
            proposal=scene.proposed[task.z],
            mended=None if not task.planted else number != 1,
        )
        Assignment.objects.filter(pk=made.assignment_id).update(practice=True)
        when = timezone.now() - timedelta(days=12 - 2 * number)
        Correction.objects.filter(pk=made.pk).update(created=when)
