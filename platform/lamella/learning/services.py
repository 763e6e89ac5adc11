"""What changes training runs, model versions and proposals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from lamella.cubes.models import Cube, Labels
from lamella.jobs.errors import JobConflictError
from lamella.jobs.models import Job, JobState
from lamella.jobs.services import LIVE, cancel, enqueue, retry
from lamella.learning.models import ModelVersion, Proposal, TrainingRun
from lamella.studies.models import Study

# Points kept of a curve; older ones are thinned so that a long run stays small.
_CURVE_POINTS = 400


@dataclass(frozen=True)
class Frozen:
    """What a run is made of; never changed once it is queued."""

    kind: TrainingRun.Kind
    config: Mapping[str, Any]
    snapshot: Mapping[str, Any]
    data_hash: str
    code_version: str
    parent: ModelVersion | None = None
    """Whose weights it goes on with."""
    origin: ModelVersion | None = None
    """Whose weights it takes but for the head."""


@transaction.atomic
def start_run(study: Study, frozen: Frozen) -> TrainingRun:
    """Write down what a run learns from, and queue it."""
    snapshot, origin = dict(frozen.snapshot), frozen.origin
    if origin is not None:
        # Outlives the version; without names, for exports of this study carry it.
        snapshot["origin"] = {"kind": origin.kind, "checksum": origin.checksum}
    run = TrainingRun.objects.create(
        study=study,
        kind=frozen.kind,
        parent=frozen.parent,
        origin=origin,
        config=dict(frozen.config),
        snapshot=snapshot,
        data_hash=frozen.data_hash,
        code_version=frozen.code_version,
    )
    slices = snapshot.get("slices", 0)
    run.job = enqueue(
        str(frozen.kind),
        params={"run_id": run.pk},
        title=f"Train on {slices} slices"
        if frozen.kind == TrainingRun.Kind.TRAIN
        else f"Pretrain on {slices} slices without labels",
        scope=study.slug,
        key=f"{frozen.kind}:{run.pk}",
    )
    run.save(update_fields=["job"])
    return run


def begin_run(run: TrainingRun) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(
        state=TrainingRun.State.RUNNING, started=run.started or timezone.now()
    )


def add_point(run: TrainingRun, point: Mapping[str, float | int | None]) -> None:
    """Add a point to a run's curves; called by the one worker that holds its lease."""
    if len(run.curves) >= _CURVE_POINTS:
        run.curves = run.curves[: _CURVE_POINTS // 2 : 2] + run.curves[_CURVE_POINTS // 2 :]
    # A resumed run goes on from its checkpoint: what came after that is told again.
    step = point.get("step") or 0
    run.curves = [p for p in run.curves if (p.get("step") or 0) < step] + [dict(point)]
    TrainingRun.objects.filter(pk=run.pk).update(curves=run.curves)


def add_sample(run: TrainingRun, sample: Mapping[str, Any]) -> None:
    """Note a picture; of steps that a resumed run takes again the new one counts."""
    step, number = sample["step"], sample["number"]
    kept = [s for s in run.samples if s["step"] < step or (s["step"], s["number"]) < (step, number)]
    run.samples = [*kept, dict(sample)]
    TrainingRun.objects.filter(pk=run.pk).update(samples=run.samples)


def finish_run(
    run: TrainingRun, *, checkpoint: str, checksum: str, metrics: Mapping[str, Any]
) -> ModelVersion:
    """The run's model version: a candidate, or, without labels, one for runs to start from."""
    pretrained = run.kind == TrainingRun.Kind.PRETRAIN
    TrainingRun.objects.filter(pk=run.pk).update(
        state=TrainingRun.State.DONE, finished=timezone.now()
    )
    version, _ = ModelVersion.objects.get_or_create(
        training_run=run,
        defaults={
            "study": run.study,
            "number": _next_number(run.study),
            "kind": ModelVersion.Kind.PRETRAINED if pretrained else ModelVersion.Kind.TRAINED,
            "state": ModelVersion.State.ORIGIN if pretrained else ModelVersion.State.CANDIDATE,
            "checkpoint": checkpoint,
            "checksum": checksum,
            "metrics": dict(metrics),
            "voxel_size": run.snapshot.get("voxel_size", []),
        },
    )
    return version


def run_ended(job: Job) -> None:
    """Note on a training run that its job ended without a model version."""
    if job.state == JobState.DONE:
        return
    cancelled = job.state == JobState.CANCELLED
    TrainingRun.objects.filter(
        pk=job.params["run_id"], state__in=[TrainingRun.State.WAITING, TrainingRun.State.RUNNING]
    ).update(
        state=TrainingRun.State.CANCELLED if cancelled else TrainingRun.State.FAILED,
        error=job.error,
        finished=timezone.now(),
    )


def cancel_run(run: TrainingRun) -> bool:
    """Cancel a waiting run, or ask a running one to stop. False if it had ended."""
    live = run.state in (TrainingRun.State.WAITING, TrainingRun.State.RUNNING)
    return live and run.job is not None and cancel(run.job)


def resume_run(run: TrainingRun) -> bool:
    """Queue a cancelled or failed run's job again. False if it was neither, or its job is gone."""
    states = (TrainingRun.State.CANCELLED, TrainingRun.State.FAILED)
    if run.job is None or run.state not in states:
        return False
    try:
        retry(run.job)
    except JobConflictError:
        return False
    TrainingRun.objects.filter(pk=run.pk, state__in=states).update(
        state=TrainingRun.State.WAITING, error="", finished=None
    )
    run.refresh_from_db()
    return True


def live_run(study: Study) -> TrainingRun | None:
    """The run that a worker is at, or that waits for one."""
    return study.training_runs.filter(job__state__in=LIVE).order_by("-pk").first()


@transaction.atomic
def adopt_external(study: Study, labels: Labels) -> ModelVersion:
    """A model version that stands for another tool's masks."""
    known = ModelVersion.objects.filter(study=study, labels=labels).first()
    if known is not None:
        return known
    return ModelVersion.objects.create(
        study=study,
        number=_next_number(study),
        kind=ModelVersion.Kind.EXTERNAL,
        labels=labels,
        gate={"decision": "serves", "reason": "another tool's masks, until there is training"},
    )


def _next_number(study: Study) -> int:
    return int(study.model_versions.aggregate(last=Max("number"))["last"] or 0) + 1


@transaction.atomic
def serve(version: ModelVersion, gate: Mapping[str, Any] | None = None) -> None:
    """Let a version serve; the one that served before is retired."""
    versions = ModelVersion.objects.filter(study=version.study)
    versions.filter(state=ModelVersion.State.SERVING).exclude(pk=version.pk).update(
        state=ModelVersion.State.RETIRED
    )
    changes: dict[str, Any] = {} if gate is None else {"gate": dict(gate)}
    versions.filter(pk=version.pk).update(
        state=ModelVersion.State.SERVING, served_from=timezone.now(), **changes
    )


def retire(version: ModelVersion, gate: Mapping[str, Any]) -> None:
    ModelVersion.objects.filter(pk=version.pk).update(
        state=ModelVersion.State.RETIRED, gate=dict(gate)
    )


def ask_for_proposals(version: ModelVersion, cube: Cube) -> None:
    """Queue what a model version makes of a cube, with what people know by then."""
    enqueue(
        "propose",
        params={"version_id": version.pk, "cube_id": cube.pk},
        title=f"Propose masks for {cube.name}",
        scope=cube.study.slug,
        key=f"propose:{version.pk}:{cube.pk}",
    )


def begin_proposal(
    version: ModelVersion, cube: Cube, *, known: Mapping[str, Any], blend: Mapping[str, Any]
) -> Proposal:
    """The row of a proposal that is going to be written, or goes on being written."""
    proposal = Proposal.objects.filter(
        model_version=version, cube=cube, state=Proposal.State.WRITING
    ).first()
    if proposal is not None and proposal.known == dict(known):
        return proposal
    proposal = Proposal.objects.create(
        model_version=version,
        cube=cube,
        known=dict(known),
        blend=dict(blend),
        label_dtype=cube.study.label_dtype,
    )
    proposal.uri = f"proposals/{proposal.pk}"
    proposal.save(update_fields=["uri"])
    return proposal


def finish_proposal(proposal: Proposal, highest_id: int | None = None) -> None:
    """highest_id: the greatest object id in it, where labels are ids."""
    Proposal.objects.filter(pk=proposal.pk).update(
        state=Proposal.State.READY, highest_id=highest_id
    )
