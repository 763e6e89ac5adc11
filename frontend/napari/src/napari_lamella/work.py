"""What takes long: connecting, opening, copying, sending.

Plain functions, to run off the viewer's thread; each reports its progress and can be stopped
between steps.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels, Layer
from numpy.typing import NDArray

from napari_lamella.client import Client
from napari_lamella.edits import (
    Origin,
    SliceChoice,
    as_study_labels,
    check_fits,
    chosen_slices,
    fingerprint,
    format_slices,
    write_tiff,
)
from napari_lamella.errors import LamellaError
from napari_lamella.layers import METADATA_KEY, labels_spec, layers_for, open_labels
from napari_lamella.progress import Progress, Report, silent
from napari_lamella.records import Cube, LabelsRole, SentLabels, Study

# Larger copies are edited in a file that the system pages in and out.
MEMORY_BYTES = 2 * 2**30
POLL_SECONDS = 1.0
PATIENCE_SECONDS = 600.0


@dataclass(frozen=True)
class Sending:
    """What a person chose to send.

    volume: (Z, Y, X) labels; origin: what they were made from, None for a layer of their own.
    """

    cube: Cube
    volume: NDArray[Any]
    origin: Origin | None
    role: LabelsRole
    name: str
    choice: SliceChoice
    listed: str = ""


def connect(server: str, token: str, report: Report = silent) -> tuple[Client, list[Study]]:
    """A client that works, and the studies it sees."""
    client = Client(server, token)
    report(Progress(f"Connecting to {client.server}"))
    return client, client.studies()


def open_cube(client: Client, cube: Cube, report: Report = silent) -> list[Layer]:
    """The layers of a cube, made and with their first slice read, ready to be added."""
    specs = layers_for(cube, client, report)
    layers = []
    for done, spec in enumerate(specs):
        report(Progress(f"Reading {spec.name}", done, len(specs)))
        layers.append(spec.create())
    return layers


def edit_copy(client: Client, cube: Cube, source: str | None, report: Report = silent) -> Layer:
    """An editable layer at full resolution: a copy of the labels at `source`, or empty (None).

    The layer remembers its cube and what each slice was (see `origin_of`).
    """
    volume = blank(cube.shape, np.dtype(cube.label_dtype))
    if source is None:
        fingerprints = [fingerprint(volume[0])] * cube.shape[0]
    else:
        full = open_labels(client, cube, source, "labels").levels[0]
        fingerprints = []
        for z in range(cube.shape[0]):
            report(Progress(f"Copying the labels of {cube.name}", z, cube.shape[0]))
            volume[z] = as_study_labels(np.asarray(full[z]), cube, z)
            fingerprints.append(fingerprint(volume[z]))
    origin = Origin(cube_id=cube.id, fingerprints=tuple(fingerprints))
    return labels_spec(cube, [volume], "my labels", metadata={METADATA_KEY: origin}).create()


def origin_of(layer: Labels) -> Origin | None:
    """What the layer was made from, where `edit_copy` made it."""
    origin = layer.metadata.get(METADATA_KEY)
    return origin if isinstance(origin, Origin) else None


def send(
    client: Client,
    sending: Sending,
    report: Report = silent,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Send labels and wait until the server has read them. Returns a sentence that says so.

    Raises LamellaError where they do not fit, where no slice is chosen, or with the server's
    reason where it could not read them.
    """
    cube, volume = sending.cube, sending.volume
    if sending.origin is not None and sending.origin.cube_id != cube.id:
        raise LamellaError(
            f"This layer was made for another cube than {cube.name}; open its own cube first."
        )
    if not sending.name.strip():
        raise LamellaError("Give the labels a name, by which the study can tell them apart.")
    check_fits(volume, cube)
    report(Progress("Looking for edited slices"))
    slices = chosen_slices(sending.choice, volume, origin=sending.origin, listed=sending.listed)
    with tempfile.TemporaryDirectory(prefix="lamella-") as folder:
        tiff = Path(folder) / "labels.ome.tif"
        write_tiff(tiff, volume, cube, slices=slices, report=report)
        sent = client.send_labels(
            cube.id,
            tiff,
            role=sending.role,
            name=sending.name.strip(),
            slices=slices,
            report=report,
        )
    sent = wait_until_settled(client, sent, report, pause=pause)
    what = "all slices" if slices is None else f"slices {format_slices(slices)}"
    if not sent.settled:
        return f"Labels of {cube.name} ({what}) arrived; the server is still reading them."
    return f"Labels of {cube.name} ({what}) are on the server, as {sending.role}."


def wait_until_settled(
    client: Client,
    sent: SentLabels,
    report: Report = silent,
    *,
    pause: Callable[[float], None] = time.sleep,
) -> SentLabels:
    """Ask about sent labels until the server has read them, or patience ends.

    Raises LamellaError with the server's reason where it could not read them.
    """
    for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
        if sent.settled:
            break
        report(Progress("The server reads the labels"))
        pause(POLL_SECONDS)
        sent = client.labels(sent.id)
    if sent.state == "failed":
        raise LamellaError(
            sent.error or "The server could not read the labels; ask the manager of the study."
        )
    return sent


def blank(shape: tuple[int, int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Zeros to draw in: in memory, or in a temporary file where they are large."""
    if int(np.prod(shape, dtype=np.int64)) * dtype.itemsize <= MEMORY_BYTES:
        return np.zeros(shape, dtype)
    # The map keeps the nameless file alive, and the file goes with it.
    with tempfile.TemporaryFile(prefix="lamella-") as file:
        return np.memmap(file, dtype=dtype, mode="w+", shape=shape)
