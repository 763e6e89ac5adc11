"""How a run spends its budget."""

import math


def fraction_used(
    seconds: float, steps: int, max_seconds: float | None, max_steps: int | None
) -> float:
    """Share of the budget used, 0 to 1: whichever of seconds and steps is used up first."""
    budgets = ((seconds, max_seconds), (steps, max_steps))
    return max(
        (1.0 if most <= 0 else min(used / most, 1.0)) for used, most in budgets if most is not None
    )


def learning_rate(fraction: float, peak: float) -> float:
    """One cycle over the budget: a linear rise over the first 8 %, then a cosine to 1 % of peak."""
    if fraction < 0.08:
        return peak * (0.1 + 0.9 * fraction / 0.08)
    fall = min(1.0, (fraction - 0.08) / 0.92)
    return peak * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * fall)))
