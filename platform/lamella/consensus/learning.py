"""Refresh volunteers' skills from finished tasks, in versioned snapshots."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from lamella.annotation.models import Correction
from lamella.consensus.compute import crowd_masks, method_of
from lamella.consensus.models import Consensus, Evidence, Skill, SkillVersion
from lamella.consensus.snapshots import latest_version, snapshot
from lamella.rounds.gold import gold_mask
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.policy import aggregator_of
from models.config import SkillConfig
from models.crowd.aggregator import SHOWN
from models.crowd.skills import SkillSnapshot, Tally

BATCH = 200
"""Tasks that one refresh learns from at most; the rest waits for the next."""


@dataclass(frozen=True)
class _Finished:
    """A finished task, the corrections that tell of its people, and a mark of these."""

    task: Task
    corrections: list[Correction]
    source: str


def refresh_skills() -> SkillVersion | None:
    """Learn from tasks that were finished, or whose corrections changed, since they were last
    looked at; None where there are none.

    All are judged by the skills of before, so that the order among them does not matter. Blind
    tasks certify, and nothing is learned from them. Doing it twice changes nothing.
    """
    finished = list(_finished())
    if not finished:
        return None
    known = snapshot(latest_version(), {c.volunteer_id for f in finished for c in f.corrections})
    judged = [(one, _judge(one, known)) for one in finished]
    with transaction.atomic():
        version = SkillVersion.objects.create(tasks=len(judged))
        touched: set[UUID | None] = set()
        for one, tallies in judged:
            touched |= _note(one, tallies)
        for volunteer in sorted(touched, key=str):
            Skill.objects.create(
                version=version, volunteer_id=volunteer, tally=_plain(_sum_of(volunteer))
            )
    return version


def _finished() -> Iterator[_Finished]:
    """At most BATCH tasks of which something is new."""
    count = 0
    task: Any  # with what the query adds
    noted = Evidence.objects.filter(task=OuterRef("pk")).values("source")[:1]
    agreed = Consensus.objects.filter(task=OuterRef("pk"), current=True).values("corrections")[:1]
    tasks = Task.objects.filter(blind=False).select_related("study", "cube", "proposal")
    tasks = tasks.annotate(noted=Subquery(noted), agreed=Subquery(agreed)).order_by("pk")
    done = [Task.State.RETIRED, Task.State.ACCEPTED]
    of_work = tasks.filter(state__in=done).exclude(kind=Task.Kind.GOLD)
    gold = tasks.filter(kind=Task.Kind.GOLD, corrections__isnull=False).distinct()
    for task in [*of_work.iterator(), *gold.iterator()]:
        if aggregator_of(task.study) != "skill":
            continue
        on_gold = task.kind == Task.Kind.GOLD
        keys = [str(c.pk) for c in _told(task)] if on_gold else (task.agreed or [])
        source = hashlib.sha256(" ".join(keys).encode()).hexdigest()
        if source == task.noted:
            continue
        yield _Finished(task, _told(task), source)
        count += 1
        if count >= BATCH:
            return


def _told(task: Any) -> list[Correction]:
    found: QuerySet[Correction] = task.corrections.filter(
        superseded_by__isnull=True, withdrawn__isnull=True
    )
    if task.kind != Task.Kind.GOLD:
        found = found.filter(pk__in=task.agreed or [], assignment__practice=False)
    return list(found.select_related("task__study").order_by("created", "id"))


def _judge(one: _Finished, known: SkillSnapshot) -> Mapping[str, Tally]:
    """What the task says; nothing where its corrections or its gold are gone."""
    if not one.corrections:
        return {}
    truth = None
    if one.task.kind == Task.Kind.GOLD:
        try:
            truth = gold_mask(one.task)
        except LookupError:
            return {}
    method = method_of(one.task.study, "skill", one.task.redundancy)
    return method.judge(crowd_masks(one.corrections), task_proposal(one.task), known, truth)


def _note(one: _Finished, tallies: Mapping[str, Tally]) -> set[UUID | None]:
    """Store a task's evidence in place of what it said before; whom it tells of."""
    before = set(one.task.evidence.values_list("volunteer_id", flat=True))
    ids = {str(c.volunteer_id): c.volunteer_id for c in one.corrections}
    now: dict[UUID | None, Tally] = {
        None if name == SHOWN else ids[name]: tally for name, tally in tallies.items()
    }
    # A task whose evidence is gone keeps a mark of that, so that it is not looked at again.
    now.setdefault(None, Tally())
    for gone in before - now.keys():
        one.task.evidence.filter(volunteer=gone).delete()
    for volunteer, tally in now.items():
        Evidence.objects.update_or_create(  # type: ignore[misc]
            task=one.task,
            volunteer_id=volunteer,
            defaults={"source": one.source, "tally": _plain(tally)},
        )
    return before | now.keys()


def _sum_of(volunteer: UUID | None) -> Tally:
    """A volunteer's evidence of all studies, the older worth less."""
    factor = SkillConfig().forgetting
    total = Tally()
    rows = (
        Evidence.objects.filter(volunteer=volunteer).order_by("pk").values_list("tally", flat=True)
    )
    for tally in rows.iterator():
        total = total.faded(factor) + Tally.of(tally)
    return total


def _plain(tally: Tally) -> dict[str, float]:
    return {name: value for name, value in asdict(tally).items() if value}
