"""From a voxel of an export to everything behind it, with the provenance document alone.

docs/export-provenance.md tells the same steps in words, for other languages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Trace:
    """``origin``: "consensus", "labels", "proposal" or "nothing" (background, for nothing was
    proposed). ``z``: the slice that the value was taken from; another one where the voxel was
    settled by its neighbours. The rest is None or empty where it plays no part."""

    origin: str
    z: int
    region: Row | None = None
    consensus: Row | None = None
    corrections: tuple[Row, ...] = ()
    labels: Row | None = None
    proposal: Row | None = None
    model_version: Row | None = None
    training_run: Row | None = None


def trace(document: Row, z: int, y: int, x: int) -> Trace:
    """What the voxel (z, y, x) rests on. Raises IndexError outside of the export."""
    depth, height, width = document["export"]["shape"]
    if not (0 <= z < depth and 0 <= y < height and 0 <= x < width):
        raise IndexError(f"The export has no voxel {(z, y, x)}.")
    for slice_ in document["settled"]:
        # It took the value that both neighbours have; the one before stands for them.
        if slice_["z"] == z and _holds(slice_["runs"], y * width + x):
            z -= 1
            break
    region = _region_at(document["regions"], z, y, x)
    if region is None:
        if document["proposal"] is None:
            return Trace("nothing", z)
        return Trace("proposal", z, **_proposal(document, document["proposal"]))
    if region["kind"] == "labels":
        return Trace("labels", z, region, labels=document["labels"][str(region["id"])])
    consensus = document["consensus"][str(region["id"])]
    return Trace(
        "consensus",
        z,
        region,
        consensus,
        tuple(document["corrections"][key] for key in consensus["corrections"]),
        **_proposal(document, consensus["proposal"]),
    )


def _region_at(regions: Sequence[Row], z: int, y: int, x: int) -> Row | None:
    """The region whose value shows; later ones cover earlier ones, unsure voxels show through."""
    for region in reversed(regions):
        row, column = y - region["y0"], x - region["x0"]
        if (
            region["z"] == z
            and 0 <= row < region["height"]
            and 0 <= column < region["width"]
            and not _holds(region["unsure"], row * region["width"] + column)
        ):
            return region
    return None


def _holds(runs: Sequence[Sequence[int]], place: int) -> bool:
    return any(start <= place < start + length for start, length in runs)


def _proposal(document: Row, key: int | None) -> dict[str, Any]:
    if key is None:
        return {}
    proposal = document["proposals"][str(key)]
    version = document["model_versions"][str(proposal["model_version"])]
    run, labels = version["training_run"], version["labels"]
    return {
        "proposal": proposal,
        "model_version": version,
        "training_run": None if run is None else document["training_runs"][str(run)],
        "labels": None if labels is None else document["labels"][str(labels)],
    }
