"""Stores of every sort do the same: a folder, memory, and S3 over HTTP."""

import functools
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lamella.cubes.readers import open_source
from lamella.volumes.errors import StoreError
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.ingest import CubeMeta, Stopped, ingest
from lamella.volumes.omezarr_meta import CubeFacts, Version
from lamella.volumes.omezarr_read import open_cube
from lamella.volumes.omezarr_write import write_image
from lamella.volumes.slabs import create_array, open_array
from lamella.volumes.storage import Location
from tests import services

PLATFORM = Path(__file__).parents[3] / "platform"


def in_a_folder(tmp_path: Path) -> Location:
    return Location(str(tmp_path / "store"))


def in_memory(tmp_path: Path) -> Location:
    return Location(f"memory://storage-{uuid.uuid4().hex}")


def in_s3(tmp_path: Path) -> Location:
    return Location(services.s3_bucket(), services.s3_options()) / "below" / "it"


@pytest.fixture(params=[in_a_folder, in_memory, in_s3], ids=["folder", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    make: Callable[[Path], Location] = request.param
    return make(tmp_path)


def again(place: Location) -> Location:
    """The same place, with nothing that this object may have learned of it."""
    return Location(place.url, place.options)


def noise(shape: tuple[int, int, int], seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 250, shape).astype(np.uint8)


def test_a_file_is_written_replaced_and_read_whole_or_in_part(store: Location) -> None:
    place = store / "a" / "b.bin"
    assert place.read() is None
    assert place.facts() is None
    assert not place.exists()
    place.write(b"old")
    before = place.facts()
    data = bytes(range(256)) * 9000  # more than one portion
    place.write(data)
    after = place.facts()
    assert before is not None
    assert after is not None
    assert (before.size, after.size) == (3, len(data))
    assert before.mark != after.mark
    assert place.exists()
    assert place.read() == data
    assert b"".join(place.portions(0, len(data))) == data
    assert b"".join(place.portions(1000, 2_000_000)) == data[1000:2_000_000]
    empty = store / "a" / "empty"
    empty.write(b"")
    assert empty.read() == b""
    assert list(empty.portions(0, 0)) == []


def test_a_folder_of_files_is_listed_and_removed_as_a_whole(store: Location) -> None:
    for name in ("x/1", "x/y/2", "xy/3"):
        (store / name).write(name.encode())
    assert store.files() == ["x/1", "x/y/2", "xy/3"]
    assert (store / "x").files() == ["1", "y/2"]
    assert (store / "x").exists()
    assert (store / "x").facts() is None, "a folder is no file"
    assert (store / "x" / "1" / "2").facts() is None
    (store / "x").remove()
    (store / "x").remove()
    assert not (store / "x").exists()
    assert store.files() == ["xy/3"], "a name that only begins alike stays"
    (store / "xy" / "3").remove()
    assert store.files() == []


def test_a_finished_file_is_moved_in(store: Location, tmp_path: Path) -> None:
    file = tmp_path / "labels.tif"
    file.write_bytes(b"x" * 100_000)
    (store / "exports" / "labels.tif").put(file)
    assert (store / "exports" / "labels.tif").read() == b"x" * 100_000
    assert not file.exists()


@pytest.mark.parametrize("store", [in_a_folder, in_s3], ids=["folder", "s3"], indirect=True)
def test_what_another_process_wrote_or_removed_is_seen_at_once(store: Location) -> None:
    def elsewhere(do: str) -> None:
        code = f"from lamella.volumes.storage import Location as L; s = L(*{args!r}); {do}"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=PLATFORM)

    args = (store.url, dict(store.options))
    (store / "x" / "1").write(b"one")
    assert store.files() == ["x/1"]
    assert not (store / "x" / "2").exists()
    elsewhere("(s / 'x' / '2').write(b'two'); (s / 'x' / '1').write(b'longer')")
    facts = (store / "x" / "1").facts()
    assert facts is not None
    assert facts.size == 6
    assert (store / "x" / "2").exists()
    assert store.files() == ["x/1", "x/2"]
    elsewhere("(s / 'x' / '1').remove()")
    assert (store / "x" / "1").facts() is None
    assert store.files() == ["x/2"]


def planes_of(data: NDArray[Any], z0: int, z1: int) -> NDArray[Any]:
    return data[z0:z1]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_cube_comes_back_as_it_was_written(store: Location, version: Version) -> None:
    data = noise((18, 70, 600))
    size = VoxelSize(50, 4.6, 4.6, "nanometer")
    for written in (data[::-1], data):  # the second replaces the first
        write_image(
            store / "a.zarr",
            functools.partial(planes_of, written),
            shape=data.shape,
            dtype=data.dtype,
            kind="image",
            voxel_size=size,
            facts=CubeFacts("image", "abc"),
            name="a",
            version=version,
        )
    cube = open_cube(again(store) / "a.zarr")
    np.testing.assert_array_equal(cube.read(), data)
    assert len(cube.levels) == 2
    assert cube.voxel_size == size
    assert not any(name.startswith(".lamella") for name in (store / "a.zarr").files())
    with open_source(store / "a.zarr") as source:
        np.testing.assert_array_equal(source.slices(3, 5), data[3:5])


def test_reading_in_that_was_stopped_goes_on_and_mends_what_is_torn(
    store: Location, tmp_path: Path
) -> None:
    data = noise((40, 60, 60))
    np.save(tmp_path / "a.npy", data)
    target = store / "a.zarr"
    seen: list[tuple[int, int]] = []

    def tell(done: int, total: int) -> None:
        seen.append((done, total))

    with open_source(tmp_path / "a.npy") as source, pytest.raises(Stopped):
        ingest(
            source,
            target,
            meta=CubeMeta("a"),
            on_progress=tell,
            should_stop=lambda: len(seen) == 2,
        )
    with pytest.raises(StoreError, match="not an OME-Zarr image"):
        open_cube(again(target))
    shard = target / "0" / "c" / "0" / "0" / "0"
    whole = shard.read()
    assert whole is not None
    shard.write(whole[:1000])
    with open_source(tmp_path / "a.npy") as source:
        ingest(source, again(target), meta=CubeMeta("a"), on_progress=tell)
    assert [done for done, _ in seen] == [1, 2, 2, 2, 3]
    np.testing.assert_array_equal(open_cube(target).read(), data)


def test_an_array_that_was_broken_off_is_taken_up_where_it_was(store: Location) -> None:
    data = noise((40, 30, 20))
    first = create_array(store, "p", shape=data.shape, dtype=data.dtype)
    first.write(16, data[16:32])
    second = create_array(again(store), "p", shape=data.shape, dtype=data.dtype)
    assert second.pending == [(0, 16), (32, 40)]
    for z0, z1 in second.pending:
        second.write(z0, data[z0:z1])
    second.finish()
    np.testing.assert_array_equal(open_array(again(store), "p")[:], data)


def test_a_store_that_does_not_answer_is_named() -> None:
    options = {
        "key": "a",
        "secret": "b",
        "endpoint_url": f"http://127.0.0.1:{services.free_port()}",
    }
    quick = {"config_kwargs": {"retries": {"max_attempts": 0}, "connect_timeout": 1}}
    with pytest.raises(StoreError, match=r"s3://nowhere/a\.zarr cannot be opened"):
        open_cube(Location("s3://nowhere/a.zarr", {**options, **quick}))
