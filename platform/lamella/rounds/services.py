"""What changes rounds and their tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from lamella.cubes.models import Cube
from lamella.learning.models import Proposal
from lamella.rounds.models import Candidates, Certificate, Round, Task
from lamella.studies.models import Study
from lamella.volumes.geometry import Region


@dataclass(frozen=True)
class Chosen:
    """A place that becomes a task, and why. ``inclusion``: how likely an audit was to draw it;
    ``blind``: it is drawn from nothing."""

    cube_id: int
    region: Region
    kind: Task.Kind
    reason: str
    score: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    inclusion: float | None = None
    blind: bool = False


Bounds = tuple[float | None, float | None, float | None]
"""Estimate, lower and upper bound."""


@dataclass(frozen=True)
class CertificateFigures:
    cube: Cube
    proposal: Proposal
    method: str
    dice: float | None
    low: float | None
    high: float | None
    tasks: int
    note: str
    blind: int = 0
    audited: float = 0.0
    completeness: Bounds = (None, None, None)
    purity: Bounds = (None, None, None)


@transaction.atomic
def open_round(
    study: Study,
    *,
    number: int,
    strategy: str,
    seed: int,
    chosen: Sequence[Chosen],
    proposals: Mapping[int, Proposal],
    selection: Mapping[str, Any],
    candidates: bytes = b"",
) -> Round:
    """Open a round with its tasks. ``chosen`` is in order of value; audits are mixed among them.

    candidates: the table of all that it was chosen from.
    """
    opened = Round.objects.create(
        study=study, number=number, strategy=strategy, seed=seed, selection=dict(selection)
    )
    if candidates:
        Candidates.objects.create(round=opened, table=candidates)
    for place, item in enumerate(chosen):
        _make_task(opened, item, proposals, priority=float(len(chosen) - place))
    return opened


def _make_task(
    opened: Round,
    item: Chosen,
    proposals: Mapping[int, Proposal],
    *,
    priority: float,
    extra: bool = False,
) -> Task:
    region = item.region
    return Task.objects.create(
        study=opened.study,
        round=opened,
        cube_id=item.cube_id,
        proposal=None if item.blind else proposals.get(item.cube_id),
        blind=item.blind,
        kind=item.kind,
        z=region.z,
        y0=region.y0,
        x0=region.x0,
        height=region.height,
        width=region.width,
        redundancy=opened.study.redundancy,
        priority=priority,
        extra=extra,
        score=item.score,
        scores=dict(item.scores),
        reason=item.reason[:200],
        inclusion=item.inclusion,
    )


def next_best_tasks(study: Study) -> int:
    """Add the next best place to the newest round, so that nobody meets an empty queue.

    Also while the machine learns between rounds; such masks count in the next one. A round grows
    to twice its size at most; then volunteers are sent to practice or elsewhere.
    Returns how many tasks were added, 0 or 1.
    """
    opened = study.rounds.order_by("-number").first()
    if opened is None:
        return 0
    tasks = opened.tasks.all()
    if tasks.filter(extra=True).count() >= tasks.filter(extra=False).count():
        return 0
    proposals = {t.cube_id: t.proposal for t in tasks.select_related("proposal") if t.proposal}
    taken = set(tasks.filter(blind=False).values_list("cube_id", "z", "y0", "x0"))
    for entry in opened.selection.get("next_best", []):
        region = Region(*entry["region"])
        if (entry["cube"], region.z, region.y0, region.x0) in taken:
            continue
        item = Chosen(
            cube_id=entry["cube"],
            region=region,
            kind=Task.Kind.WORK,
            reason="the next best, so that nobody waits",
            score=entry.get("score"),
            scores=entry.get("scores", {}),
        )
        try:
            with transaction.atomic():
                _make_task(opened, item, proposals, priority=0.0, extra=True)
        except IntegrityError:
            continue  # another volunteer's request added it a moment ago
        return 1
    return 0


@transaction.atomic
def close_round(
    opened: Round, *, certificates: Sequence[CertificateFigures], figures: Mapping[str, Any]
) -> bool:
    """Close a round, with what it proved. False if somebody else closed it."""
    closed = Round.objects.filter(pk=opened.pk, state=Round.State.OPEN).update(
        state=Round.State.CLOSED, closed=timezone.now(), figures=dict(figures)
    )
    if not closed:
        return False
    for item in certificates:
        Certificate.objects.create(
            round=opened,
            cube=item.cube,
            proposal=item.proposal,
            method=item.method,
            dice=item.dice,
            low=item.low,
            high=item.high,
            tasks=item.tasks,
            note=item.note,
            blind=item.blind,
            audited=item.audited,
            completeness=item.completeness[0],
            completeness_low=item.completeness[1],
            completeness_high=item.completeness[2],
            purity=item.purity[0],
            purity_low=item.purity[1],
            purity_high=item.purity[2],
        )
    # Places added so that nobody waited, which nobody took, go back to the pool.
    Task.objects.filter(round=opened, extra=True, assignments__isnull=True).delete()
    return True
