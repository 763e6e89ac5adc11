"""A fake server with one small cube, and Dana, who manages its study."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_lamella.client import Client
from napari_lamella.records import Cube
from napari_lamella.retry import Retry
from tests.frontend.napari.fake_server import SHAPE, TOKEN, FakeServer, write_cube


def droplets() -> NDArray[np.uint8]:
    """Labels of the cube: one class (1), and a region of which somebody was unsure (255)."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[:, 10:60, 10:60] = 1
    labels[:, 80:100, 100:150] = 255
    return labels


@pytest.fixture(scope="session")
def cube_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cube")
    write_cube(folder, droplets())
    return folder


@pytest.fixture
def server(cube_folder: Path) -> Iterator[FakeServer]:
    with FakeServer(cube_folder) as server:
        yield server


@pytest.fixture
def dana(server: FakeServer) -> Iterator[Client]:
    client = Client(server.address, TOKEN, retry=Retry(attempts=3, first_wait=0.01))
    yield client
    client.close()


@pytest.fixture
def cube(dana: Client) -> Cube:
    return dana.cubes("liver")[0]
