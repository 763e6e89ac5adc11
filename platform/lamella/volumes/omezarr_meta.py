"""OME-Zarr metadata, versions 0.4 (zarr 2) and 0.5 (zarr 3): written checked, read with leniency.

Lamella's own facts (intensity range, checksum, licence, citation) stand beside it in the group's
attributes under "lamella"; other tools ignore them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from lamella.volumes.errors import StoreError
from lamella.volumes.geometry import Level, VoxelSize

Version = Literal["0.4", "0.5"]
Kind = Literal["image", "label"]


@dataclass(frozen=True)
class CubeFacts:
    """What Lamella notes about a cube it wrote. The checksum may be empty: not computed."""

    kind: Kind
    checksum: str
    low: float | None = None
    high: float | None = None
    licence: str = ""
    citation: str = ""


@dataclass(frozen=True)
class FoundAxes:
    """The axes of a multiscale image: their names in order, and which of them are z, y and x."""

    names: tuple[str, ...]
    zyx: tuple[int, int, int]


def multiscale_attributes(
    name: str,
    levels: Sequence[Level],
    voxel_size: VoxelSize | None,
    facts: CubeFacts,
    *,
    version: Version,
    colours: Mapping[int, str] | None = None,
) -> dict[str, Any]:
    """All attributes of a finished image or label group, validated by the format's own models."""
    unit = {"unit": voxel_size.unit} if voxel_size and voxel_size.unit else {}
    multiscale = {
        "name": name,
        "axes": [{"name": axis, "type": "space", **unit} for axis in "zyx"],
        "datasets": [_dataset(level, voxel_size) for level in levels],
        "type": "mode" if facts.kind == "label" else "mean",
    }
    image: dict[str, Any] = {"multiscales": [multiscale]}
    if facts.kind == "label":
        image["image-label"] = {"version": version} if version == "0.4" else {}
        if colours:
            image["image-label"]["colors"] = [
                {"label-value": value, "rgba": _rgba(colour)} for value, colour in colours.items()
            ]
    own = {key: value for key, value in asdict(facts).items() if value not in (None, "")}
    if version == "0.4":
        multiscale["version"] = "0.4"
        _validate_04(image, facts.kind)
        return {**image, "lamella": own}
    image["version"] = "0.5"
    _validate_05(image, facts.kind)
    return {"ome": image, "lamella": own}


def find_multiscale(attributes: Mapping[str, Any], where: str) -> tuple[Version, dict[str, Any]]:
    """The version and the first multiscale of a group's attributes."""
    ome = attributes.get("ome")
    holder, version = (ome, "0.5") if isinstance(ome, Mapping) else (attributes, "0.4")
    found = holder.get("multiscales")
    if not isinstance(found, list) or not found or not isinstance(found[0], Mapping):
        raise StoreError(f"{where} is a zarr group, but not an OME-Zarr image.")
    return ("0.5" if version == "0.5" else "0.4"), dict(found[0])


def find_axes(multiscale: Mapping[str, Any], where: str) -> FoundAxes:
    """Which axes the image has; z, y and x must be among them."""
    axes = multiscale.get("axes") or []
    # Versions before 0.4 had plain strings; accepting them costs nothing.
    names = tuple(a if isinstance(a, str) else str(a.get("name")) for a in axes)
    if not {"z", "y", "x"} <= set(names) or len(set(names)) != len(names):
        raise StoreError(f"{where} has the axes {list(names)}; a cube needs z, y and x.")
    return FoundAxes(names, (names.index("z"), names.index("y"), names.index("x")))


def find_voxel_size(multiscale: Mapping[str, Any], axes: FoundAxes, where: str) -> VoxelSize | None:
    """The voxel size of the first level; None where neither a scale nor a unit is given."""
    scale = [1.0] * len(axes.names)
    try:
        datasets = multiscale["datasets"]
        for holder in (datasets[0], multiscale):
            for transform in holder.get("coordinateTransformations") or []:
                if transform.get("type") == "scale" and "scale" in transform:
                    pairs = zip(scale, transform["scale"], strict=True)
                    scale = [a * float(b) for a, b in pairs]
        units = [
            axis.get("unit") if isinstance(axis, Mapping) else None for axis in multiscale["axes"]
        ]
        zyx = [scale[i] for i in axes.zyx]
        found = [units[i] for i in axes.zyx]
        if found[0] is None and zyx == [1.0, 1.0, 1.0]:
            return None
        return _one_unit(zyx, found)
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise StoreError(
            f"The scale in the metadata of {where} makes no sense: {error}."
        ) from error


def find_facts(attributes: Mapping[str, Any]) -> CubeFacts | None:
    """Lamella's own facts, None for images from elsewhere."""
    own = attributes.get("lamella")
    if not isinstance(own, Mapping) or "kind" not in own:
        return None
    return CubeFacts(
        kind="label" if own.get("kind") == "label" else "image",
        checksum=str(own.get("checksum", "")),
        low=own.get("low"),
        high=own.get("high"),
        licence=str(own.get("licence", "")),
        citation=str(own.get("citation", "")),
    )


def _one_unit(zyx: Sequence[float], units: Sequence[str | None]) -> VoxelSize:
    sizes = [VoxelSize.of((side,) * 3, unit) for side, unit in zip(zyx, units, strict=True)]
    unit = sizes[1].unit
    if unit is None or any(size.unit is None for size in sizes):
        return VoxelSize(sizes[0].z, sizes[1].y, sizes[2].x, unit)
    z, y, x = (size.to(unit) for size in sizes)
    return VoxelSize(z.z, y.y, x.x, unit)


def _dataset(level: Level, voxel_size: VoxelSize | None) -> dict[str, Any]:
    size = voxel_size or VoxelSize(1.0, 1.0, 1.0)
    scale = [side * factor for side, factor in zip(size.zyx, level.factors, strict=True)]
    transforms: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
    if level.index:
        # The centre of a coarse voxel lies between those of the voxels it was made of.
        shift = [
            side * (factor - 1) / 2 for side, factor in zip(size.zyx, level.factors, strict=True)
        ]
        transforms.append({"type": "translation", "translation": shift})
    return {"path": str(level.index), "coordinateTransformations": transforms}


def _rgba(colour: str) -> list[int]:
    text = colour.removeprefix("#")
    return [int(text[i : i + 2], 16) for i in (0, 2, 4)] + [255]


def _validate_04(image: Mapping[str, Any], kind: Kind) -> None:
    # Imported here: the models take most of a second, and readers have no need of them.
    from ome_zarr_models.v04.image import ImageAttrs
    from ome_zarr_models.v04.image_label import ImageLabelAttrs

    (ImageLabelAttrs if kind == "label" else ImageAttrs).model_validate(dict(image))


def _validate_05(image: Mapping[str, Any], kind: Kind) -> None:
    from ome_zarr_models.v05.image import ImageAttrs
    from ome_zarr_models.v05.image_label import ImageLabelAttrs

    (ImageLabelAttrs if kind == "label" else ImageAttrs).model_validate(dict(image))
