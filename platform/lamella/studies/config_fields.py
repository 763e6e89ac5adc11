"""What a dataclass of models.config can be set to, field by field, for forms and the API."""

import ast
import dataclasses
import inspect
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, get_args, get_type_hints

from lamella.languages.extract import docstrings
from lamella.studies.models import Study
from lamella.studies.policy import SettingsError, config_of
from models.limits import BOUNDS, CHOICES, faults


@dataclass(frozen=True)
class Setting:
    """kind: int, float, bool or str; ``optional``: it may be nothing; ``told``: its docstring."""

    name: str
    kind: type
    optional: bool
    default: Any
    told: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]


@lru_cache(maxsize=16)
def settings_of(kind: type) -> tuple[Setting, ...]:
    """The settings of a dataclass that are single values, in its order."""
    told = docstrings(ast.parse(inspect.getsource(sys.modules[kind.__module__])), kind.__name__)
    hints = get_type_hints(kind)
    found = []
    for field in dataclasses.fields(kind):
        plain = [part for part in get_args(hints[field.name]) if part is not type(None)]
        of = plain[0] if plain else hints[field.name]
        if of not in (int, float, bool, str):
            continue
        low, high = BOUNDS.get(kind, {}).get(field.name, (None, None))
        found.append(
            Setting(
                name=field.name,
                kind=of,
                optional=bool(plain),
                default=field.default,
                told=told.get(field.name, ""),
                low=low,
                high=high,
                choices=CHOICES.get(kind, {}).get(field.name, ()),
            )
        )
    return tuple(found)


def changed(study: Study, section: str) -> dict[str, Any]:
    """What a study sets otherwise than the defaults."""
    return dict(study.settings.get(section, {}))


def change_config(study: Study, kind: type, section: str, values: dict[str, Any]) -> None:
    """Replace a section of a study's settings; what is as the default says is left out.

    Raises SettingsError, in a sentence, for what is no setting or out of bounds.
    """
    known = {setting.name: setting for setting in settings_of(kind)}
    # What a form cannot show, such as a tuple, stays as it is.
    kept = {name: value for name, value in changed(study, section).items() if name not in known}
    told = {
        name: value
        for name, value in values.items()
        if name not in known or value != known[name].default
    }
    wanted = Study(settings={section: {**kept, **told}})
    wrong = faults(config_of(wanted, kind, section))
    if wrong:
        name, sentence = next(iter(wrong.items()))
        raise SettingsError(f"The setting “{section}.{name}” is out of bounds. {sentence}")
    settings = {key: value for key, value in study.settings.items() if key != section}
    study.settings = {**settings, **({section: {**kept, **told}} if kept or told else {})}
    study.save(update_fields=["settings"])
