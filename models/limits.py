"""What settings may be: bounds and choices, beside the types that models/config.py gives them."""

import dataclasses
import math
from typing import Any

from models.config import ScheduleConfig, TrainConfig

Bounds = tuple[float | None, float | None]

_SHARE: Bounds = (0.0, 1.0)

BOUNDS: dict[type, dict[str, Bounds]] = {
    TrainConfig: {
        "max_seconds": (1, None),
        "max_steps": (1, None),
        "crop": (16, 1024),
        "window": (1, 16),
        "windows": (1, 256),
        "pixels": (1024, None),
        "foreground_share": _SHARE,
        "learning_rate": (1e-6, 1.0),
        "warm_learning_rate": (1e-6, 1.0),
        "weight_decay": (0.0, 1.0),
        "averaging": (0.0, 0.9999),
        "adversarial_weight": (0.0, 10.0),
        "adversarial_start": _SHARE,
        "critic_start": _SHARE,
        "critic_learning_rate": (1e-6, 1.0),
        "critic_floor": (0.0, 2.0),
        "validation_share": (0.0, 0.5),
        "validation_minimum": (2, None),
        "validations": (1, 100),
        "checkpoint_seconds": (1, 3600),
        "cache_megabytes": (16, None),
        "threads": (1, 1024),
        "rotation": (0.0, 180.0),
        "zoom": (0.0, 0.9),
        "intensity": (0.0, 1.0),
        "noise": (0.0, 1.0),
        "made_neighbours": _SHARE,
        "hidden_neighbours": _SHARE,
        "slice_faults": _SHARE,
    },
    ScheduleConfig: {"new_tasks": (0, 1_000_000), "at_hour": (0, 23)},
}

CHOICES: dict[type, dict[str, tuple[str, ...]]] = {
    TrainConfig: {
        "taken": ("everything", "encoder"),
        "trainable": ("everything", "decoder"),
        "adversarial_loss": ("bce", "hinge", "wgan-gp", "lsgan"),
        "device": ("auto", "cpu", "cuda"),
        "precision": ("auto", "bfloat16", "float32"),
    }
}


def faults(config: Any) -> dict[str, str]:
    """{setting: what is wrong with its value, in a sentence}; empty where all is well."""
    found: dict[str, str] = {}
    bounds, choices = BOUNDS.get(type(config), {}), CHOICES.get(type(config), {})
    for field in dataclasses.fields(config):
        name, value = field.name, getattr(config, field.name)
        if value is None or isinstance(value, bool):
            continue
        low, high = bounds.get(name, (None, None))
        if isinstance(value, float) and not math.isfinite(value):
            found[name] = "Give a number."
        elif low is not None and isinstance(value, int | float) and value < low:
            found[name] = f"Give at least {low:g}."
        elif high is not None and isinstance(value, int | float) and value > high:
            found[name] = f"Give at most {high:g}."
        elif name in choices and value not in choices[name]:
            found[name] = f"Choose one of {', '.join(choices[name])}."
    if isinstance(config, TrainConfig) and config.max_seconds is None and config.max_steps is None:
        found["max_seconds"] = "A run needs a budget: give seconds, steps or both."
    return found
