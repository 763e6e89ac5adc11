"""Aggregators by name."""

from collections.abc import Callable

from models.config import CrowdConfig
from models.crowd.aggregator import Aggregator
from models.crowd.majority import Majority
from models.crowd.skill import Skill
from models.crowd.staple import Staple

AGGREGATORS: dict[str, Callable[[CrowdConfig], Aggregator]] = {
    Skill.name: Skill,
    Majority.name: Majority,
    Staple.name: Staple,
}

DEFAULT_AGGREGATOR = Skill.name
"""Of studies that choose none."""


def aggregator(name: str, config: CrowdConfig | None = None) -> Aggregator:
    """The aggregator of that name. Raises ValueError that lists the names there are."""
    if name not in AGGREGATORS:
        raise ValueError(
            f"There is no aggregator “{name}”; choose one of {', '.join(sorted(AGGREGATORS))}."
        )
    return AGGREGATORS[name](config or CrowdConfig())
