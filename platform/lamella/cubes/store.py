"""Where volumes and other large files are kept, as the settings say."""

from pathlib import Path

from django.conf import settings

from lamella.cubes.models import Cube
from lamella.volumes.storage import Location


def location(key: str) -> Location:
    """The place of a key such as "cubes/3/image.zarr" below the store's root."""
    return Location(settings.STORE_URL, settings.STORE_OPTIONS) / key


def cube_location(cube: Cube) -> Location:
    """A managed cube's place in the store, or the address a registered one was found at."""
    return location(cube.uri) if cube.managed else outside(cube.uri)


def outside(url: str) -> Location:
    """A path or an address; the store's options (its keys) go to s3 and the store alone."""
    of_store = url.startswith(("s3://", str(settings.STORE_URL)))
    return Location(url, settings.STORE_OPTIONS if of_store else {})


def work_folder(name: str) -> Path:
    """A folder on this machine's disk for files on their way (checkpoints, uploads)."""
    path = Path(settings.DATA_DIR) / "work" / name
    path.mkdir(parents=True, exist_ok=True)
    return path
