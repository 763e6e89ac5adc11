"""The Zarr store over HTTP: ranges, memory, refusals."""

from typing import Any

import numpy as np
import pytest
import zarr
from zarr.abc.store import OffsetByteRequest, RangeByteRequest, SuffixByteRequest

from napari_lamella.client import Client
from napari_lamella.errors import LamellaError
from napari_lamella.omezarr import open_node, open_pyramid
from napari_lamella.records import Cube
from napari_lamella.retry import Retry
from napari_lamella.store import ByteCache, cut, range_header
from tests.frontend.napari.fake_server import FakeServer, phantom


def image_array(dana: Client, cube: Cube, path: str = "/0") -> Any:
    assert cube.image is not None
    return open_node(dana.store(cube.image + path), "the image")


def test_a_slice_of_a_shard_is_what_was_written(dana: Client, cube: Cube) -> None:
    np.testing.assert_array_equal(image_array(dana, cube)[3], phantom()[3])


def test_a_tile_asks_for_its_chunks_and_the_shards_index_only(
    dana: Client, cube: Cube, server: FakeServer
) -> None:
    array = image_array(dana, cube)
    np.testing.assert_array_equal(array[2, 32:64, 64:96], phantom()[2, 32:64, 64:96])
    assert dict(server.chunks_asked()) == {"/api/v1/cubes/1/zarr/image/0/c/1/0/0": 2}


def test_what_was_read_is_not_asked_for_again(dana: Client, cube: Cube, server: FakeServer) -> None:
    array = image_array(dana, cube)
    first = array[2]
    before = server.asked.total()
    np.testing.assert_array_equal(array[2], first)
    assert server.asked.total() == before


def test_a_server_without_ranges_still_works(dana: Client, cube: Cube, server: FakeServer) -> None:
    server.ranges = False
    array = image_array(dana, cube)
    np.testing.assert_array_equal(array[:], phantom())
    assert set(server.chunks_asked().values()) == {1}


def test_a_chunk_is_asked_for_again_while_the_server_is_busy(
    dana: Client, cube: Cube, server: FakeServer
) -> None:
    array = image_array(dana, cube)
    server.trouble = [502, 503]
    np.testing.assert_array_equal(array[0], phantom()[0])


def test_a_refused_chunk_gives_one_sentence(dana: Client, cube: Cube, server: FakeServer) -> None:
    array = image_array(dana, cube)
    server.trouble = [403] * 99
    with pytest.raises(LamellaError, match="You have no access"):
        array[0]


def test_a_silent_server_gives_one_sentence(cube: Cube) -> None:
    client = Client("http://127.0.0.1:9", "t", retry=Retry(attempts=2, first_wait=0.01))
    with pytest.raises(LamellaError, match=r"127\.0\.0\.1:9 did not answer"):
        open_pyramid(client.store("http://127.0.0.1:9/image"), "the image")


def test_a_missing_zarr_is_named(dana: Client, cube: Cube) -> None:
    with pytest.raises(LamellaError, match=r"no readable Zarr for the image of liver-9"):
        open_pyramid(dana.store(f"{cube.image}/nothing"), "the image of liver-9")


def test_an_array_that_is_no_ome_zarr_is_named(dana: Client, cube: Cube) -> None:
    with pytest.raises(LamellaError, match=r"the image of liver-9 is not an OME-Zarr"):
        open_pyramid(dana.store(f"{cube.image}/0"), "the image of liver-9")


def test_it_is_read_only(dana: Client, cube: Cube) -> None:
    with pytest.raises(NotImplementedError, match="read-only"):
        image_array(dana, cube)[0] = 1


@pytest.mark.parametrize(
    ("wanted", "header", "bytes_"),
    [
        (None, "", b"abcdef"),
        (RangeByteRequest(1, 3), "bytes=1-2", b"bc"),
        (OffsetByteRequest(4), "bytes=4-", b"ef"),
        (SuffixByteRequest(2), "bytes=-2", b"ef"),
    ],
)
def test_ranges_are_asked_for_and_cut_alike(wanted: Any, header: str, bytes_: bytes) -> None:
    assert range_header(wanted) == header
    assert cut(b"abcdef", wanted) == bytes_


def test_the_memory_keeps_to_its_limit_and_drops_the_oldest() -> None:
    cache = ByteCache(10)
    cache.put(("a", ""), b"1234")
    cache.put(("b", ""), b"5678")
    assert cache["a", ""] == b"1234"
    cache.put(("c", ""), b"9012")
    cache.put(("too large", ""), b"x" * 11)
    assert [name for name in ("a", "b", "c", "too large") if (name, "") in cache] == ["a", "c"]


def test_zarr_2_is_read_as_well(
    dana: Client, server: FakeServer, cube: Cube, tmp_path: Any
) -> None:
    server.root = tmp_path
    group = zarr.create_group(tmp_path / "image", zarr_format=2)
    group.create_array("s0", shape=(1, 2, 8, 8), chunks=(1, 1, 8, 8), dtype="uint16")[:] = 7
    group.attrs["multiscales"] = [
        {
            "version": "0.4",
            "axes": [{"name": name} for name in "czyx"],
            "datasets": [{"path": "s0", "coordinateTransformations": []}],
        }
    ]
    group.attrs["omero"] = {"channels": [{"window": {"start": 5, "end": 900}}]}
    assert cube.image is not None
    pyramid = open_pyramid(dana.store(cube.image), "the image")
    assert pyramid.levels[0].shape == (2, 8, 8)
    assert np.asarray(pyramid.levels[0]).max() == 7
    assert pyramid.window == (5.0, 900.0)
