"""Refresh volunteers' skills from finished tasks, in versioned snapshots.

A task tells of its people together; a gold task tells of each of them apart, since its truth is
known. What was learned from is marked, so that a refresh reads what is new and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from lamella.annotation.models import Ability, Correction
from lamella.consensus.compute import crowd_config, usable
from lamella.consensus.models import Consensus, Evidence, Skill, SkillVersion
from lamella.consensus.snapshots import latest_version, snapshot
from lamella.consensus.votes import MANAGER
from lamella.rounds.gold import gold_mask
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.models import Study
from lamella.studies.policy import aggregator_of
from lamella.volumes import codec
from models.config import SkillConfig
from models.crowd.aggregator import SHOWN, Aggregator
from models.crowd.registry import aggregator
from models.crowd.skills import SkillSnapshot, Tally, estimate

BATCH = 200
"""Agreements, and gold masks, that one refresh learns from at most; the rest waits for the next."""
REMEMBERED = 600
"""Pieces of evidence that a skill is the sum of: older ones have faded to nothing."""


def refresh_skills() -> SkillVersion | None:
    """Learn from tasks that were finished, or whose corrections changed, since they were last
    looked at; None where there are none.

    All are judged by the skills of before, so that the order among them does not matter. Blind
    tasks certify, and nothing is learned from them. Doing it twice changes nothing.
    """
    by_skill = [study.pk for study in Study.objects.all() if aggregator_of(study) == "skill"]
    agreed = list(_agreed(by_skill))
    told = {one.pk: _corrections(one) for one in agreed}
    gold = list(_gold(by_skill))
    stale = list(Evidence.objects.filter(stale=True).order_by("pk")[:BATCH])
    if not (agreed or gold or stale):
        return None
    everybody = {c.volunteer_id for masks in [*told.values(), gold] for c in masks}
    known = snapshot(latest_version(), everybody)
    judged = [(one, _judge(one, told[one.pk], known)) for one in agreed]
    tested = [(one, _judge_on_gold(one, known)) for one in gold]
    with transaction.atomic():
        touched: set[UUID | None] = {one.volunteer_id for one in stale}
        Evidence.objects.filter(pk__in=[one.pk for one in stale]).delete()
        for consensus, tallies in judged:
            touched |= _note(consensus.task, told[consensus.pk], tallies)
        Consensus.objects.filter(pk__in=[one.pk for one in agreed]).update(judged=True)
        for correction, tallies in tested:
            touched |= _note_gold(correction, tallies)
        version = SkillVersion.objects.create(
            tasks=len(judged) + len({one.task_id for one in gold}) + len({e.task_id for e in stale})
        )
        for volunteer in sorted(touched, key=str):
            tally = _sum_of(volunteer)
            Skill.objects.create(version=version, volunteer_id=volunteer, tally=_plain(tally))
            if volunteer is not None:
                _make_able(volunteer, tally)
    return version


def _make_able(volunteer: UUID, tally: Tally) -> None:
    """What offers and pages read of a skill."""
    skill = estimate(tally)
    Ability.objects.update_or_create(
        volunteer_id=volunteer,
        defaults={
            "hit": skill.hit,
            "false_alarm": skill.false_alarm,
            "spread": skill.spread,
            "edge": skill.edge,
            "bias": skill.bias,
            "tasks": skill.weight,
            "needed": tally.found + tally.missed + tally.struck + tally.passed,
            "left": tally.missed + tally.passed,
            "skill": skill.hit - skill.false_alarm,
        },
    )


def _agreed(studies: Sequence[int]) -> QuerySet[Consensus]:
    """Agreements on finished tasks that nothing was learned from yet."""
    rows = Consensus.objects.filter(
        current=True,
        judged=False,
        task__study__in=studies,
        task__blind=False,
        task__state__in=[Task.State.RETIRED, Task.State.ACCEPTED],
    )
    rows = rows.exclude(task__kind=Task.Kind.GOLD).order_by("pk")
    return rows.select_related("task__study", "task__cube", "task__proposal")[:BATCH]


def _corrections(consensus: Consensus) -> list[Correction]:
    found = Correction.objects.counting().filter(
        pk__in=consensus.corrections, assignment__practice=False
    )
    return list(found.select_related("task__study").order_by("created", "id"))


def _gold(studies: Sequence[int]) -> QuerySet[Correction]:
    """Masks of gold tasks that nothing was learned from yet."""
    rows = Correction.objects.counting().filter(task__kind=Task.Kind.GOLD, task__study__in=studies)
    rows = rows.filter(~Exists(Evidence.objects.filter(correction=OuterRef("pk"))))
    return rows.select_related("task__study", "task__cube", "task__proposal").order_by(
        "created", "id"
    )[:BATCH]


def _judge(
    consensus: Consensus, corrections: Sequence[Correction], known: SkillSnapshot
) -> Mapping[str, Tally]:
    """What a task says of those who corrected it; nothing where their masks are gone.

    A mask that a manager drew is the truth, as gold is.
    """
    task, masks = consensus.task, usable(corrections).masks
    if not masks:
        return {}
    truth = None
    if consensus.aggregator == MANAGER:
        truth = codec.unpack(
            bytes(consensus.mask),
            shape=(task.height, task.width),
            dtype=np.dtype(task.study.label_dtype),
        )
    return _method(task).judge(masks, task_proposal(task), known, truth)


def _judge_on_gold(correction: Correction, known: SkillSnapshot) -> Mapping[str, Tally]:
    """What one mask of a gold task says; nothing where the gold is gone."""
    task = correction.task
    masks = usable([correction]).masks
    try:
        truth = gold_mask(task)
    except LookupError:
        return {}
    if not masks or truth.shape != masks[0].mask.shape:
        return {}
    told = _method(task).judge(masks, task_proposal(task), known, truth)
    # A planted error says nothing of what the machine proposes.
    return {who: tally for who, tally in told.items() if not (task.planted and who == SHOWN)}


def _method(task: Task) -> Aggregator:
    return aggregator("skill", crowd_config(task.study, task.redundancy))


def _note(
    task: Task, corrections: Sequence[Correction], tallies: Mapping[str, Tally]
) -> set[UUID | None]:
    """Store a task's evidence in place of what it said before; whom it tells of."""
    before = set(task.evidence.values_list("volunteer_id", flat=True))
    ids = {str(c.volunteer_id): c.volunteer_id for c in corrections}
    now: dict[UUID | None, Tally] = {
        None if name == SHOWN else ids[name]: tally for name, tally in tallies.items()
    }
    for gone in before - now.keys():
        task.evidence.filter(volunteer=gone).delete()
    for volunteer, tally in now.items():
        Evidence.objects.update_or_create(  # type: ignore[misc]
            task=task,
            volunteer_id=volunteer,
            defaults={"tally": _plain(tally), "stale": False},
        )
    return before | now.keys()


def _note_gold(correction: Correction, tallies: Mapping[str, Tally]) -> set[UUID | None]:
    """Store what a gold mask says of its volunteer, and of the proposal; also if it is nothing."""
    told: dict[UUID | None, Tally] = {correction.volunteer_id: Tally()}
    for name, tally in tallies.items():
        told[None if name == SHOWN else correction.volunteer_id] = tally
    for volunteer, tally in told.items():
        Evidence.objects.update_or_create(  # type: ignore[misc]
            task=correction.task,
            volunteer_id=volunteer,
            defaults={
                "tally": _plain(tally),
                "stale": False,
                "correction": None if volunteer is None else correction,
            },
        )
    return set(told)


def _sum_of(volunteer: UUID | None) -> Tally:
    """A volunteer's evidence of all studies, the older worth less."""
    factor = SkillConfig().forgetting
    total = Tally()
    newest = Evidence.objects.filter(volunteer=volunteer).order_by("-pk")
    for tally in reversed(newest.values_list("tally", flat=True)[:REMEMBERED]):
        total = total.faded(factor) + Tally.of(tally)
    return total


def _plain(tally: Tally) -> dict[str, float]:
    return {name: value for name, value in asdict(tally).items() if value}
