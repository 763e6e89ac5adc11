"""Consensus of marks as tables in Parquet, written block by block."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lamella.volumes import codec
from models.crowd.aggregator import CrowdResult
from models.crowd.marks import Found
from models.crowd.skills import Tally, estimate

BLOCK = 50_000
"""Rows that are kept in memory before they are written."""

OBJECTS = pa.schema(
    [
        ("image", pa.string()),
        ("class", pa.string()),
        ("y", pa.float64()),
        ("x", pa.float64()),
        ("height", pa.float64()),
        ("width", pa.float64()),
        ("area", pa.int64()),
        ("marked", pa.int32()),
        ("looked", pa.int32()),
        ("false_positive", pa.float64()),
    ]
)
IMAGES = pa.schema(
    [
        ("image", pa.string()),
        ("looked", pa.int32()),
        ("objects", pa.int32()),
        ("expected_error", pa.float64()),
        ("height", pa.int32()),
        ("width", pa.int32()),
        ("mask", pa.binary()),  # packed by the mask codec; empty where there are points alone
    ]
)
SKILLS = pa.schema(
    [
        ("volunteer", pa.string()),
        ("tasks", pa.float64()),
        ("hit", pa.float64()),
        ("false_alarm", pa.float64()),
        ("spread", pa.float64()),
        ("edge", pa.float64()),
    ]
)


class _Writer:
    """Rows to a Parquet file, a block at a time."""

    def __init__(self, path: Path, schema: Any) -> None:
        self._file = pq.ParquetWriter(path, schema)
        self._schema = schema
        self._rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        self._rows.append(row)
        if len(self._rows) >= BLOCK:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._rows = []


class Catalogue:
    """The tables ``catalogue`` and ``consensus`` of a folder; `likely` counts the objects that are
    likelier there than not."""

    def __init__(self, folder: Path, images: Sequence[str], kinds: Sequence[str]) -> None:
        self._images, self._kinds = images, kinds
        self._objects = _Writer(folder / "catalogue.parquet", OBJECTS)
        self._agreed = _Writer(folder / "consensus.parquet", IMAGES)
        self.likely = 0

    def __enter__(self) -> "Catalogue":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._objects.close()
        self._agreed.close()

    def add_marks(self, found: Found) -> None:
        """The objects of one image that points or boxes mark."""
        name = self._images[found.image]
        for k in range(len(found.kind)):
            self._objects.add(
                {
                    "image": name,
                    "class": self._kinds[int(found.kind[k])],
                    "y": float(found.centre[k, 0]),
                    "x": float(found.centre[k, 1]),
                    "height": float(found.size[k, 0]),
                    "width": float(found.size[k, 1]),
                    "marked": int(found.marked[k]),
                    "looked": found.looked,
                    "false_positive": float(found.false_positive[k]),
                }
            )
        likely = int((found.false_positive < 0.5).sum())
        self.likely += likely
        self._agreed.add({"image": name, "looked": found.looked, "objects": likely})

    def add_mask(self, image: int, result: CrowdResult) -> None:
        """The agreed mask of one image and its objects."""
        name = self._images[image]
        for item in result.objects:
            self._objects.add(
                {
                    "image": name,
                    "class": self._kinds[item.value - 1],
                    "y": item.y,
                    "x": item.x,
                    "area": item.area,
                    "marked": item.drawn,
                    "looked": result.views,
                    "false_positive": item.false_positive,
                }
            )
        likely = sum(item.false_positive < 0.5 for item in result.objects)
        self.likely += likely
        self._agreed.add(
            {
                "image": name,
                "looked": result.views,
                "objects": likely,
                "expected_error": result.risk,
                "height": result.mask.shape[0],
                "width": result.mask.shape[1],
                "mask": codec.pack(result.mask),
            }
        )


def write_skills(folder: Path, tallies: Iterable[tuple[str, Tally]]) -> None:
    """One row a volunteer; what points and lines say of the same one is added up."""
    total: dict[str, Tally] = defaultdict(Tally)
    for name, tally in tallies:
        total[name] += tally
    writer = _Writer(folder / "skills.parquet", SKILLS)
    for name, tally in total.items():
        skill = estimate(tally)
        writer.add(
            {
                "volunteer": name,
                "tasks": skill.weight,
                "hit": skill.hit,
                "false_alarm": skill.false_alarm,
                "spread": skill.spread,
                "edge": skill.edge,
            }
        )
    writer.close()
