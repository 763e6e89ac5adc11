"""Marks from a table: one row a mark, or one row a classification with its marks as JSON."""

import json
import math
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from models.crowd.marks import Marks
from models.crowd.rows import RowError, header_of, rows_of

IMAGE = ("subject_id", "subject_ids", "subject", "image", "image_id")
PERSON = ("user_name", "user_id", "volunteer", "user")
CLASS = ("label", "tool_label", "tool", "class")


class TableError(Exception):
    """The table as a whole cannot be read; the text says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A closed line: image and person by index, class, and its points (n, 2) x, y in pixels."""

    image: int
    person: int
    kind: int
    points: tuple[tuple[float, float], ...]


@dataclass(slots=True)
class Table:
    """What was read. Names by index; `size` height and width of images that tell it; `broken` a
    sentence for each row or mark that was left out."""

    images: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)
    outlines: list[Outline] = field(default_factory=list)
    size: dict[int, tuple[int, int]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    _looks: dict[tuple[int, int, str], int] = field(default_factory=dict)
    _look: "array[int]" = field(default_factory=lambda: array("q"))
    _kind: "array[int]" = field(default_factory=lambda: array("i"))
    _place: "array[float]" = field(default_factory=lambda: array("f"))

    def look(self, image: int, person: int, key: str = "") -> int:
        """The index of somebody's look at an image."""
        return self._looks.setdefault((image, person, key), len(self._looks))

    def put(self, look: int, kind: int, x: float, y: float, w: float = 0, h: float = 0) -> None:
        """One point, or one box by its middle."""
        self._look.append(look)
        self._kind.append(kind)
        self._place.extend((y, x, h, w))

    @property
    def points(self) -> int:
        return len(self._look)

    def looks(self) -> Iterator[tuple[int, int]]:
        """(image, person) of each look."""
        for image, person, _ in self._looks:
            yield image, person

    def marks(self) -> Marks:
        """Points and boxes, ordered by image."""
        looks = np.array([(i, p) for i, p, _ in self._looks], dtype=np.int64).reshape(-1, 2)
        order = np.argsort(looks[:, 0], kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        look = rank[np.frombuffer(self._look, dtype=np.int64)] if self._look else np.empty(0, int)
        by_look = np.argsort(look, kind="stable")
        place = np.frombuffer(self._place, dtype=np.float32).reshape(-1, 4)[by_look]
        image = looks[order, 0]
        every = np.arange(len(self.images) + 1)
        return Marks(
            looks=np.searchsorted(image, every),
            person=looks[order, 1].astype(np.int32),
            starts=np.searchsorted(image[look[by_look]], every),
            look=look[by_look],
            kind=np.frombuffer(self._kind, dtype=np.int32)[by_look].astype(np.int16),
            centre=place[:, :2],
            size=place[:, 2:],
        )


def read(path: Path, progress: Callable[[int], None] = lambda done: None) -> Table:
    """The marks of a CSV file.

    With a column `annotations` a row is a classification of a Zooniverse export: points, boxes,
    freehand lines and polygons. Else a row is a mark with x and y (and width and height for a box);
    both empty say that somebody looked and marked nothing. Image and volunteer are columns named as
    in IMAGE and PERSON, the class as in CLASS. A row that cannot be read is left out, and `broken`
    says which and why. progress is given the bytes read so far. Raises TableError.
    """
    table = Table()
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        read_so_far = 0

        def lines() -> Iterator[str]:
            nonlocal read_so_far
            for line in file:
                read_so_far += len(line)
                yield line

        given = lines()
        names = header_of(given)
        image, person = _column(path, names, IMAGE), _column(path, names, PERSON)
        one = _classification if "annotations" in names else _mark
        if one is _mark and not {"x", "y"} <= set(names):
            raise TableError(f"{path.name} has neither columns x and y nor annotations.")
        kind = next((c for c in CLASS if c in names), "")
        for number, row in rows_of(given, names):
            try:
                if isinstance(row, RowError):
                    raise row
                if not row[image] or not row[person]:
                    raise ValueError("it names no image or no volunteer")
                at = table.images.setdefault(row[image] or "", len(table.images))
                who = table.people.setdefault(row[person] or "", len(table.people))
                one(table, row, at, who, kind, number)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                table.broken.append(f"Row {number} of {path.name} was left out: {_why(error)}.")
            if number % 1000 == 0:
                progress(read_so_far)
    if not table.images:
        raise TableError(f"{path.name} holds no marks; check that it is the right file.")
    return table


def _column(path: Path, names: Any, wanted: tuple[str, ...]) -> str:
    for name in wanted:
        if name in names:
            return name
    raise TableError(f"{path.name} has no column {' or '.join(wanted)}; rename the one meant.")


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return "its annotations are not valid JSON"
    if isinstance(error, KeyError):
        return f"{error} is missing"
    if isinstance(error, ValueError):
        return str(error)
    return "its annotations have another form than an export's"


def _mark(
    table: Table, row: Mapping[str, Any], image: int, person: int, kind: str, number: int
) -> None:
    if row["x"] is None or row["y"] is None:
        raise ValueError("it names no place")
    x, y = row["x"].strip(), row["y"].strip()
    if not x and not y:
        table.look(image, person)
        return
    place = {"x": x, "y": y, "width": row.get("width") or 0, "height": row.get("height") or 0}
    values = [_number(place, name) for name in place]
    name = str(row.get(kind) or "")
    if min(values) < 0:
        raise ValueError("it lies outside the image")
    look = table.look(image, person)
    table.put(look, table.kinds.setdefault(name, len(table.kinds)), *values)


def _classification(
    table: Table, row: Mapping[str, Any], image: int, person: int, kind: str, number: int
) -> None:
    annotations = json.loads(row["annotations"])
    size = _size(row)
    if size is not None:
        table.size.setdefault(image, size)
    look = table.look(image, person)
    for task in annotations:
        values = task["value"]
        for mark in values if isinstance(values, list) else []:
            if not isinstance(mark, dict):
                continue
            name = str(next((mark[c] for c in ("tool_label", "tool") if mark.get(c)), ""))
            of_kind = table.kinds.setdefault(name, len(table.kinds))
            try:
                _drawn(table, mark, look, image, person, of_kind, size)
            except (ValueError, KeyError) as error:
                table.broken.append(f"A mark in row {number} was left out: {_why(error)}.")


def _drawn(
    table: Table,
    mark: Mapping[str, Any],
    look: int,
    image: int,
    person: int,
    kind: int,
    size: tuple[int, int] | None,
) -> None:
    if "pathX" in mark or "points" in mark:
        given: Any = (
            zip(mark["pathX"], mark["pathY"], strict=True)
            if "pathX" in mark
            else ((p["x"], p["y"]) for p in mark["points"])
        )
        points = tuple((float(x), float(y)) for x, y in given)
        if len(points) < 3:
            raise ValueError("a closed line needs three points")
        if not all(math.isfinite(v) for p in points for v in p):
            raise ValueError("a coordinate is no number")
        table.outlines.append(Outline(image, person, kind, points))
        return
    corner = "x_center" not in mark
    x = _number(mark, "x" if corner else "x_center")
    y = _number(mark, "y" if corner else "y_center")
    w, h = (_number(mark, name) if name in mark else 0.0 for name in ("width", "height"))
    if corner:
        x, y = x + w / 2, y + h / 2
    if min(x, y) < 0 or (size is not None and (y > size[0] or x > size[1])):
        raise ValueError("it lies outside the image")
    table.put(look, kind, x, y, w, h)


def _number(place: Mapping[str, Any], name: str) -> float:
    try:
        value = float(place[name])
    except (TypeError, ValueError):
        raise ValueError(f"{name} is “{place[name]}”, which is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{name} is “{place[name]}”, which is no number")
    return value


def _size(row: Mapping[str, Any]) -> tuple[int, int] | None:
    """Height and width that the browser saw, where the row tells them."""
    try:
        seen = json.loads(row.get("metadata") or "{}")["subject_dimensions"][0]
        height, width = int(seen["naturalHeight"]), int(seen["naturalWidth"])
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return (height, width) if 0 < height <= 16384 and 0 < width <= 16384 else None
