"""What the server tells about studies, cubes and labels, checked on arrival."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

from napari_lamella.errors import LamellaError

LabelDtype = Literal["uint8", "uint16", "uint32"]
LabelsRole = Literal["gold", "training", "test", "external"]

# Who may send labels volumes; the server has the last word.
SENDING_ROLES = frozenset({"manager", "admin"})


@dataclass(frozen=True)
class LabelClass:
    """A class of things that are marked: its value in the labels, and its colour (#RRGGBB)."""

    value: int
    name: str
    color: str


@dataclass(frozen=True)
class Study:
    slug: str
    title: str
    question: str
    state: str
    role: str

    @property
    def may_send(self) -> bool:
        return self.role in SENDING_ROLES


@dataclass(frozen=True)
class Cube:
    """A cube of a study. Shape and voxel size are (z, y, x); unit is "" where unknown.

    The addresses are absolute; None where there is nothing yet.
    """

    id: str
    name: str
    state: str
    shape: tuple[int, int, int]
    voxel_size: tuple[float, float, float]
    unit: str
    classes: tuple[LabelClass, ...]
    label_dtype: LabelDtype
    image: str | None
    proposal: str | None
    patch_scores: str | None
    consensus: str | None

    @property
    def ready(self) -> bool:
        return self.state == "ready" and self.image is not None


@dataclass(frozen=True)
class SentLabels:
    """A labels volume on the server: waiting, ingesting, ready or failed (then error says why)."""

    id: str
    state: str
    error: str

    @property
    def settled(self) -> bool:
        return self.state in ("ready", "failed")


def read_study(row: Mapping[str, Any]) -> Study:
    with _understanding("studies"):
        return Study(
            slug=str(row["slug"]),
            title=str(row["title"]),
            question=str(row.get("question") or ""),
            state=str(row.get("state") or ""),
            role=str(row.get("role") or ""),
        )


def read_cube(row: Mapping[str, Any]) -> Cube:
    with _understanding("cubes"):
        dtype = row["label_dtype"]
        if dtype not in get_args(LabelDtype):
            raise ValueError(dtype)
        return Cube(
            id=str(row["id"]),
            name=str(row["name"]),
            state=str(row["state"]),
            # A cube that is still being read has no shape yet.
            shape=_triple(int(n) for n in row.get("shape") or (0, 0, 0)),
            voxel_size=_triple(float(n) for n in row.get("voxel_size") or (1, 1, 1)),
            unit=str(row.get("unit") or ""),
            classes=tuple(
                LabelClass(int(part["value"]), str(part["name"]), str(part["color"]))
                for part in row["classes"]
            ),
            label_dtype=dtype,
            image=row.get("image"),
            proposal=row.get("proposal"),
            patch_scores=row.get("patch_scores"),
            consensus=row.get("consensus"),
        )


def read_sent(row: Mapping[str, Any]) -> SentLabels:
    with _understanding("labels"):
        return SentLabels(
            id=str(row["id"]), state=str(row["state"]), error=str(row.get("error") or "")
        )


def _triple(values: Any) -> tuple[Any, Any, Any]:
    z, y, x = values
    return (z, y, x)


@contextmanager
def _understanding(what: str) -> Iterator[None]:
    """Turns a missing or odd field into one sentence."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as fault:
        raise LamellaError(
            f"The server's answer about {what} was not understood; the plugin and the server may "
            "be of different versions, so update the older one."
        ) from fault
