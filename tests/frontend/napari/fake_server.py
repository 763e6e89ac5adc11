"""A small Lamella server in this process: the interface the plugin speaks, and real OME-Zarr."""

import io
import json
import re
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import tifffile
import zarr
from numpy.typing import NDArray

TOKEN = "danas-token"
SHAPE = (6, 128, 192)
VOXEL = (50.0, 4.0, 4.0)
PATCH = 32


@dataclass
class Received:
    """Labels that arrived: the query, and the TIFF as it was sent."""

    query: dict[str, str]
    volume: NDArray[Any]
    ome: str


@dataclass
class FakeServer:
    """Serves `root` under /api/v1/cubes/1/zarr/ and remembers what was asked.

    trouble: statuses to answer with before behaving, one a request.
    ranges: False makes it ignore Range, as simple servers do.
    """

    root: Path
    label_dtype: str = "uint8"
    role: str = "manager"
    ranges: bool = True
    trouble: list[int] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    received: list[Received] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        handler = type("BoundHandler", (_Handler,), {"fake": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def chunks_asked(self) -> Counter[str]:
        """How often each chunk or shard was asked for."""
        return Counter({path: n for path, n in self.asked.items() if "/c/" in path})

    def studies(self) -> list[dict[str, Any]]:
        return [
            {
                "slug": "liver",
                "title": "Lipid droplets in liver",
                "question": "Where are the droplets?",
                "state": "open",
                "role": self.role,
            },
            {
                "slug": "embryo",
                "title": "Nuclei of an embryo",
                "question": "Where are the nuclei?",
                "state": "paused",
                "role": None,
            },
        ]

    def cubes(self) -> list[dict[str, Any]]:
        base = "/api/v1/cubes/1/zarr"
        return [
            {
                "id": 1,
                "name": "liver-3",
                "state": "ready",
                "shape": list(SHAPE),
                "dtype": "uint8",
                "voxel_size": list(VOXEL),
                "unit": "nanometer",
                "classes": [{"value": 1, "name": "droplet", "color": "#E69F00"}],
                "image": f"{base}/image",
                "proposal": f"{self.address}{base}/labels",
                "patch_scores": f"{base}/scores/discriminator",
                "consensus": None,
                "label_dtype": self.label_dtype,
            }
            | self.extra,
            {
                "id": 2,
                "name": "liver-4",
                "state": "ingesting",
                "shape": [],
                "dtype": "",
                "voxel_size": [],
                "unit": None,
                "classes": [],
                "image": None,
                "proposal": None,
                "patch_scores": None,
                "consensus": None,
                "label_dtype": self.label_dtype,
            },
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: ClassVar[FakeServer]

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.fake.asked[path] += 1
        if self._refused():
            return
        if path == "/api/v1/studies":
            self._json(200, self.fake.studies())
        elif path == "/api/v1/studies/liver/cubes":
            self._json(200, self.fake.cubes())
        elif path == "/api/v1/studies/embryo/cubes":
            self._json(403, {"detail": "Only members see the cubes of “Nuclei of an embryo”."})
        elif path.startswith("/api/v1/labels/"):
            states = self.fake.states
            self._json(200, states.pop(0) if len(states) > 1 else states[0])
        elif path.startswith("/api/v1/cubes/1/zarr/"):
            self._file(self.fake.root / path.removeprefix("/api/v1/cubes/1/zarr/"))
        else:
            self._json(404, {"detail": "There is no such thing here."})

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        self.fake.asked[parts.path] += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self._refused():
            return
        with tifffile.TiffFile(io.BytesIO(body)) as tiff:
            volume = tiff.asarray()
            ome = tiff.ome_metadata or ""
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.fake.received.append(Received(query=query, volume=volume, ome=ome))
        self._json(202, {"id": 7, "state": "waiting", "job": 3})

    def _refused(self) -> bool:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._json(401, {"detail": "Unauthorized"})
            return True
        if self.fake.trouble:
            self._answer(self.fake.trouble.pop(0), b"<h1>Busy</h1>", {"Retry-After": "0"})
            return True
        return False

    def _file(self, path: Path) -> None:
        if not path.is_file():
            self._json(404, {"detail": "There is no such file."})
            return
        data = path.read_bytes()
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if wanted is None or not self.fake.ranges:
            self._answer(200, data)
        elif wanted[1]:
            stop = int(wanted[2]) + 1 if wanted[2] else len(data)
            self._answer(206, data[int(wanted[1]) : stop])
        else:
            self._answer(206, data[-int(wanted[2]) :])

    def _json(self, status: int, answer: object) -> None:
        self._answer(status, json.dumps(answer).encode())

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is its own."""


def phantom() -> NDArray[np.uint8]:
    """An image (Z, Y, X) of blobs that differ from slice to slice."""
    z, y, x = np.indices(SHAPE)
    waves = np.sin(x / 9 + z / 2) * np.cos(y / 7 - z / 3)
    return np.asarray(128 + 100 * waves, dtype=np.uint8)


def write_cube(root: Path, labels: NDArray[Any]) -> None:
    """Write image (sharded, two levels), labels (two levels) and patch scores below `root`."""
    image = phantom()
    _write_pyramid(root / "image", [image, image[:, ::2, ::2]], window=(20, 230))
    _write_pyramid(root / "labels", [labels, labels[:, ::2, ::2]], window=None)
    rows, columns = SHAPE[1] // PATCH, SHAPE[2] // PATCH
    scores = zarr.create_array(
        root / "scores" / "discriminator",
        shape=(SHAPE[0], rows, columns),
        chunks=(1, rows, columns),
        dtype="float32",
    )
    scores[:] = np.linspace(0, 1, scores.size, dtype=np.float32).reshape(scores.shape)
    scores.attrs["patch"] = PATCH


def _write_pyramid(
    path: Path, levels: list[NDArray[Any]], window: tuple[float, float] | None
) -> None:
    group = zarr.create_group(path)
    datasets = []
    for number, level in enumerate(levels):
        array = group.create_array(
            str(number),
            shape=level.shape,
            chunks=(1, 32, 32),
            shards=(2, level.shape[1], level.shape[2]),
            dtype=level.dtype,
        )
        array[:] = level
        factor = 2.0**number
        scale = [VOXEL[0], VOXEL[1] * factor, VOXEL[2] * factor]
        datasets.append(
            {
                "path": str(number),
                "coordinateTransformations": [{"type": "scale", "scale": scale}],
            }
        )
    axes = [{"name": name, "type": "space", "unit": "nanometer"} for name in "zyx"]
    ome: dict[str, Any] = {
        "version": "0.5",
        "multiscales": [{"axes": axes, "datasets": datasets}],
    }
    if window is not None:
        group.attrs["lamella"] = {"kind": "image", "low": window[0], "high": window[1]}
    group.attrs["ome"] = ome
