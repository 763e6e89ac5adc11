"""Writing down what a task's masks agree on, and what follows: retired, asked again, looked at."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from lamella.consensus.compute import Agreed
from lamella.consensus.models import Consensus, Contested, Evidence, Verdict
from lamella.consensus.standing import standing_of
from lamella.jobs.services import enqueue
from lamella.rounds.models import Task
from lamella.volumes import codec

SETTLED = (Task.State.RETIRED, Task.State.ACCEPTED)

# Objects of one task that are kept as contested at most, and the doubt from which they are.
_CONTESTED = 5
_DOUBTED = 0.2


def record(
    task: Task, keys: list[str], agreed: Agreed | None, current: Consensus | None
) -> Consensus | None:
    """Make a task's new consensus current, and its state follow from it. Within a transaction.

    keys: the corrections that count; agreed: None where there is none that can be used.
    """
    task.consensuses.filter(current=True).update(current=False)
    Contested.objects.filter(consensus__task=task).delete()
    if agreed is None:
        Task.objects.filter(pk=task.pk).update(expected_error=None)
        ask_again(task)
        return None
    Task.objects.filter(pk=task.pk).update(**_standing(task, agreed, len(keys)))
    consensus = Consensus.objects.create(
        task=task,
        aggregator=agreed.aggregator,
        corrections=keys,
        terms=agreed.terms,
        left_out=agreed.left_out,
        mask=codec.pack(agreed.mask),
        mask_hash=codec.mask_hash(agreed.mask),
        probability=agreed.probability,
        alike={who: round(score, 4) for who, score in agreed.alike.items()},
        agreement=agreed.agreement,
        changed_share=agreed.changed_share,
        action=agreed.action,
        reason=agreed.reason[:200],
        expected_error=agreed.risk,
        skills=agreed.skills,
    )
    _note_contested(task, consensus, agreed)
    if agreed.action == "retire":
        _retire(task, consensus)
        if agreed.aggregator == "skill":
            learn()
    elif task.state == Task.State.OPEN:
        # One more place, but only when nobody holds one already.
        Task.objects.filter(
            pk=task.pk, state=Task.State.OPEN, places_taken__gte=F("redundancy")
        ).update(redundancy=F("places_taken") + 1)
    elif task.state == Task.State.RETIRED:
        ask_again(task)
    _look_again(task, consensus, current)
    return consensus


def _standing(task: Task, agreed: Agreed, masks: int) -> dict[str, Any]:
    return standing_of(
        agreement=agreed.agreement,
        expected_error=agreed.risk,
        masks=masks,
        score=task.score,
        holds=agreed.holds,
    )


def _retire(task: Task, consensus: Consensus) -> None:
    now: dict[str, Any] = {"state": Task.State.RETIRED}
    if _was_accepted(task, consensus):
        now["state"] = Task.State.ACCEPTED
    waiting = Task.objects.filter(pk=task.pk, state=Task.State.OPEN)
    if waiting.update(**now, retired=timezone.now(), retire_reason=consensus.reason):
        nudge(task)


def _was_accepted(task: Task, consensus: Consensus) -> bool:
    """Whether a manager's word stands on the very same mask: it came back."""
    return Verdict.objects.filter(
        consensus__task=task,
        consensus__mask_hash=consensus.mask_hash,
        kind=Verdict.Kind.ACCEPT,
        undone__isnull=True,
    ).exists()


def _look_again(task: Task, consensus: Consensus, before: Consensus | None) -> None:
    """A manager accepted what has changed since: it comes back to the queue."""
    if task.state != Task.State.ACCEPTED or before is None:
        return
    if before.mask_hash != consensus.mask_hash and not _was_accepted(task, consensus):
        Consensus.objects.filter(pk=consensus.pk).update(needs_review=True)
        consensus.needs_review = True


def ask_again(task: Task, *, places: int = 0, note: str = "") -> None:
    """Open a task once more, with at least one free place; nothing is learned from it meanwhile.

    places: how many more people are to look at it.
    """
    Task.objects.filter(pk=task.pk).update(
        state=Task.State.OPEN,
        retired=None,
        retire_reason="",
        note=note,
        redundancy=F("redundancy") + places,
    )
    full = Task.objects.filter(pk=task.pk, places_taken__gte=F("redundancy"))
    full.update(redundancy=F("places_taken") + 1)
    if Evidence.objects.filter(task=task).exclude(stale=True).update(stale=True):
        learn()
    if task.state in SETTLED:
        nudge(task)


def _note_contested(task: Task, consensus: Consensus, agreed: Agreed) -> None:
    doubted = [
        Contested(
            consensus=consensus,
            study_id=task.study_id,
            value=item.value,
            y=item.y,
            x=item.x,
            area=item.area,
            shown=item.shown,
            drawn=item.drawn,
            views=agreed.views,
            false_positive=item.false_positive,
            doubt=1.0 - abs(1.0 - 2.0 * item.false_positive),
        )
        for item in agreed.objects
    ]
    # What one person alone could not settle is not contested yet.
    if agreed.views > 1:
        doubted = sorted((d for d in doubted if d.doubt >= _DOUBTED), key=lambda d: -d.doubt)
        Contested.objects.bulk_create(doubted[:_CONTESTED])


def learn() -> None:
    """Have skills refreshed from what is new."""
    enqueue("skills", params={}, key="skills", again=True)


def nudge(task: Task) -> None:
    """Let the loop look whether the round is complete."""
    enqueue(
        "advance",
        params={"study_id": task.study_id},
        scope=task.study.slug,
        key=f"advance:{task.study_id}",
        again=True,
    )
