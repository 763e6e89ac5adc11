"""Opening cubes and label volumes for reading; readers of ready volumes are kept open."""

from functools import lru_cache

from lamella.cubes.models import Cube, Labels
from lamella.cubes.store import cube_location, location, outside
from lamella.volumes.omezarr_read import CubeReader, open_cube


@lru_cache(maxsize=64)
def _open(url: str, channel: int = 0) -> CubeReader:
    return open_cube(outside(url), channel=channel)


def reader_of(cube: Cube) -> CubeReader:
    """The cube's image; a channel of it where the cube was registered with several."""
    channel = 0 if cube.managed else int(cube.source.get("channel") or 0)
    return _open(cube_location(cube).url, channel)


def labels_reader_of(labels: Labels) -> CubeReader:
    return _open(location(labels.uri).url)
