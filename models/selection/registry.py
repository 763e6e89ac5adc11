"""Strategies by name."""

from collections.abc import Callable

from models.config import SelectionConfig
from models.selection.bisection import Bisection
from models.selection.clasp_pe import ClaspPE
from models.selection.discriminator import Discriminator
from models.selection.entropy import Entropy
from models.selection.expected import ExpectedError
from models.selection.foreground_random import ForegroundRandom
from models.selection.oracle import Oracle
from models.selection.pool import Strategy
from models.selection.random_choice import Random
from models.selection.spread import Spread
from models.selection.uniform import Uniform

STRATEGIES: dict[str, Callable[[SelectionConfig], Strategy]] = {
    ExpectedError.name: ExpectedError,
    Discriminator.name: Discriminator,
    Entropy.name: Entropy,
    ClaspPE.name: ClaspPE,
    ForegroundRandom.name: ForegroundRandom,
    Random.name: Random,
    Uniform.name: Uniform,
    Bisection.name: Bisection,
    Spread.name: Spread,
    Oracle.name: Oracle,
}

NEEDS: dict[str, str] = {
    ExpectedError.name: ExpectedError.score,
    Discriminator.name: Discriminator.score,
    Entropy.name: Entropy.score,
    ClaspPE.name: "entropy",
    ForegroundRandom.name: "foreground",
    Oracle.name: Oracle.score,
}
"""The score that a strategy cannot do without; the others need none."""

FOR_STUDIES = tuple(name for name in STRATEGIES if name != Oracle.name)
"""What a study may be set to; the oracle needs the truth."""


def strategy(name: str, config: SelectionConfig | None = None) -> Strategy:
    """The strategy of that name. Raises ValueError that lists the names there are."""
    if name not in STRATEGIES:
        raise ValueError(
            f"There is no strategy “{name}”; choose one of {', '.join(sorted(STRATEGIES))}."
        )
    return STRATEGIES[name](config or SelectionConfig())
