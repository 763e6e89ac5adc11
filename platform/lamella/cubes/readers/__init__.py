"""Readers: every format that a cube or labels can come in, behind one `VolumeSource`. No Django."""

from lamella.cubes.readers.allowed import check_path, check_url
from lamella.cubes.readers.base import Limits, SourceError, VolumeSource
from lamella.cubes.readers.preview import Preview, preview
from lamella.cubes.readers.registry import open_source

__all__ = [
    "Limits",
    "Preview",
    "SourceError",
    "VolumeSource",
    "check_path",
    "check_url",
    "open_source",
    "preview",
]
