"""What a training run tells while it goes, and at its end."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """Where a run stands."""

    step: int
    steps: int | None
    """Steps in all, where the budget is in steps."""
    seconds: float
    fraction: float
    """Share of the budget used, 0 to 1."""
    losses: dict[str, float]
    """Running means of cross_entropy, dice, adversarial and discriminator, as far as they run."""
    validation_dice: float | None
    """The last one measured, or None."""
    real_score: float
    """Mean score, 0 to 1, that the discriminator gives to labels."""
    fake_score: float
    """Mean score, 0 to 1, that the discriminator gives to proposals."""
    saturated: bool
    """Whether the discriminator is so far ahead that its scores no longer rank."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the model makes of part of a known slice at some step."""

    step: int
    number: int
    """0, 1, …: the same part of the same slice at each step."""
    cube: int
    """Place of its cube in the list."""
    z: int
    y0: int
    x0: int
    image: NDArray[Any]
    """(H, W) intensities as the network is shown them: -1 for the cube's low, 1 for its high."""
    guess: NDArray[np.integer[Any]]
    """(H, W) classes, 0 for background."""
    truth: NDArray[np.integer[Any]]
    """(H, W) classes that people agreed on."""


@dataclass(frozen=True, slots=True)
class TrainResult:
    """How a run ended."""

    checkpoint: Path | None
    """The model to use, or None where the run was stopped and can be continued."""
    curves: tuple[TrainProgress, ...]
    validation_dice: float | None
    """Dice of the saved model on the held-out slices, or None where there were none."""
    steps: int
    seconds: float
