"""Practice slices, and what the keenest volunteers made of them."""

import uuid

from benchmarks.desks.bulk import Say, load
from benchmarks.desks.masks import Masks
from benchmarks.desks.moments import Moments
from benchmarks.desks.people import accounts, volunteer_keys
from benchmarks.desks.plan import StudyPlan
from benchmarks.desks.sizes import TILE, Sizes
from benchmarks.desks.studies import proposal_of
from lamella.annotation.models import Assignment, Correction, Participation
from lamella.cubes.models import Labels, LabelsRole, VolumeState
from lamella.rounds.models import Task

TASKS = 12
"""Practice slices of a study."""
PEOPLE = 60
"""Volunteers who drew all of them, in each study."""
DICE = 0.9
"""How alike their masks are to the experts'."""


def practised(plan: StudyPlan, sizes: Sizes, moments: Moments, say: Say) -> None:
    """Everybody with an account has just had a practice slice, so that work is next."""
    task = Task.objects.filter(study=plan.id, kind=Task.Kind.GOLD).order_by("pk")[TASKS - 1]
    keys = volunteer_keys(sizes)[min(PEOPLE, sizes.volunteers // 4) : accounts(sizes)]
    now = moments.one(1.0)
    load(
        Assignment,
        ("id", "task", "volunteer", "state", "practice", "holds_place", "created", "lease_until",
         "ended"),
        (
            (uuid.uuid4().hex, task.pk, key, "submitted", True, False, now, now, now)
            for key in keys
        ),
        say,
    )  # fmt: skip
    Participation.objects.filter(study=plan.id).update(since_practice=0)


def make_gold(plans: list[StudyPlan], sizes: Sizes, moments: Moments) -> None:
    masks = Masks()
    keys = volunteer_keys(sizes)[: min(PEOPLE, sizes.volunteers // 4)]
    for plan in plans:
        slices = [plan.depth * (2 * n + 1) // (2 * TASKS) for n in range(TASKS)]
        Labels.objects.create(
            cube_id=plan.cubes[0],
            name="experts",
            role=LabelsRole.GOLD,
            state=VolumeState.READY,
            dtype="uint8",
            uri=f"{plan.proposals}/labels",
            slices=slices,
        )
        tasks = Task.objects.bulk_create(
            Task(
                study_id=plan.id,
                cube_id=plan.cubes[0],
                proposal_id=proposal_of(plan, plan.cubes[0], plan.versions[-1]),
                kind=Task.Kind.GOLD,
                z=z,
                height=TILE,
                width=TILE,
                reason="drawn by experts",
            )
            for z in slices
        )
        leases = Assignment.objects.bulk_create(
            Assignment(
                task=task,
                volunteer_id=key,
                state=Assignment.State.SUBMITTED,
                practice=True,
                holds_place=False,
                lease_until=moments.now.astimezone(),
                ended=moments.now.astimezone(),
            )
            for task in tasks
            for key in keys
        )
        Correction.objects.bulk_create(
            Correction(
                assignment=lease,
                task=lease.task,
                volunteer_id=lease.volunteer_id,
                mask=masks[n].packed,
                mask_hash=masks[n].digest,
                difference=masks[n].packed,
                proposal_hash=masks.empty.digest,
                changed_voxels=masks[n].voxels,
                active_seconds=30.0,
                strokes=4,
                consent_version="1",
                mended=n % 3 > 0 if n % 2 else None,
                gold_dice=DICE,
            )
            for n, lease in enumerate(leases)
        )
        Participation.objects.filter(
            study=plan.id, volunteer__in=[uuid.UUID(key) for key in keys]
        ).update(since_practice=0, practised=TASKS, practice_dice=DICE)
