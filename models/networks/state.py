"""State checkpoints: everything from which a killed training run continues."""

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.config import NetworkConfig, PretrainConfig, TrainConfig
from models.networks.checkpoint import (
    FORMAT,
    CheckpointError,
    load_checkpoint,
    load_module,
    part,
    read_tensors,
    write_tensors,
)
from models.networks.progress import TrainProgress, TrainResult

STATE_FILE = "state.safetensors"
"""The state checkpoint, in the run's folder."""
OPTIMIZERS = "muon and adamw"
"""What a state's moments are of."""
CURVE_POINTS = 400
"""Points that the stored curves have at most, about."""
OF_THE_MACHINE = (
    "threads",
    "device",
    "precision",
    "compile",
    "checkpoint_seconds",
    "cache_megabytes",
)
"""Settings that may differ where a run is continued: another worker may have other processors."""


@dataclasses.dataclass(slots=True)
class RunState:
    """The numbers of a run that change from step to step."""

    step: int = 0
    seconds: float = 0.0
    losses: dict[str, float] = dataclasses.field(default_factory=dict)
    validation_dice: float | None = None
    validated: int = 0
    """Validations done so far."""
    best_dice: float | None = None
    critic: dict[str, float] = dataclasses.field(default_factory=dict)
    curves: list[TrainProgress] = dataclasses.field(default_factory=list)

    def note(self, progress: TrainProgress) -> None:
        """Add a point to the curves, unless the last one is hardly older."""
        before = self.curves[-1].fraction if self.curves else -1.0
        if progress.fraction - before >= 1.0 / CURVE_POINTS:
            self.curves.append(progress)


def fingerprint(
    config: TrainConfig | PretrainConfig,
    network: NetworkConfig,
    data_hash: str,
    start: str | None,
) -> str:
    """sha256 of all that decides how a run comes out; a state is only continued by its own run.

    start: the checkpoint that its weights begin from, or None.
    """
    settings = dataclasses.asdict(config)
    for name in OF_THE_MACHINE:
        settings.pop(name, None)
    facts = [
        FORMAT,
        OPTIMIZERS,
        settings,
        dataclasses.asdict(network),
        data_hash,
        start,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def save_state(
    path: Path,
    run: str,
    state: RunState,
    modules: dict[str, nn.Module],
    optimizers: dict[str, torch.optim.Optimizer],
) -> None:
    """Write the state of the run with this fingerprint in one atomic step."""
    tensors: dict[str, Tensor] = {}
    for name, module in modules.items():
        tensors |= {f"{name}.{k}": v for k, v in module.state_dict().items()}
    for name, optimizer in optimizers.items():
        for index, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"{name}.{index}.{k}": v for k, v in moments.items()}
    document = {"format": FORMAT, "run": run, "state": dataclasses.asdict(state)}
    write_tensors(path, tensors, document)


def load_state(
    path: Path,
    run: str,
    modules: dict[str, nn.Module],
    optimizers: dict[str, torch.optim.Optimizer],
) -> RunState | None:
    """Fill modules and optimizers from the state checkpoint of the run with this fingerprint.

    None where there is no state, a damaged one, or that of another run: then training starts anew.
    """
    if not path.exists():
        return None
    try:
        tensors, document = read_tensors(path)
        if document.get("run") != run:
            return None
        for name, module in modules.items():
            load_module(module, part(tensors, name), path)
    except CheckpointError:
        return None
    for name, optimizer in optimizers.items():
        restored = optimizer.state_dict()
        moments: dict[int, dict[str, Tensor]] = {}
        for key, tensor in part(tensors, name).items():
            index, moment = key.split(".", 1)
            moments.setdefault(int(index), {})[moment] = tensor
        optimizer.load_state_dict({"state": moments, "param_groups": restored["param_groups"]})
    return RunState(**(document["state"] | {"curves": curves_of(document["state"]["curves"])}))


def finished_result(path: Path, run: str) -> TrainResult | None:
    """The result of the run with this fingerprint, if its finished model is there."""
    if not path.exists():
        return None
    try:
        meta = load_checkpoint(path).meta
    except CheckpointError:
        return None
    if meta.run != run:
        return None
    return TrainResult(
        path, tuple(curves_of(meta.curves)), meta.validation_dice, meta.steps, meta.seconds
    )


def curves_of(document: list[dict[str, Any]]) -> list[TrainProgress]:
    """Curves as they were written to JSON."""
    return [TrainProgress(**point) for point in document]
