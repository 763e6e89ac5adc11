"""Starting and stopping training runs: on labels, or on the cubes alone.

A run's snapshot says what it learns from. On labels:

    known           hash of all that was known
    sources         the slices and tiles it learns from, held_for_gate those it must not
    slices          how many slices they lie in
    round           number of the last closed round, -1 before there is one
    voxel_size      (z, y, x) of the first cube

Without labels: cubes (id and checksum of each), slices and voxel_size. Where a run has an origin,
that version's kind and checksum too.
"""

import hashlib
import json
from dataclasses import asdict, replace
from enum import Enum

from django.db import transaction

from lamella.consensus.known import digest
from lamella.cubes.models import Cube
from lamella.learning import services as learning
from lamella.learning.models import ModelVersion, TrainingRun
from lamella.learning.selectors import serving_version
from lamella.learning.services import Frozen
from lamella.learning.version import code_version
from lamella.loop.errors import LoopError, UnderWayError
from lamella.loop.gating import fresh_audits
from lamella.loop.situation import known_sources, ready_cubes
from lamella.rounds.models import Round
from lamella.studies.models import Study
from lamella.studies.policy import config_of
from models.config import NetworkConfig, PretrainConfig, TrainConfig


class Begin(Enum):
    """Where training begins that starts from no version by name."""

    SERVING = "serving"
    """The serving version goes on learning; from scratch where no trained one serves."""
    NOTHING = "nothing"
    """From scratch, whatever serves."""


def start_training(
    study: Study,
    *,
    begin: Begin | ModelVersion = Begin.SERVING,
    taken: str | None = None,
    trainable: str | None = None,
) -> TrainingRun:
    """Freeze all that is known, but for the last audit, and train on it.

    The audit masks of the last round stay fresh: they judge this run's model against the serving
    one, and are trained on by the next.

    A version as ``begin`` is the run's origin: trained or pretrained, of any study; all of it but
    the head is taken, or, with ``taken`` "encoder", the encoder alone. With ``trainable`` "decoder"
    the encoder stays as it is. None leaves either to the study's settings.

    Raises LoopError when nothing is known or the choices do not go together, UnderWayError when a
    run waits or runs already.
    """
    known = known_sources(study)
    if not known:
        raise LoopError(
            f"Nothing is labelled in “{study.title}” yet; open a round or import labels first."
        )
    origin = begin if isinstance(begin, ModelVersion) else None
    serving = serving_version(study) if begin is Begin.SERVING else None
    parent = serving if serving and serving.kind == ModelVersion.Kind.TRAINED else None
    if taken == "encoder" and origin is None:
        raise LoopError(
            "The encoder alone is taken from a version that is chosen by name; choose one, "
            "or take everything."
        )
    if trainable == "decoder" and origin is None and parent is None:
        raise LoopError(
            "To train the decoder alone the encoder must come from somewhere; "
            "choose a version to start from, or train everything."
        )
    held = {(s.cube, s.z, s.y0, s.x0) for s in fresh_audits(study)}
    learned = [s for s in known if (s.cube, s.z, s.y0, s.x0) not in held] or known
    cubes = [c for c in ready_cubes(study) if c.pk in {s.cube for s in learned}]
    usual = config_of(study, TrainConfig, "train")
    config = replace(usual, taken=taken or usual.taken, trainable=trainable or usual.trainable)
    return _queue(
        study,
        Frozen(
            kind=TrainingRun.Kind.TRAIN,
            config={"train": asdict(config), "network": asdict(_network(study, cubes[0]))},
            snapshot={
                "known": digest(known),
                "sources": [s.to_json() for s in learned],
                "held_for_gate": [s.to_json() for s in known if s not in learned],
                "slices": len({(s.cube, s.z) for s in learned}),
                "round": _last_closed(study),
                "voxel_size": list(cubes[0].voxel_size),
            },
            data_hash=digest(learned),
            code_version=code_version(),
            parent=parent,
            origin=origin,
        ),
    )


def start_pretraining(study: Study) -> TrainingRun:
    """Freeze which cubes there are, and learn what they look like; no label is looked at.

    Ends in a version that never serves and that training can start from. Raises LoopError when no
    cube is ready, UnderWayError when a run waits or runs already.
    """
    cubes = ready_cubes(study)
    if not cubes:
        raise LoopError(
            f"No cube of “{study.title}” is ready to learn from; add one, or wait until it is read."
        )
    frozen = [{"id": cube.pk, "checksum": cube.checksum} for cube in cubes]
    return _queue(
        study,
        Frozen(
            kind=TrainingRun.Kind.PRETRAIN,
            config={
                "pretrain": asdict(config_of(study, PretrainConfig, "pretrain")),
                "network": asdict(_network(study, cubes[0])),
            },
            snapshot={
                "cubes": frozen,
                "slices": sum(cube.depth for cube in cubes),
                "voxel_size": list(cubes[0].voxel_size),
            },
            data_hash=hashlib.sha256(json.dumps(frozen).encode()).hexdigest(),
            code_version=code_version(),
        ),
    )


def cancel_training(run: TrainingRun) -> None:
    """Ask a run to stop; its last checkpoint is kept. Raises LoopError if it has ended."""
    if not learning.cancel_run(run):
        raise LoopError(f"Training run {run.pk} has ended already; nothing was cancelled.")


def resume_training(run: TrainingRun) -> TrainingRun:
    """Let a cancelled or failed run go on from its last checkpoint, with what it was frozen with.

    Raises LoopError if it has not ended, or ended well; UnderWayError while another one is live.
    """
    with transaction.atomic():
        Study.objects.select_for_update().get(pk=run.study_id)
        live = learning.live_run(run.study)
        if live is not None and live.pk != run.pk:
            raise UnderWayError(
                f"Training run {live.pk} is under way already; "
                "wait for its end, or cancel it first."
            )
        if not learning.resume_run(run):
            raise LoopError(
                f"Training run {run.pk} was neither cancelled nor did it fail, "
                "so there is nothing to go on with."
            )
    return run


def _queue(study: Study, frozen: Frozen) -> TrainingRun:
    with transaction.atomic():
        # Of two that start at the same moment, the second waits here and sees the first's run.
        Study.objects.select_for_update().get(pk=study.pk)
        live = learning.live_run(study)
        if live is not None:
            raise UnderWayError(
                f"Training run {live.pk} is under way already; "
                "wait for its end, or cancel it first."
            )
        return learning.start_run(study, frozen)


def _network(study: Study, cube: Cube) -> NetworkConfig:
    """The study's network for voxels like those of a cube."""
    network = config_of(study, NetworkConfig, "network")
    if not cube.voxel_size:
        return network
    z, y, x = cube.voxel_size
    return replace(network, anisotropy=float(2 * z / (y + x)))


def _last_closed(study: Study) -> int:
    """Number of the last closed round, -1 before there is one."""
    last = study.rounds.filter(state=Round.State.CLOSED).order_by("-number").first()
    return last.number if last else -1
