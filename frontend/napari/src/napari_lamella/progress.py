"""How long work tells where it is, and how it is stopped."""

from collections.abc import Callable
from dataclasses import dataclass

from napari_lamella.errors import LamellaError


@dataclass(frozen=True)
class Progress:
    """`done` of `total` steps; a total of 0 means that the end is not known."""

    message: str
    done: int = 0
    total: int = 0


# Called by long work between steps, from its own thread. It stops the work by raising StoppedError.
Report = Callable[[Progress], None]


class StoppedError(LamellaError):
    """A person stopped the work; nothing is half done."""


def silent(progress: Progress) -> None:
    """A report that nobody reads."""
