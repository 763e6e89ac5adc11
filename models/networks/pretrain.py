"""Pretraining: a segmenter that has seen the cubes before anyone labelled a slice of them.

The whole network, head and ConvLSTM too, learns to go on with what is marked in its neighbours
(models/networks/pretext.py). What is left is a checkpoint without classes, from which
`train(origin=...)` starts.
"""

import copy
import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.config import NetworkConfig, PretrainConfig, TrainConfig
from models.networks.augment import augment
from models.networks.averaging import follow, settle
from models.networks.checkpoint import CheckpointMeta, save_checkpoint
from models.networks.data import Batch, SliceCache, data_hash
from models.networks.device import autocast, pick_device, threads
from models.networks.discriminator import PatchDiscriminator
from models.networks.losses import SegmentationLoss
from models.networks.optimizers import descend, optimizers_of
from models.networks.pretext import ObjectSampler
from models.networks.progress import TrainProgress, TrainResult
from models.networks.resample import at_pixels_of
from models.networks.schedule import fraction_used, learning_rate
from models.networks.segmenter import Segmenter
from models.networks.state import (
    STATE_FILE,
    RunState,
    fingerprint,
    finished_result,
    load_state,
    save_state,
)
from models.networks.types import TrainingCube

PRETRAINED_FILE = "pretrained.safetensors"
"""The finished weights, in the run's folder."""


def pretrain(
    cubes: Sequence[TrainingCube],
    config: PretrainConfig,
    *,
    checkpoint_dir: Path,
    classes: int = 1,
    network: NetworkConfig | None = None,
    resume: bool = True,
    on_progress: Callable[[TrainProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    code_version: str = "unknown",
) -> TrainResult:
    """Learn what `cubes` look like; what is labelled of them is not looked at.

    Leaves `pretrained.safetensors` in `checkpoint_dir`: averaged weights of a network of as many
    `classes` as it is to be trained for. Cubes with other pixels than the first are resampled to
    its. With `resume` a run of the same settings and cubes continues where it was killed or
    stopped.

    Raises ValueError where there is no cube or no budget, pixel sizes are too far apart, or the
    network is not shown its neighbours.
    """
    if config.max_seconds is None and config.max_steps is None:
        raise ValueError("Pretraining needs a budget: set max_seconds or max_steps.")
    if not cubes:
        raise ValueError("Nothing to pretrain on: no cube was given.")
    shape = dataclasses.replace(network or NetworkConfig(), classes=classes)
    if not shape.neighbours:
        raise ValueError(
            "Pretraining teaches a network to look at its neighbours, which this one is not shown; "
            "set network.neighbours."
        )
    with threads(config.threads):
        run = _Run(cubes, config, checkpoint_dir, shape, code_version)
        if resume:
            done = finished_result(checkpoint_dir / PRETRAINED_FILE, run.fingerprint)
            if done is not None:
                return done
            run.restore()
        return run.go(on_progress or (lambda progress: None), should_stop or (lambda: False))


class _Run:
    """One run: what it holds between steps."""

    def __init__(
        self,
        cubes: Sequence[TrainingCube],
        config: PretrainConfig,
        folder: Path,
        network: NetworkConfig,
        code_version: str,
    ) -> None:
        unlabelled = [dataclasses.replace(cube, known={}) for cube in cubes]
        self.cubes = [at_pixels_of(cube, cubes[0].voxel_size) for cube in unlabelled]
        self.config, self.folder, self.code_version = config, folder, code_version
        self.device = pick_device(config.device)
        self.network = network
        torch.manual_seed(config.seed)
        self.segmenter = Segmenter(network).to(self.device)
        self.loss = SegmentationLoss()
        self.averaged = copy.deepcopy(self.segmenter).requires_grad_(False).eval()
        self.optimizers = optimizers_of(self.segmenter, config.learning_rate, config.weight_decay)
        cache = SliceCache(self.cubes, config.cache_megabytes)
        self.sampler = ObjectSampler(cache, config, network.classes, self.segmenter.stride)
        self.changes = TrainConfig(
            rotation=config.rotation,
            zoom=config.zoom,
            intensity=config.intensity,
            noise=config.noise,
        )
        self.data_hash = data_hash(unlabelled, ())
        self.fingerprint = fingerprint(config, self.network, self.data_hash, None)
        self.state = RunState()

    def go(
        self, on_progress: Callable[[TrainProgress], None], should_stop: Callable[[], bool]
    ) -> TrainResult:
        state = self.state
        began = time.monotonic() - state.seconds
        saved = told = state.seconds
        while (fraction := self._fraction()) < 1.0:
            if should_stop():
                self._save_state()
                return TrainResult(None, tuple(state.curves), None, state.step, state.seconds)
            self._step(fraction)
            state.step += 1
            state.seconds = time.monotonic() - began
            fraction = self._fraction()
            if state.seconds - told >= 1.0 or fraction >= 1.0:
                told = state.seconds
                on_progress(self._note_progress(fraction))
            if state.seconds - saved >= self.config.checkpoint_seconds:
                saved = state.seconds
                self._save_state()
        return self._finish()

    def _batch(self, *seed: int) -> Batch:
        rng = np.random.default_rng((self.config.seed, *seed))
        return augment(self.sampler.draw(rng), self.changes, rng).to(self.device)

    def _step(self, fraction: float) -> None:
        config, state = self.config, self.state
        batch = self._batch(state.step)
        with autocast(self.device, config.precision):
            found = self.segmenter.select(batch.image, batch.windows, batch.slices, batch.beside)
        entropy, dice = self.loss(found, batch.target, batch.weight)
        loss = entropy + dice
        rate = learning_rate(fraction, config.learning_rate)
        descend(self.segmenter, self.optimizers, loss, rate)
        follow(self.averaged, self.segmenter, config.averaging, state.step)
        for name, value in (("cross_entropy", entropy), ("dice", dice)):
            now = float(value.detach())
            if math.isfinite(now):
                before = state.losses.get(name, now)
                state.losses[name] = before + 0.05 * (now - before)

    def _fraction(self) -> float:
        state, config = self.state, self.config
        return fraction_used(state.seconds, state.step, config.max_seconds, config.max_steps)

    def _note_progress(self, fraction: float) -> TrainProgress:
        progress = TrainProgress(
            step=self.state.step,
            steps=self.config.max_steps,
            seconds=round(self.state.seconds, 2),
            fraction=round(fraction, 4),
            losses={name: round(value, 5) for name, value in self.state.losses.items()},
            validation_dice=None,
            real_score=0.5,
            fake_score=0.5,
            saturated=False,
        )
        self.state.note(progress)
        return progress

    def _parts(self) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
        modules: dict[str, nn.Module] = {"segmenter": self.segmenter, "averaged": self.averaged}
        return modules, self.optimizers

    def _save_state(self) -> None:
        save_state(self.folder / STATE_FILE, self.fingerprint, self.state, *self._parts())

    def restore(self) -> None:
        """Continue from the state checkpoint, where there is one of this very run."""
        state = load_state(self.folder / STATE_FILE, self.fingerprint, *self._parts())
        if state is not None:
            self.state = state

    def _settling(self, i: int) -> Batch:
        return self._batch(self.state.step, i)

    def _finish(self) -> TrainResult:
        """Write what was learned, and clear the state away."""
        state = self.state
        state.seconds = round(state.seconds, 2)
        if state.step:
            settle(self.averaged, self._settling, self.config.precision)
        meta = CheckpointMeta(
            network=self.network,
            classes=(),
            voxel_size=self.cubes[0].voxel_size,
            data_hash=self.data_hash,
            code_version=self.code_version,
            training=dataclasses.asdict(self.config),
            steps=state.step,
            seconds=state.seconds,
            validation_dice=None,
            run=self.fingerprint,
            curves=[dataclasses.asdict(point) for point in state.curves],
        )
        path = self.folder / PRETRAINED_FILE
        save_checkpoint(path, self.averaged, PatchDiscriminator(self.network), meta)
        (self.folder / STATE_FILE).unlink(missing_ok=True)
        return TrainResult(path, tuple(state.curves), None, state.step, state.seconds)
