"""Layer descriptions for napari: what is shown of a cube, and how. No Qt, no viewer."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import zarr
from napari.layers import Image, Labels, Layer
from napari.utils.colormaps import Colormap

from napari_lamella.client import Client
from napari_lamella.errors import LamellaError
from napari_lamella.lazy import LazyArray
from napari_lamella.omezarr import Pyramid, intensity_range, open_node, open_pyramid
from napari_lamella.progress import Progress, Report, silent
from napari_lamella.records import Cube, LabelClass

# Where a label layer holds a value that is no class, and where somebody was unsure.
OTHER_COLOR = "#CC79A7"
UNSURE_COLOR = "#999999"
# Doubtful patches glow, the others add nothing. The discriminator's scores say how real a patch
# looks, so there the low values glow; of entropy and the like, the high ones.
GLOW, NOTHING = [1.0, 0.25, 0.1, 1.0], [0.0, 0.0, 0.0, 1.0]
REALNESS = Colormap([GLOW, NOTHING], name="realness")
DOUBT = Colormap([NOTHING, GLOW], name="doubt")
REALNESS_SCORES = "discriminator"
SCORES_OPACITY = 0.5
LABELS_OPACITY = 0.5
# Units that napari (pint) knows by these names; others are shown in voxels.
UNITS = frozenset({"angstrom", "nanometer", "micrometer", "millimeter", "centimeter", "meter"})
METADATA_KEY = "lamella"


@dataclass(frozen=True)
class LayerSpec:
    """A layer to be: its kind, its data (one array, or levels), and napari's options."""

    kind: Literal["image", "labels"]
    data: LazyArray | list[LazyArray] | Any
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.options["name"])

    def create(self) -> Layer:
        """Make the napari layer. It reads a coarse slice, so call it off the main thread."""
        if self.kind == "image":
            return Image(self.data, **self.options)
        layer = Labels(self.data, **self.options)
        # What lies on the server never changes; a copy of it may be edited.
        layer.editable = isinstance(self.data, np.ndarray)
        return layer


def layers_for(cube: Cube, client: Client, report: Report = silent) -> list[LayerSpec]:
    """Image, proposal, patch scores and consensus of a cube, as far as they exist.

    Reads metadata, and for the intensity range at most a few coarse slices; every other value
    is read when it is looked at. Raises LamellaError.
    """
    if cube.image is None or not cube.ready:
        raise LamellaError(f"The cube {cube.name} is {cube.state}; it can be opened once ready.")
    report(Progress(f"Opening {cube.name}"))
    image = open_pyramid(client.store(cube.image), f"the image of {cube.name}")
    _check_shape(image, cube, "image")
    specs = [_image(cube, image)]
    for what, url in (("proposal", cube.proposal), ("consensus", cube.consensus)):
        if url is not None:
            report(Progress(f"Opening the {what} of {cube.name}"))
            labels = open_labels(client, cube, url, what)
            specs.append(labels_spec(cube, list(labels.levels), what))
    if cube.patch_scores is not None:
        report(Progress(f"Opening the patch scores of {cube.name}"))
        specs.append(_scores(cube, client, cube.patch_scores))
    return specs


def open_labels(client: Client, cube: Cube, url: str, what: str) -> Pyramid:
    """Open a label image of the cube, metadata only. Raises LamellaError."""
    labels = open_pyramid(client.store(url), f"the {what} of {cube.name}")
    _check_shape(labels, cube, what)
    return labels


def labels_spec(cube: Cube, levels: list[Any], what: str, **options: Any) -> LayerSpec:
    """A labels layer of the cube's shape, in the study's colours.

    8-bit labels are classes. Wider ones are object ids: each gets a colour of its own.
    """
    if cube.label_dtype == "uint8":
        options["colormap"] = class_colors(cube.classes)
    return LayerSpec(
        kind="labels",
        data=levels if len(levels) > 1 else levels[0],
        options={
            "name": f"{cube.name} {what}",
            "multiscale": len(levels) > 1,
            "opacity": LABELS_OPACITY,
            **geometry(cube),
            **options,
        },
    )


def class_colors(classes: tuple[LabelClass, ...]) -> dict[int | None, str]:
    """Colour by value for 8-bit labels: the classes, unsure (255), and anything else (None)."""
    colors: dict[int | None, str] = {None: OTHER_COLOR, 0: "transparent", 255: UNSURE_COLOR}
    return colors | {part.value: part.color for part in classes}


def geometry(cube: Cube, *, extra_axes: int = 0) -> dict[str, Any]:
    """napari's scale, units and axis labels; leading axes (channels) count in pixels."""
    unit = cube.unit if cube.unit in UNITS else "pixel"
    return {
        "scale": (1.0,) * extra_axes + cube.voxel_size,
        "units": ("pixel",) * extra_axes + (unit,) * 3,
        "axis_labels": (*(f"axis {n}" for n in range(extra_axes)), "z", "y", "x"),
    }


def _image(cube: Cube, pyramid: Pyramid) -> LayerSpec:
    many = len(pyramid.levels) > 1
    return LayerSpec(
        kind="image",
        data=list(pyramid.levels) if many else pyramid.levels[0],
        options={
            "name": cube.name,
            "multiscale": many,
            "contrast_limits": intensity_range(pyramid),
            "colormap": "gray",
            "metadata": {METADATA_KEY: cube.id},
            **geometry(cube, extra_axes=pyramid.extra_axes),
        },
    )


def _scores(cube: Cube, client: Client, url: str) -> LayerSpec:
    """Patch scores (Z, PY, PX): each value covers a square of `patch` pixels of its slice."""
    what = f"the patch scores of {cube.name}"
    array = open_node(client.store(url), what)
    try:
        patch = float(array.attrs["patch"])  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError) as fault:
        raise LamellaError(f"The server does not say how large {what} are; update it.") from fault
    if not isinstance(array, zarr.Array) or array.ndim != 3:
        raise LamellaError(f"The server gives {what} in a form that this plugin does not know.")
    is_realness = url.rstrip("/").rsplit("/", 1)[-1].startswith(REALNESS_SCORES)
    dz, dy, dx = cube.voxel_size
    shift = (patch - 1) / 2  # napari places pixel centres
    return LayerSpec(
        kind="image",
        data=LazyArray(array),
        options={
            "name": f"{cube.name} patch scores",
            "contrast_limits": (0.0, 1.0),
            "colormap": REALNESS if is_realness else DOUBT,
            "blending": "additive",
            "opacity": SCORES_OPACITY,
            "interpolation2d": "nearest",
            "visible": False,  # it tints the image; a person switches it on
            "translate": (0.0, dy * shift, dx * shift),
            **geometry(cube) | {"scale": (dz, dy * patch, dx * patch)},
        },
    )


def _check_shape(pyramid: Pyramid, cube: Cube, what: str) -> None:
    shape = pyramid.levels[0].shape[-3:]
    if shape != cube.shape:
        raise LamellaError(
            f"The {what} of {cube.name} has the shape {shape}, not the cube's {cube.shape}; "
            "tell the manager of the study."
        )
