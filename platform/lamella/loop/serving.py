"""Which model version serves, where a person decides it: promotion and rollback."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from lamella.consensus.models import Consensus
from lamella.cubes.models import Cube
from lamella.learning import services as learning
from lamella.learning.models import ModelVersion
from lamella.learning.selectors import is_earlier, serving_version
from lamella.loop.counted import Counted
from lamella.loop.errors import LoopError
from lamella.loop.services import after_job


def promote(version: ModelVersion) -> None:
    """Let a version serve because a person says so, whatever the gate said.

    Raises LoopError for the serving version, for earlier ones, where going back is a rollback, and
    for what was pretrained without labels.
    """
    with transaction.atomic():
        serving = _serving_but(version)
        if serving is not None and is_earlier(version, serving):
            raise LoopError(
                f"Version {version.number} is older than version {serving.number}, which serves; "
                "roll back to it instead, so that what rests on later versions is marked."
            )
        learning.serve(version, {**version.gate, "by_hand": True})
    after_job(version.study)


LISTED = 240
"""Tasks of which a rollback tells beforehand in which slices they lie."""


@dataclass(frozen=True)
class Resting:
    """What a rollback would mark in one cube: so many tasks; ``slices``: where the LISTED tasks
    that were agreed last, of all cubes, lie in this one; ``more``: how many tasks are not among
    those."""

    cube: Cube
    tasks: int
    slices: list[int]
    more: int


@dataclass(frozen=True)
class Rollback:
    """``serving``: the version that serves now."""

    serving: ModelVersion | None
    cubes: list[Resting]

    @property
    def marked(self) -> int:
        """Agreed tasks that would be marked for review."""
        return sum(one.tasks for one in self.cubes)


def rollback_preview(version: ModelVersion) -> Rollback:
    """What would be marked for review if ``version`` served again, the most of it first.

    Five queries. Raises LoopError for versions that are not older than the serving one.
    """
    serving = _check_rollback(version)
    counts: Counter[int] = Counter()
    for number, cubes in Counted(version.study).rests.items():
        if number > version.number:
            counts.update(cubes)
    if not counts:
        return Rollback(serving, [])
    sure = Consensus.objects.filter(task=OuterRef("pk"), current=True, needs_review=False)
    latest = (
        version.study.tasks.filter(
            Exists(sure),
            retired__isnull=False,
            proposal__model_version__number__gt=version.number,
        )
        .order_by("-retired")
        .values_list("cube", "z")[:LISTED]
    )
    places: dict[int, list[int]] = defaultdict(list)
    for cube, z in latest:
        places[cube].append(z)
    known = version.study.cubes.in_bulk(counts)
    return Rollback(
        serving,
        [
            Resting(known[pk], tasks, sorted(set(places[pk])), max(0, tasks - len(places[pk])))
            for pk, tasks in counts.most_common()
            if pk in known
        ],
    )


def rollback(version: ModelVersion) -> int:
    """Serve an earlier version again. Human work is kept; what rested on later ones is marked.

    Returns how many agreed tasks were marked. Raises LoopError as the preview does.
    """
    with transaction.atomic():
        _check_rollback(version)
        marked = Consensus.objects.filter(pk__in=_dependents(version).values("pk")).update(
            needs_review=True
        )
        learning.serve(version)
    after_job(version.study)
    return marked


def _check_rollback(version: ModelVersion) -> ModelVersion | None:
    """The version that serves now."""
    serving = _serving_but(version)
    if not is_earlier(version, serving):
        raise LoopError(
            f"Version {version.number} is not older than the one that serves, so there is "
            "nothing to roll back; promote it instead."
        )
    return serving


def _serving_but(version: ModelVersion) -> ModelVersion | None:
    """The version that serves now. Raises LoopError if it is this one, or this can never serve."""
    if version.state == ModelVersion.State.ORIGIN:
        raise LoopError(
            f"Version {version.number} was pretrained without labels and knows no classes, so it "
            "can never serve; start a training run from it."
        )
    serving = serving_version(version.study)
    if serving is not None and serving.pk == version.pk:
        raise LoopError(f"Version {version.number} serves already; nothing was changed.")
    return serving


def _dependents(version: ModelVersion) -> QuerySet[Consensus]:
    """Current consensus that was drawn over proposals of versions after this one."""
    return Consensus.objects.filter(
        current=True,
        needs_review=False,
        task__study=version.study,
        task__proposal__model_version__number__gt=version.number,
    )
