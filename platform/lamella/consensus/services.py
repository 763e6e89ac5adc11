"""What changes consensus: new corrections, and managers' verdicts. Every verdict can be undone."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from lamella.accounts.models import User
from lamella.annotation.models import Correction
from lamella.consensus.compute import aggregate
from lamella.consensus.models import Consensus, Verdict
from lamella.consensus.recording import ask_again, learn, nudge, record
from lamella.consensus.votes import MANAGER
from lamella.rounds.models import Task
from lamella.volumes import codec


class VerdictError(Exception):
    """The verdict cannot be given; the text says why in one sentence."""


def counted(task: Task) -> list[Correction]:
    """The corrections that count for a task, in the order in which they came."""
    return list(
        task.corrections.counting()
        .filter(assignment__practice=False)
        .select_related("task__study")
        .order_by("created", "id")
    )


def recompute(task_id: int) -> Consensus | None:
    """Make a task's consensus current, and retire the task or ask for one more mask.

    None where no mask counts. A manager's fix stands until new masks come in.
    """
    while True:
        task = Task.objects.select_related("study", "proposal").get(pk=task_id)
        corrections = counted(task)
        keys = [str(c.pk) for c in corrections]
        current = task.consensuses.filter(current=True).first()
        if current is None and not keys:
            return None
        if current is not None and _stands(current, keys):
            return current
        agreed = aggregate(task, corrections) if corrections else None
        with transaction.atomic():
            # Waits for another recomputation of the same task, and then sees what it wrote.
            task.state = Task.objects.select_for_update().get(pk=task_id).state
            if [str(c.pk) for c in counted(task)] != keys:
                continue
            return record(task, keys, agreed, current)


def _stands(current: Consensus, keys: list[str]) -> bool:
    """Whether a consensus is still that of the masks that count."""
    if current.aggregator == MANAGER:
        return set(keys) <= set(current.corrections)
    return bool(current.corrections == keys)


def _given(consensus: Consensus, kind: Verdict.Kind, by: User, **fields: Any) -> Verdict:
    return Verdict.objects.create(
        consensus=consensus,
        study_id=consensus.task.study_id,
        kind=kind,
        manager=by,
        **fields,
    )


def accept(consensus: Consensus, by: User) -> Verdict:
    """The manager agrees with the volunteers."""
    with transaction.atomic():
        _must_be_current(consensus)
        Task.objects.filter(pk=consensus.task_id).update(state=Task.State.ACCEPTED)
        Consensus.objects.filter(pk=consensus.pk).update(needs_review=False)
        return _given(consensus, Verdict.Kind.ACCEPT, by)


def send_back(consensus: Consensus, by: User, note: str) -> Verdict:
    """More volunteers shall look; ``note`` is shown to them. Earlier masks keep counting."""
    with transaction.atomic():
        _must_be_current(consensus)
        task = consensus.task
        ask_again(task, places=task.study.redundancy, note=note)
        return _given(consensus, Verdict.Kind.SEND_BACK, by, note=note)


def fix(consensus: Consensus, by: User, mask: NDArray[Any]) -> Verdict:
    """The manager draws the mask; the volunteers' masks stay as they are."""
    task = consensus.task
    if mask.shape != (task.height, task.width):
        raise VerdictError(
            f"The mask has {mask.shape[0]} × {mask.shape[1]} voxels, "
            f"but the task has {task.height} × {task.width}; draw over the whole task."
        )
    mask = codec.narrow(codec.widen(mask), task.study.label_dtype)
    packed, digest = codec.pack(mask), codec.mask_hash(mask)
    with transaction.atomic():
        _must_be_current(consensus)
        Consensus.objects.filter(pk=consensus.pk).update(current=False)
        fixed = Consensus.objects.create(
            task=task,
            aggregator=MANAGER,
            corrections=consensus.corrections,
            mask=packed,
            mask_hash=digest,
            agreement=consensus.agreement,
            changed_share=consensus.changed_share,
            action="retire",
            reason="drawn by a manager",
            fixed_by=by,
        )
        Task.objects.filter(pk=task.pk).update(
            state=Task.State.ACCEPTED, retired=timezone.now(), retire_reason="drawn by a manager"
        )
        verdict = _given(consensus, Verdict.Kind.FIX, by, result=fixed)
    nudge(task)
    return verdict


def undo(verdict: Verdict, by: User) -> None:
    """Take a verdict back: the task is again as the volunteers left it.

    Raises VerdictError when something newer rests on it.
    """
    with transaction.atomic():
        if not Verdict.objects.filter(pk=verdict.pk, undone__isnull=True).update(
            undone=timezone.now(), undone_by=by
        ):
            raise VerdictError("This verdict was taken back before.")
        consensus, task = verdict.consensus, verdict.consensus.task
        expected = verdict.result_id or consensus.pk
        if not Consensus.objects.filter(pk=expected, current=True).exists():
            raise VerdictError(
                "New masks came in since this verdict, so it cannot be taken back; "
                "judge the new consensus instead."
            )
        if verdict.result_id:
            Consensus.objects.filter(pk=verdict.result_id).update(current=False)
            Consensus.objects.filter(pk=consensus.pk).update(current=True)
        retired = consensus.action == "retire"
        places = task.study.redundancy if verdict.kind == Verdict.Kind.SEND_BACK else 0
        Task.objects.filter(pk=task.pk).update(
            state=Task.State.RETIRED if retired else Task.State.OPEN,
            retired=timezone.now() if retired else None,
            retire_reason=consensus.reason if retired else "",
            note="",
            # Never below what is taken already: those volunteers are at work.
            redundancy=max(task.places_taken, task.redundancy - places, 1),
        )
        # What the verdict taught, or made untaught, is learned anew.
        Consensus.objects.filter(pk=consensus.pk).update(judged=False)
        learn()


def _must_be_current(consensus: Consensus) -> None:
    if not Consensus.objects.select_for_update().filter(pk=consensus.pk, current=True).exists():
        raise VerdictError(
            "New masks came in while you looked at this task; look at the new consensus first."
        )
