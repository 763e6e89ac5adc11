"""The compose file as an engine would see it: variables filled in, read as YAML."""

import re
from functools import cache
from typing import Any

import yaml

from tests.processes import ROOT

_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::(?P<how>[-?])(?P<rest>[^}]*))?\})")


def text() -> str:
    return (ROOT / "docker-compose.yml").read_text()


def example() -> dict[str, str]:
    """The variables of ``.env.example``."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def filled_in(variables: dict[str, str]) -> str:
    """The text with its variables filled in; ValueError names one that is missing."""

    def value(match: re.Match[str]) -> str:
        if match["name"] is None:
            return "$"
        given = variables.get(match["name"], "")
        if given or match["how"] is None:
            return given
        if match["how"] == "?":
            raise ValueError(match["rest"])
        return match["rest"]

    return _VARIABLE.sub(value, text())


@cache
def compose() -> dict[str, Any]:
    """The whole file, with the example's variables and a word for each secret."""
    variables = {name: value or f"secret-{name.lower()}" for name, value in example().items()}
    for optional in ("COMPOSE_PROFILES", "PIP_ARGS", "GPU_PIP_ARGS"):
        variables[optional] = ""
    read: dict[str, Any] = yaml.safe_load(filled_in(variables))
    return read


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def own() -> dict[str, dict[str, Any]]:
    """The services that run Lamella's own image."""
    return {name: it for name, it in services().items() if it["image"].startswith("lamella")}
