"""What the plugin needs of OME-Zarr 0.4 and 0.5: levels, axes, unit-free geometry, window."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import zarr
from zarr.abc.store import Store
from zarr.errors import BaseZarrError

from napari_lamella.errors import LamellaError
from napari_lamella.lazy import LazyArray

# Slices looked at for the intensity range, where the file records none.
SAMPLED_SLICES = 5
LOW_PERCENTILE, HIGH_PERCENTILE = 0.5, 99.8


@dataclass(frozen=True)
class Pyramid:
    """A multiscale image.

    levels: from full resolution to the coarsest, axes (..., Z, Y, X); leading axes of length 1
        are dropped, longer ones (channels, time) stay.
    window: intensity range to show, as the metadata record it; None where they do not.
    """

    levels: tuple[LazyArray, ...]
    window: tuple[float, float] | None

    @property
    def extra_axes(self) -> int:
        return self.levels[0].ndim - 3


def open_node(store: Store, what: str) -> zarr.Group | zarr.Array[Any]:
    """The group or array at the store's root, metadata only.

    Raises LamellaError where there is none; what the store raises passes through.
    """
    try:
        return zarr.open(store=store, mode="r")
    except (BaseZarrError, FileNotFoundError, ValueError, KeyError) as fault:
        raise LamellaError(
            f"The server has no readable Zarr for {what}; tell the manager of the study."
        ) from fault


def open_pyramid(store: Store, what: str) -> Pyramid:
    """Open an OME-Zarr image or label image; reads metadata only.

    what: for the error, e.g. "the image of liver-3".
    Raises LamellaError where it is not a multiscale image whose last axes are z, y, x.
    """
    group = open_node(store, what)
    attributes: dict[str, Any] = dict(group.attrs)
    ome = attributes.get("ome", attributes)
    try:
        multiscale = ome["multiscales"][0]
        axes = [str(axis["name"]) for axis in multiscale["axes"]]
        arrays = [_array(group, dataset["path"]) for dataset in multiscale["datasets"]]
    except (BaseZarrError, KeyError, IndexError, TypeError) as fault:
        raise LamellaError(
            f"The Zarr for {what} is not an OME-Zarr image; tell the manager of the study."
        ) from fault
    if axes[-3:] != ["z", "y", "x"] or not arrays:
        raise LamellaError(
            f"The axes of {what} are {' '.join(axes)}; this plugin shows images whose last axes "
            "are z y x."
        )
    lead = tuple(0 if size == 1 else slice(None) for size in arrays[0].shape[:-3])
    levels = tuple(LazyArray(array)[lead] for array in arrays)
    return Pyramid(levels=levels, window=_recorded_window(attributes))


def _array(group: zarr.Group | zarr.Array[Any], path: str) -> zarr.Array[Any]:
    member = group[path] if isinstance(group, zarr.Group) else group
    if not isinstance(member, zarr.Array):
        raise TypeError(f"{path} is not an array")
    return member


def intensity_range(pyramid: Pyramid) -> tuple[float, float]:
    """The range to show: as recorded, or percentiles of a few slices of the coarsest level."""
    if pyramid.window is not None:
        return pyramid.window
    coarsest = pyramid.levels[-1]
    depth = coarsest.shape[-3]
    picked = sorted({round(z) for z in np.linspace(0, depth - 1, SAMPLED_SLICES + 2)[1:-1]})
    values = np.stack([np.asarray(coarsest[..., z, :, :]) for z in picked])
    low, high = np.percentile(values, (LOW_PERCENTILE, HIGH_PERCENTILE))
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def _recorded_window(attributes: Mapping[str, Any]) -> tuple[float, float] | None:
    """What Lamella noted when it wrote the image, or what another tool wrote for viewers."""
    ome = attributes.get("ome", attributes)
    for read in (_own_window, _omero_window):
        try:
            low, high = map(float, read(attributes, ome))
        except (KeyError, IndexError, TypeError, ValueError):
            continue
        if high > low:
            return (low, high)
    return None


def _own_window(attributes: Mapping[str, Any], ome: Mapping[str, Any]) -> tuple[Any, Any]:
    own = attributes["lamella"]
    return (own["low"], own["high"])


def _omero_window(attributes: Mapping[str, Any], ome: Mapping[str, Any]) -> tuple[Any, Any]:
    window = ome["omero"]["channels"][0]["window"]
    return (window["start"], window["end"])
