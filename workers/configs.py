"""Settings between dataclasses and the JSON that they are stored as."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

Config = TypeVar("Config")


def from_json(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """A frozen dataclass of models.config; what is unknown to this release is left out."""
    known = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    return kind(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if name in known
        }
    )
