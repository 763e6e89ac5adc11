"""Training: segmenter against discriminator on the labelled slices of one or several cubes.

Every step draws its batch and its chances from a generator seeded by (seed, step), so a run that
was killed continues from its last state checkpoint as if nothing had happened. Under torchrun
several processes train one model (models/networks/ranks.py).
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
from models.networks.averaging import follow, settle
from models.networks.checkpoint import CheckpointMeta, save_checkpoint
from models.networks.critic import Critic
from models.networks.data import LABELLED_PER_WINDOW, Batch, WindowSampler, data_hash
from models.networks.device import autocast, compiled, threads
from models.networks.holdout import SHOWN, hold_out, key_of, validation_dice
from models.networks.losses import SegmentationLoss
from models.networks.optimizers import descend, optimizers_of
from models.networks.progress import Sample, TrainProgress, TrainResult
from models.networks.ranks import Ranks, find_ranks, synchronised
from models.networks.resample import at_pixels_of
from models.networks.schedule import fraction_used, learning_rate
from models.networks.start import Start, start
from models.networks.state import (
    STATE_FILE,
    RunState,
    fingerprint,
    finished_result,
    load_state,
    save_state,
)
from models.networks.types import TrainingCube, hardened
from models.networks.unseen import UnseenProposals

MODEL_FILE = "model.safetensors"
"""The finished model, in the run's folder."""
CLEARLY_BETTER = 0.005
"""Dice by which an earlier model must beat the last one on the held-out slices to be kept."""


def train(
    cubes: Sequence[TrainingCube],
    classes: Sequence[int],
    config: TrainConfig,
    *,
    checkpoint_dir: Path,
    network: NetworkConfig | None = None,
    parent: Path | None = None,
    origin: Path | None = None,
    resume: bool = True,
    on_progress: Callable[[TrainProgress], None] | None = None,
    on_sample: Callable[[Sample], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    code_version: str = "unknown",
) -> TrainResult:
    """Train on the labelled slices of `cubes`, whose foreground label values are `classes`.

    Leaves `model.safetensors` in `checkpoint_dir`: averaged weights, the best on held-out slices
    where there are enough to hold some out. With `parent`, an earlier model of the same classes,
    its weights are the start; with `origin`, one pretrained or of other classes, all but its head
    (models/networks/start.py). Cubes with other pixels than the parent's, or than the first
    cube's, are resampled to them. With `resume` a run of the same settings and data continues where
    it was killed or stopped, and one that had finished is returned as it is. `should_stop` is asked
    at every step; `on_progress` is told about once a second; `on_sample`, `validations` times, what
    the model makes of a few known slices, held-out ones where there are any. Of several processes
    under torchrun the first alone asks, tells and writes.

    Raises ValueError where nothing is labelled, the settings have no budget or do not go together,
    the parent's classes are others, or pixel sizes are too far apart; CheckpointError where the
    parent or origin cannot be read.
    """
    if config.max_seconds is None and config.max_steps is None:
        raise ValueError("Training needs a budget: set max_seconds or max_steps.")
    here = find_ranks(config.device)
    with threads(config.threads):
        begin = start(tuple(classes), config, network, parent, origin)
        run = _Run(cubes, classes, config, checkpoint_dir, begin, here, code_version)
        done = None
        if resume:
            done = finished_result(checkpoint_dir / MODEL_FILE, run.fingerprint)
            if done is None:
                run.restore()
        here.agree(run.state.step if done is None else -1.0)
        if done is not None:
            return done
        run.on_sample = on_sample
        return run.go(on_progress or (lambda progress: None), should_stop or (lambda: False))


class _Run:
    """One training run: what it holds between steps."""

    def __init__(
        self,
        cubes: Sequence[TrainingCube],
        classes: Sequence[int],
        config: TrainConfig,
        folder: Path,
        begin: Start,
        here: Ranks,
        code_version: str,
    ) -> None:
        if not cubes:
            raise ValueError("Nothing to train on: no cube was given.")
        if not config.soft_targets:
            cubes = [hardened(cube) for cube in cubes]
        pixels = begin.voxel_size or cubes[0].voxel_size
        self.data_hash = data_hash(cubes, classes)
        cubes = [at_pixels_of(cube, pixels) for cube in cubes]
        self.cubes, self.classes, self.config = cubes, tuple(classes), config
        self.folder, self.code_version = folder, code_version
        self.begin, self.here, self.device = begin, here, here.device
        self.network = begin.segmenter.config
        self.segmenter = begin.segmenter.to(self.device)
        self.averaged = copy.deepcopy(self.segmenter).requires_grad_(False).eval()
        self.best = copy.deepcopy(self.averaged)
        if config.window > LABELLED_PER_WINDOW:
            # With shorter windows a process may have no context to encode, and others wait for it.
            self.segmenter = synchronised(self.segmenter, here)
        self.select = compiled(self.segmenter.select, self.device, config.compile)
        self.critic = Critic(begin.discriminator.to(self.device), config, here)
        soft = any(k.fractions is not None for cube in cubes for k in cube.known.values())
        self.loss = SegmentationLoss(soft, here.total)
        self.optimizers = optimizers_of(self.segmenter, begin.rate, config.weight_decay)
        self.held_out = hold_out(cubes, self.classes, config, begin.held_out)
        stride = max(self.segmenter.stride, begin.discriminator.stride)
        self.sampler = WindowSampler(cubes, self.classes, config, self.held_out, stride)
        if self.sampler.windows < here.world:
            raise ValueError(
                f"A step has {self.sampler.windows} windows, too few for {here.world} processes; "
                "start fewer, or set more windows."
            )
        self.unseen = UnseenProposals(
            self.averaged,
            self.sampler,
            begin.learned if begin.parent else self._all_known(),
            config,
        )
        self.on_sample: Callable[[Sample], None] | None = None
        self.fingerprint = fingerprint(config, self.network, self.data_hash, begin.fingerprint)
        self.state = RunState()

    def go(
        self, on_progress: Callable[[TrainProgress], None], should_stop: Callable[[], bool]
    ) -> TrainResult:
        """Step until the budget is used up or someone says stop."""
        state, config = self.state, self.config
        began = time.monotonic() - state.seconds
        saved = told = state.seconds
        warm = self.begin.parent is not None
        if self.here.first and state.step == 0 and warm and not self._parent_learned_held_out():
            self._validate()
        while True:
            fraction = self._fraction()
            asked = self.here.first and fraction < 1.0 and should_stop()
            # Clocks differ: the first process says how far the run is, and whether it goes on.
            fraction, stop = self.here.from_first([fraction, float(asked)])
            if fraction >= 1.0:
                break
            if stop:
                self._save_state()
                return TrainResult(
                    None, tuple(state.curves), state.validation_dice, state.step, state.seconds
                )
            self._step(fraction)
            state.step += 1
            state.seconds = time.monotonic() - began
            fraction = self._fraction()
            due = int(fraction * config.validations)
            if self.here.first and due > state.validated and fraction < 1.0:
                state.validated = due
                self._validate()
            if self.here.first and (state.seconds - told >= 1.0 or fraction >= 1.0):
                told = state.seconds
                on_progress(self._note_progress(fraction))
            if state.seconds - saved >= config.checkpoint_seconds:
                saved = state.seconds
                self._save_state()
        return self._finish()

    def _step(self, fraction: float) -> None:
        """One batch: the segmenter learns, then the discriminator."""
        config = self.config
        rng, batch = self._batch(self.here.rank, self.here.world, self.state.step)
        image = batch.image[batch.windows, batch.slices][:, None]
        with autocast(self.device, config.precision):
            logits = self.select(batch.image, batch.windows, batch.slices, batch.beside)
        shares = torch.softmax(logits, dim=1)[:, 1:]
        entropy, dice = self.loss(logits, batch.target, batch.weight)
        total = entropy + dice
        losses = {"cross_entropy": entropy, "dice": dice}
        if config.adversarial_weight > 0.0 and fraction >= config.adversarial_start:
            losses["adversarial"] = self.critic.judge(image, shares, batch.weight)
            # A mean over this process's windows, where the other losses are of all of them.
            share = config.adversarial_weight / self.here.world
            total = total + share * losses["adversarial"]
        self._descend(total, learning_rate(fraction, self.begin.rate))
        if fraction >= config.critic_start:
            losses["discriminator"] = self._teach_critic(batch, image, shares, rng)
        for name, value in losses.items():
            now = float(value.detach())
            if math.isfinite(now):
                before = self.state.losses.get(name, now)
                self.state.losses[name] = before + 0.05 * (now - before)

    def _teach_critic(
        self, batch: Batch, image: Tensor, shares: Tensor, rng: np.random.Generator
    ) -> Tensor:
        """One step of the discriminator: proposals of now, and the parent's for unseen slices."""
        now = [image, shares.detach().float(), batch.target[:, 1:], batch.weight]
        unseen = self.unseen.draw(max(1, len(image) // 2), rng)
        if unseen is not None:
            pairs = zip(now, unseen, strict=True)
            now = [torch.cat([one, more.to(self.device)]) for one, more in pairs]
        image, shares, target, weight = now
        return self.critic.learn(image, shares, target, weight, rng)

    def _batch(self, rank: int, world: int, *seed: int) -> tuple[np.random.Generator, Batch]:
        """This process's windows of a step, augmented, and the generator they came from."""
        rng = np.random.default_rng((self.config.seed, *seed))
        batch = self.sampler.draw(rng, rank, world)
        if world > 1:  # or the i-th windows of all processes would be turned alike
            rng = np.random.default_rng((self.config.seed, *seed, world, rank))
        return rng, augment(batch, self.config, rng).to(self.device)

    def _descend(self, loss: Tensor, rate: float) -> None:
        """One step of the segmenter, and one of the averaged weights."""
        descend(self.segmenter, self.optimizers, loss, rate, self.here)
        step = self.state.step if self.begin.parent is None else 10**9
        follow(self.averaged, self.segmenter, self.config.averaging, step)

    def _fraction(self) -> float:
        state, config = self.state, self.config
        return fraction_used(state.seconds, state.step, config.max_seconds, config.max_steps)

    def _settle(self) -> None:
        if self.state.step == 0:
            return

        def batch(i: int) -> Batch:
            return self._batch(0, 1, self.state.step, i)[1]

        frozen = self.segmenter.encoder_frozen
        settle(self.averaged, batch, self.config.precision, keep_encoder=frozen)

    def _validate(self) -> None:
        """Measure the averaged weights on the held-out slices, and keep them if they are best."""
        if not self.held_out and self.on_sample is None:
            return
        self._settle()
        state = self.state
        measured = validation_dice(
            self.averaged,
            self.sampler.cache,
            self.sampler.neighbours,
            self.classes,
            self.held_out or self._few_known(),
            self.config.window,
            self.device,
            self._show,
        )
        if not self.held_out:
            return  # What was learned proves nothing; it is only looked at.
        state.validation_dice = measured
        if measured is not None and (state.best_dice is None or measured > state.best_dice):
            state.best_dice = measured
            self.best.load_state_dict(self.averaged.state_dict())

    def _few_known(self) -> dict[int, frozenset[int]]:
        """Known slices to look at where none is held out."""
        known = sorted(self.cubes[0].known)
        return {0: frozenset(known[:: max(1, len(known) // SHOWN)][:SHOWN])}

    def _show(self, sample: Sample) -> None:
        if self.on_sample is not None:
            self.on_sample(dataclasses.replace(sample, step=self.state.step))

    def _parent_learned_held_out(self) -> bool:
        """Whether the parent or an ancestor trained on slices that are held out now."""
        return any(
            slices & set(self.begin.learned.get(key_of(self.cubes[index], index), ()))
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
        state.note(progress)
        return progress

    def _parts(self) -> tuple[dict[str, nn.Module], dict[str, torch.optim.Optimizer]]:
        modules: dict[str, nn.Module] = {
            "segmenter": self.segmenter,
            "averaged": self.averaged,
            "best": self.best,
            "discriminator": self.critic.network,
        }
        return modules, {**self.optimizers, "critic_optimizer": self.critic.optimizer}

    def _save_state(self) -> None:
        if not self.here.first:
            return
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
        if self.here.first:
            self._write()
        self.here.wait()
        state = self.state
        return TrainResult(
            self.folder / MODEL_FILE,
            tuple(state.curves),
            state.validation_dice,
            state.step,
            state.seconds,
        )

    def _write(self) -> None:
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
            parent=self.begin.parent,
            origin=self.begin.origin,
            learned=self._learned(),
            held_out={
                key_of(self.cubes[i], i): sorted(slices) for i, slices in self.held_out.items()
            },
            run=self.fingerprint,
            curves=[dataclasses.asdict(point) for point in state.curves],
        )
        save_checkpoint(self.folder / MODEL_FILE, self.averaged, self.critic.network, meta)
        (self.folder / STATE_FILE).unlink(missing_ok=True)

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

    def _all_known(self) -> dict[str, list[int]]:
        return {key_of(cube, i): list(cube.known) for i, cube in enumerate(self.cubes)}

    def _learned(self) -> dict[str, list[int]]:
        learned = {key: set(slices) for key, slices in self.begin.learned.items()}
        for index, z in self.sampler.labelled:
            learned.setdefault(key_of(self.cubes[index], index), set()).add(z)
        return {key: sorted(slices) for key, slices in learned.items()}
