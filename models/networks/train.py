"""Training: segmenter against discriminator on the labelled slices of one or several cubes.

Every step draws its batch and its chances from a generator seeded by (seed, step), so a run that
was killed continues from its last state checkpoint as if nothing had happened.
"""

import copy
import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.config import NetworkConfig, TrainConfig
from models.networks.augment import augment
from models.networks.checkpoint import (
    Checkpoint,
    CheckpointMeta,
    file_hash,
    load_checkpoint,
    save_checkpoint,
)
from models.networks.critic import Critic
from models.networks.data import WindowSampler, data_hash
from models.networks.device import autocast, pick_device, threads
from models.networks.discriminator import PatchDiscriminator
from models.networks.holdout import hold_out, key_of, validation_dice
from models.networks.losses import SegmentationLoss
from models.networks.progress import TrainProgress, TrainResult
from models.networks.segmenter import Segmenter
from models.networks.state import (
    STATE_FILE,
    RunState,
    fingerprint,
    finished_result,
    load_state,
    save_state,
)
from models.networks.types import TrainingCube, hardened

MODEL_FILE = "model.safetensors"
"""The finished model, in the run's folder."""
CLEARLY_BETTER = 0.005
"""Dice by which an earlier model must beat the last one on the held-out slices to be kept."""
SETTLING_BATCHES = 12
"""Batches from which the averaged weights' normalisation statistics are taken."""
CURVE_POINTS = 400
"""Points that the stored curves have at most, about."""


def train(
    cubes: Sequence[TrainingCube],
    classes: Sequence[int],
    config: TrainConfig,
    *,
    checkpoint_dir: Path,
    network: NetworkConfig | None = None,
    parent: Path | None = None,
    resume: bool = True,
    on_progress: Callable[[TrainProgress], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    code_version: str = "unknown",
) -> TrainResult:
    """Train on the labelled slices of `cubes`, whose foreground label values are `classes`.

    Leaves `model.safetensors` in `checkpoint_dir`: averaged weights, the best on held-out slices
    where there are enough to hold some out. With `parent` its weights are the start, and its
    network is kept. With `resume` a run of the same settings and data continues where it was
    killed or stopped, and one that had finished is returned as it is. `should_stop` is asked at
    every step; `on_progress` is told about once a second.

    Raises ValueError where nothing is labelled, the settings have no budget, or the parent's
    classes are others; CheckpointError where the parent cannot be read.
    """
    if config.max_seconds is None and config.max_steps is None:
        raise ValueError("Training needs a budget: set max_seconds or max_steps.")
    with threads(config.threads):
        run = _Run(cubes, classes, config, checkpoint_dir, network, parent, code_version)
        if resume:
            done = finished_result(checkpoint_dir / MODEL_FILE, run.fingerprint)
            if done is not None:
                return done
            run.restore()
        return run.go(on_progress or (lambda progress: None), should_stop or (lambda: False))


def learning_rate(fraction: float, peak: float) -> float:
    """One cycle over the budget: a linear rise over the first 8 %, then a cosine to 1 % of peak."""
    if fraction < 0.08:
        return peak * (0.1 + 0.9 * fraction / 0.08)
    fall = min(1.0, (fraction - 0.08) / 0.92)
    return peak * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * fall)))


class _Run:
    """One training run: what it holds between steps."""

    def __init__(
        self,
        cubes: Sequence[TrainingCube],
        classes: Sequence[int],
        config: TrainConfig,
        folder: Path,
        network: NetworkConfig | None,
        parent: Path | None,
        code_version: str,
    ) -> None:
        if not cubes:
            raise ValueError("Nothing to train on: no cube was given.")
        if not config.soft_targets:
            cubes = [hardened(cube) for cube in cubes]
        self.cubes, self.classes, self.config = cubes, tuple(classes), config
        self.folder, self.code_version = folder, code_version
        self.device = pick_device(config.device)
        self.parent = None if parent is None else file_hash(parent)
        origin = None if parent is None else load_checkpoint(parent)
        self.ancestors = {} if origin is None else origin.meta.learned
        self.network = _network(network, origin, self.classes)
        torch.manual_seed(config.seed)
        self.segmenter = Segmenter(self.network).to(self.device)
        discriminator = PatchDiscriminator(self.network).to(self.device)
        if origin is not None:
            self.segmenter.load_state_dict(origin.segmenter.state_dict())
            discriminator.load_state_dict(origin.discriminator.state_dict())
        self.averaged = copy.deepcopy(self.segmenter).requires_grad_(False).eval()
        self.best = copy.deepcopy(self.averaged)
        self.critic = Critic(discriminator, config)
        soft = any(k.fractions is not None for cube in cubes for k in cube.known.values())
        self.loss = SegmentationLoss(soft)
        self.peak = config.learning_rate if origin is None else config.warm_learning_rate
        self.optimizer = torch.optim.AdamW(
            self.segmenter.parameters(), lr=self.peak, weight_decay=config.weight_decay
        )
        earlier = None if origin is None else origin.meta.held_out
        self.held_out = hold_out(cubes, self.classes, config, earlier)
        stride = max(self.segmenter.stride, discriminator.stride)
        self.sampler = WindowSampler(cubes, self.classes, config, self.held_out, stride)
        self.data_hash = data_hash(cubes, self.classes)
        self.fingerprint = fingerprint(config, self.network, self.data_hash, self.parent)
        self.state = RunState()

    def go(
        self, on_progress: Callable[[TrainProgress], None], should_stop: Callable[[], bool]
    ) -> TrainResult:
        """Step until the budget is used up or someone says stop."""
        state, config = self.state, self.config
        began = time.monotonic() - state.seconds
        saved = told = state.seconds
        if state.step == 0 and self.parent is not None and not self._parent_learned_held_out():
            self._validate()
        while (fraction := self._fraction()) < 1.0:
            if should_stop():
                self._save_state()
                return TrainResult(
                    None, tuple(state.curves), state.validation_dice, state.step, state.seconds
                )
            self._step(fraction)
            state.step += 1
            state.seconds = time.monotonic() - began
            fraction = self._fraction()
            due = int(fraction * config.validations)
            if self.held_out and due > state.validated and fraction < 1.0:
                state.validated = due
                self._validate()
            if state.seconds - told >= 1.0 or fraction >= 1.0:
                told = state.seconds
                on_progress(self._note_progress(fraction))
            if state.seconds - saved >= config.checkpoint_seconds:
                saved = state.seconds
                self._save_state()
        return self._finish()

    def _step(self, fraction: float) -> None:
        """One batch: the segmenter learns, then the discriminator."""
        config = self.config
        rng = np.random.default_rng((config.seed, self.state.step))
        batch = augment(self.sampler.draw(rng), config, rng).to(self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(fraction, self.peak)
        image = batch.image[batch.windows, batch.slices][:, None]
        with autocast(self.device, config.precision):
            logits = self.segmenter.select(batch.image, batch.windows, batch.slices)
        shares = torch.softmax(logits, dim=1)[:, 1:]
        entropy, dice = self.loss(logits, batch.target, batch.weight)
        total = entropy + dice
        losses = {"cross_entropy": entropy, "dice": dice}
        if config.adversarial_weight > 0.0 and fraction >= config.adversarial_start:
            losses["adversarial"] = self.critic.judge(image, shares, batch.weight)
            total = total + config.adversarial_weight * losses["adversarial"]
        self._descend(total)
        if fraction >= config.critic_start:
            losses["discriminator"] = self.critic.learn(
                image, shares, batch.target[:, 1:], batch.weight, rng
            )
        for name, value in losses.items():
            now = float(value.detach())
            if math.isfinite(now):
                before = self.state.losses.get(name, now)
                self.state.losses[name] = before + 0.05 * (now - before)

    def _descend(self, loss: Tensor) -> None:
        """One optimizer step and one step of the averaged weights; a broken gradient is skipped."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.segmenter.parameters(), 1.0)
        if torch.isfinite(norm):
            self.optimizer.step()
        # Early on the average follows quickly, or it would remember the untrained weights.
        warm = self.state.step if self.parent is None else 10**9
        decay = min(self.config.averaging, (1.0 + warm) / (10.0 + warm))
        with torch.no_grad():
            torch._foreach_lerp_(
                list(self.averaged.parameters()), list(self.segmenter.parameters()), 1.0 - decay
            )

    def _fraction(self) -> float:
        """Share of the budget used."""
        budgets = (
            (self.state.seconds, self.config.max_seconds),
            (self.state.step, self.config.max_steps),
        )
        return max(
            (1.0 if most <= 0 else min(used / most, 1.0))
            for used, most in budgets
            if most is not None
        )

    def _settle(self) -> None:
        """Give the averaged weights statistics of their own: those of the steps are of weights long
        gone, and averaging statistics does not give those of the averaged weights."""
        norms = [m for m in self.averaged.modules() if isinstance(m, nn.BatchNorm2d)]
        if not norms or self.state.step == 0:
            return
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
            norm.train()
        with torch.no_grad(), autocast(self.device, self.config.precision):
            for i in range(SETTLING_BATCHES):
                rng = np.random.default_rng((self.config.seed, self.state.step, i))
                batch = augment(self.sampler.draw(rng), self.config, rng).to(self.device)
                self.averaged.select(batch.image, batch.windows, batch.slices)
        for norm in norms:
            norm.eval()

    def _validate(self) -> None:
        """Measure the averaged weights on the held-out slices, and keep them if they are best."""
        self._settle()
        state = self.state
        state.validation_dice = validation_dice(
            self.averaged,
            self.sampler.cache,
            self.classes,
            self.held_out,
            self.config.window,
            self.device,
        )
        measured = state.validation_dice
        if measured is not None and (state.best_dice is None or measured > state.best_dice):
            state.best_dice = measured
            self.best.load_state_dict(self.averaged.state_dict())

    def _parent_learned_held_out(self) -> bool:
        """Whether the parent or an ancestor trained on slices that are held out now."""
        return any(
            slices & set(self.ancestors.get(key_of(self.cubes[index], index), ()))
            for index, slices in self.held_out.items()
        )

    def _note_progress(self, fraction: float) -> TrainProgress:
        state, critic = self.state, self.critic
        progress = TrainProgress(
            step=state.step,
            steps=self.config.max_steps,
            seconds=round(state.seconds, 2),
            fraction=round(fraction, 4),
            losses={name: round(value, 5) for name, value in state.losses.items()},
            validation_dice=state.validation_dice,
            real_score=round(critic.real_score, 4),
            fake_score=round(critic.fake_score, 4),
            saturated=critic.saturated,
        )
        if not state.curves or fraction - state.curves[-1].fraction >= 1.0 / CURVE_POINTS:
            state.curves.append(progress)
        return progress

    def _parts(self) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
        modules: dict[str, nn.Module] = {
            "segmenter": self.segmenter,
            "averaged": self.averaged,
            "best": self.best,
            "discriminator": self.critic.network,
        }
        return modules, {"optimizer": self.optimizer, "critic_optimizer": self.critic.optimizer}

    def _save_state(self) -> None:
        self.state.critic = self.critic.figures()
        save_state(self.folder / STATE_FILE, self.fingerprint, self.state, *self._parts())

    def restore(self) -> None:
        """Continue from the state checkpoint, where there is one of this very run."""
        state = load_state(self.folder / STATE_FILE, self.fingerprint, *self._parts())
        if state is not None:
            self.state = state
            self.critic.restore(state.critic)

    def _finish(self) -> TrainResult:
        """Choose the weights, write the model, and clear the state away."""
        state = self.state
        state.seconds = round(state.seconds, 2)
        self._validate_last()
        meta = CheckpointMeta(
            network=self.network,
            classes=self.classes,
            voxel_size=self.cubes[0].voxel_size,
            data_hash=self.data_hash,
            code_version=self.code_version,
            training=dataclasses.asdict(self.config),
            steps=state.step,
            seconds=state.seconds,
            validation_dice=state.validation_dice,
            parent=self.parent,
            learned=self._learned(),
            held_out={
                key_of(self.cubes[i], i): sorted(slices) for i, slices in self.held_out.items()
            },
            run=self.fingerprint,
            curves=[dataclasses.asdict(point) for point in state.curves],
        )
        path = self.folder / MODEL_FILE
        save_checkpoint(path, self.averaged, self.critic.network, meta)
        (self.folder / STATE_FILE).unlink(missing_ok=True)
        return TrainResult(
            path, tuple(state.curves), state.validation_dice, state.step, state.seconds
        )

    def _validate_last(self) -> None:
        """Go back to the best weights only where they clearly beat the last ones."""
        before = self.state.best_dice
        if self.held_out:
            self._validate()
        else:
            self._settle()
        last = self.state.validation_dice
        if before is not None and last is not None and before > last + CLEARLY_BETTER:
            self.averaged.load_state_dict(self.best.state_dict())
            self.state.validation_dice = before

    def _learned(self) -> dict[str, list[int]]:
        learned = {key: set(slices) for key, slices in self.ancestors.items()}
        for index, z in self.sampler.labelled:
            learned.setdefault(key_of(self.cubes[index], index), set()).add(z)
        return {key: sorted(slices) for key, slices in learned.items()}


def _network(
    network: NetworkConfig | None, origin: Checkpoint | None, classes: tuple[int, ...]
) -> NetworkConfig:
    """The parent's network, or else the one asked for, with as many classes as there are."""
    if origin is None:
        return dataclasses.replace(network or NetworkConfig(), classes=len(classes))
    if origin.meta.classes != classes:
        raise ValueError(
            f"The parent model knows the classes {origin.meta.classes}, not {classes}; "
            "train without a parent."
        )
    return origin.meta.network
