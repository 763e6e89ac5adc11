"""Verdicts on many tasks at once, and taking them back together."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from lamella.accounts.models import User
from lamella.consensus.models import Consensus, Verdict
from lamella.rounds.models import Task
from lamella.studies.models import Study

_CHUNK = 400
"""Ids in one statement; SQLite takes no more than a thousand."""


@dataclass(frozen=True)
class Together:
    batch: uuid.UUID
    count: int


@transaction.atomic
def accept_together(study: Study, tasks: Sequence[int], by: User) -> Together:
    """Accept the current consensus of these tasks, as far as they still wait for a verdict.

    One that was judged, or of which a new mask came in meanwhile, is passed over.
    """
    batch = uuid.uuid4()
    count = 0
    for pks in _chunks(tasks):
        rows = list(
            Consensus.objects.select_for_update(of=("self",))
            .filter(current=True, needs_review=False, task__in=pks, task__state=Task.State.RETIRED)
            .filter(task__study=study)
            .values_list("pk", "task_id")
        )
        Task.objects.filter(pk__in=[task for _, task in rows]).update(state=Task.State.ACCEPTED)
        Verdict.objects.bulk_create(
            Verdict(consensus_id=pk, study=study, kind=Verdict.Kind.ACCEPT, manager=by, batch=batch)
            for pk, _ in rows
        )
        count += len(rows)
    return Together(batch, count)


@transaction.atomic
def undo_together(study: Study, batch: uuid.UUID, by: User) -> int:
    """Take back what was accepted at once, as far as nothing newer rests on it; how many it was."""
    standing = list(
        study.verdicts.filter(
            batch=batch,
            undone__isnull=True,
            consensus__current=True,
            consensus__task__state=Task.State.ACCEPTED,
        ).values_list("pk", "consensus__task_id")
    )
    for rows in _chunks(standing):
        Verdict.objects.filter(pk__in=[pk for pk, _ in rows]).update(
            undone=timezone.now(), undone_by=by
        )
        Task.objects.filter(pk__in=[task for _, task in rows]).update(state=Task.State.RETIRED)
    return len(standing)


_T = TypeVar("_T")


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
