"""Cubes at an address: read in place over HTTP."""

import functools
import http.server
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lamella.cubes.readers import SourceError, open_source
from lamella.volumes.errors import StoreError
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.omezarr_meta import CubeFacts, Version
from lamella.volumes.omezarr_read import open_cube
from lamella.volumes.omezarr_write import write_image


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files with byte ranges, as object stores serve them; /moved leads on to the rest."""

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.end_headers()
            return
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        size = len(data)
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if asked:
            first, last = asked.groups()
            start = int(first) if first else size - int(last)
            stop = int(last) + 1 if first and last else size
            data = data[start:stop]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{start + len(data) - 1}/{size}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(Handler, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_cube_at_an_address_is_read_in_place(
    tmp_path: Path, address: str, version: Version
) -> None:
    data = np.random.default_rng(0).integers(0, 255, (5, 60, 70)).astype(np.uint8)
    size = VoxelSize(8, 8, 8, "nanometer")
    write_image(
        str(tmp_path / "a.zarr"),
        lambda z0, z1: data[z0:z1],
        shape=data.shape,
        dtype=data.dtype,
        kind="image",
        voxel_size=size,
        facts=CubeFacts("image", "abc"),
        name="a",
        version=version,
    )
    cube = open_cube(f"{address}/a.zarr")
    assert cube.voxel_size == size
    assert np.array_equal(cube.read(0, slice(2, 4)), data[2:4])
    with open_source(f"{address}/a.zarr") as source:
        assert np.array_equal(source.slices(1, 3), data[1:3])


def test_an_address_does_not_lead_on_to_another(tmp_path: Path, address: str) -> None:
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "zarr.json").write_text(
        '{"zarr_format": 3, "node_type": "group", "attributes": {}}'
    )
    with pytest.raises(StoreError, match="not an OME-Zarr image"):
        open_cube(f"{address}/a.zarr")
    with pytest.raises(StoreError, match="cannot be opened"):
        open_cube(f"{address}/moved/a.zarr")


def test_an_address_where_nothing_is_found_is_named(address: str) -> None:
    with pytest.raises(SourceError, match=f"{address}/b.zarr cannot be opened"):
        open_source(f"{address}/b.zarr")
