"""A study's settings: the defaults of models.config with what the study changed."""

import dataclasses
from typing import TypeVar

from lamella.studies.models import Study
from models.crowd.registry import DEFAULT_AGGREGATOR

Config = TypeVar("Config")


class SettingsError(ValueError):
    """A study's settings hold something that is no setting; the text says what."""


def config_of(study: Study, kind: type[Config], section: str) -> Config:
    """The dataclass ``kind`` with the study's changes of ``section``. Raises SettingsError."""
    changes = study.settings.get(section, {})
    known = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for name, value in changes.items():
        if name not in known:
            raise SettingsError(
                f"There is no setting “{section}.{name}”; remove it from the study."
            )
        default = known[name].default
        if isinstance(default, tuple) and isinstance(value, list):
            changes = {**changes, name: tuple(value)}
        elif type(default) in (int, str, bool) and type(value) is not type(default):
            raise SettingsError(
                f"The setting “{section}.{name}” must be a {type(default).__name__}, "
                f"not {value!r}; change it in the study."
            )
    return kind(**changes)


def aggregator_of(study: Study) -> str:
    """The name of the study's aggregator (models.crowd.registry)."""
    return str(study.settings.get("aggregator", DEFAULT_AGGREGATOR))
