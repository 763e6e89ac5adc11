"""What a cube looks like along z: expected error and state, column by column."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamella.cubes.models import Cube

COLUMNS = 512
"""Columns at most; a column of a taller cube stands for several slices."""
MOST_ROWS = 60
"""Of the table beside it."""

_WORDS = {
    "": gettext_lazy("not shown"),
    "open": gettext_lazy("waits for masks"),
    "labelled": gettext_lazy("came labelled"),
    "agreed": gettext_lazy("agreed"),
    "accepted": gettext_lazy("accepted"),
}


@dataclass(frozen=True)
class Column:
    """One or several neighbouring slices. ``z`` is the one that most needs a look."""

    z: int
    error: float | None
    state: str
    """"", "labelled" (came with labels), or the least settled of its tasks: "open", "agreed" or
    "accepted"."""
    audit: bool

    @property
    def word(self) -> str:
        word = str(_WORDS.get(self.state, self.state))
        return _("%(state)s, audit") % {"state": word} if self.audit else word


@dataclass(frozen=True)
class Strip:
    columns: list[Column]
    slices_per_column: float
    measure: str
    """What the heights mean, in words; a share of the slice's voxels."""
    highest: float

    @property
    def rows(self) -> list[Column]:
        """The table twin, along z: columns with a task, and the twenty highest scores.

        Of many those that most need a look: what waits for masks, then the highest scores.
        """
        shown = self._told
        if len(shown) > MOST_ROWS:
            shown = sorted(shown, key=lambda c: (c.state != "open", -(c.error or 0.0)))[:MOST_ROWS]
        return sorted(shown, key=lambda c: c.z)

    @property
    def left_out(self) -> int:
        """Columns with a task that the table has no room for."""
        return max(0, len(self._told) - MOST_ROWS)

    @property
    def _told(self) -> list[Column]:
        scored = sorted((c for c in self.columns if c.error), key=lambda c: -(c.error or 0.0))
        top = {id(c) for c in scored[:20]}
        return [c for c in self.columns if c.state or id(c) in top]


def strip_of(
    cube: Cube,
    places: dict[int, dict[str, Any]],
    expected: Sequence[float] = (),
    labelled: Set[int] = frozenset(),
    most: int = COLUMNS,
) -> Strip:
    """``places``: {z: counts of tasks}; ``expected``: wrong voxels that the latest round was
    chosen by, slice by slice; ``labelled``: slices that came with training labels; ``most``:
    columns."""
    area = cube.shape[1] * cube.shape[2]
    scores = {z: wrong / area for z, wrong in enumerate(expected)}
    width = min(cube.depth, most)
    groups: list[list[int]] = [[] for _ in range(width)]
    for z in range(cube.depth):
        groups[z * width // cube.depth].append(z)
    columns = [_column(group, places, scores, labelled) for group in groups]
    return Strip(
        columns=columns,
        slices_per_column=cube.depth / width,
        measure="expected error",
        highest=max((c.error or 0.0 for c in columns), default=0.0),
    )


def _column(
    group: list[int],
    places: dict[int, dict[str, Any]],
    scores: dict[int, float],
    labelled: Set[int],
) -> Column:
    errors = [(scores[z], z) for z in group if z in scores]
    error, worst = max(errors, default=(None, group[0]))
    tasks = [places[z] for z in group if z in places]
    state = ""
    if tasks:
        worst = worst if worst in places else tasks[0]["z"]
        if any(t["open"] for t in tasks):
            state = "open"
        else:
            state = "accepted" if all(t["accepted"] for t in tasks) else "agreed"
    elif any(z in labelled for z in group):
        state = "labelled"
    return Column(z=worst, error=error, state=state, audit=any(t["audit"] for t in tasks))
