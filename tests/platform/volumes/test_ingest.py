"""Bringing images in: exact, in bounded memory, and not lost when killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from lamella.cubes.readers import SourceError, open_source
from lamella.volumes.export import checksum_of
from lamella.volumes.geometry import VoxelSize
from lamella.volumes.ingest import CubeMeta, IngestResult, Stopped, ingest
from lamella.volumes.omezarr_read import open_cube
from lamella.volumes.stats import Checksum, RobustRange
from tests.samples import sample_folder

META = CubeMeta("liver", "CC-BY-4.0", "Dana 2026")
PLATFORM = Path(__file__).parents[3] / "platform"


def noise(shape: tuple[int, int, int], dtype: Any = np.uint8, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 250, shape).astype(dtype)


def ingest_file(path: Path, target: Path, **options: Any) -> IngestResult:
    with open_source(path) as source:
        return ingest(source, str(target), meta=META, **options)


def test_a_stack_becomes_a_cube_with_all_its_facts(tmp_path: Path) -> None:
    data = noise((40, 60, 700), np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack")
    seen: list[tuple[int, int]] = []
    result = ingest_file(
        tmp_path / "a.tif",
        tmp_path / "a.zarr",
        voxel_size=(50, 5, 5),
        unit="nm",
        on_progress=lambda done, total: seen.append((done, total)),
    )
    cube = open_cube(str(tmp_path / "a.zarr"))
    assert np.array_equal(cube.read(), data)
    assert cube.voxel_size == VoxelSize(50, 5, 5, "nanometer")
    assert result.levels == ((40, 60, 700), (40, 30, 350))
    assert (result.low, result.high) == (0, 249)
    assert result.checksum == checksum_of(lambda a, b: data[a:b], data.shape, data.dtype)
    assert cube.facts is not None
    assert cube.facts.checksum == result.checksum
    assert (cube.facts.licence, cube.facts.citation) == ("CC-BY-4.0", "Dana 2026")
    assert seen == [(n, 6) for n in range(1, 7)]


def test_the_same_voxels_have_the_same_checksum_whatever_the_file(tmp_path: Path) -> None:
    data = noise((20, 30, 40))
    np.save(tmp_path / "a.npy", data)
    tifffile.imwrite(tmp_path / "b.tif", data, photometric="minisblack", byteorder=">")
    first = ingest_file(tmp_path / "a.npy", tmp_path / "a.zarr")
    second = ingest_file(tmp_path / "b.tif", tmp_path / "b.zarr")
    again = ingest_file(tmp_path / "a.zarr", tmp_path / "c.zarr")
    assert first.checksum == second.checksum == again.checksum
    data[3, 4, 5] ^= 1
    np.save(tmp_path / "d.npy", data)
    assert ingest_file(tmp_path / "d.npy", tmp_path / "d.zarr").checksum != first.checksum


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("bool", "uint8"),
        ("float64", "float32"),
        ("float16", "float32"),
        ("int64", "int32"),
        ("uint64", "uint32"),
        ("int16", "int16"),
        (">f4", "float32"),
    ],
)
def test_voxels_of_other_types_are_stored_in_at_most_32_bits(
    tmp_path: Path, given: str, stored: str
) -> None:
    data = (noise((3, 30, 40)) % 2).astype(given)
    np.save(tmp_path / "a.npy", data)
    assert ingest_file(tmp_path / "a.npy", tmp_path / "a.zarr").dtype == stored
    assert np.array_equal(open_cube(str(tmp_path / "a.zarr")).read(), data.astype(stored))


def test_integers_that_do_not_fit_are_refused_and_nothing_stays(tmp_path: Path) -> None:
    data = np.zeros((40, 30, 40), np.int64)
    data[35] = 2**40
    np.save(tmp_path / "a.npy", data)
    with pytest.raises(SourceError, match=r"a.npy holds values from 0 to 1099511627776"):
        ingest_file(tmp_path / "a.npy", tmp_path / "a.zarr")
    assert not (tmp_path / "a.zarr").exists()


def test_damage_found_half_way_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        for plane in noise((40, 60, 70)):
            file.write(plane, compression="zlib", contiguous=False, metadata=None)
    with tifffile.TiffFile(path) as file:
        start = file.pages[30].dataoffsets[0]
    data = bytearray(path.read_bytes())
    data[start + 20 : start + 60] = bytes(40)
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"a.tif is damaged"):
        ingest_file(path, tmp_path / "a.zarr")
    assert not (tmp_path / "a.zarr").exists()


def test_not_a_number_does_not_spoil_the_range(tmp_path: Path) -> None:
    data = noise((4, 50, 60)).astype(np.float32) + 1000
    data[0, :5] = np.nan
    data[1, 0] = np.inf
    np.save(tmp_path / "a.npy", data)
    result = ingest_file(tmp_path / "a.npy", tmp_path / "a.zarr")
    assert result.low == pytest.approx(1000, rel=1e-3)
    assert result.high == pytest.approx(1249, rel=1e-3)


def test_an_ingest_that_was_stopped_is_taken_up(tmp_path: Path) -> None:
    data = noise((64, 600, 60))
    np.save(tmp_path / "a.npy", data)
    steps: list[int] = []
    with pytest.raises(Stopped):
        ingest_file(
            tmp_path / "a.npy",
            tmp_path / "a.zarr",
            on_progress=lambda done, _: steps.append(done),
            should_stop=lambda: len(steps) == 2,
        )
    with pytest.raises(ValueError, match="not an OME-Zarr image"):
        open_cube(str(tmp_path / "a.zarr"))
    with open_source(tmp_path / "a.npy") as source:
        read = source.slices
        portions: list[int] = []

        def counted(z0: int, z1: int) -> np.ndarray:
            portions.append(z0)
            return read(z0, z1)

        source.slices = counted  # type: ignore[method-assign]
        result = ingest(source, str(tmp_path / "a.zarr"), meta=META)
    assert portions == [32, 48]
    assert np.array_equal(open_cube(str(tmp_path / "a.zarr")).read(), data)
    assert result.checksum == ingest_file(tmp_path / "a.npy", tmp_path / "b.zarr").checksum


def test_a_replaced_file_is_read_from_the_start(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", noise((64, 60, 60)))
    with pytest.raises(Stopped):
        ingest_file(tmp_path / "a.npy", tmp_path / "a.zarr", should_stop=lambda: True)
    data = noise((64, 60, 60), seed=1)
    np.save(tmp_path / "a.npy", data)
    ingest_file(tmp_path / "a.npy", tmp_path / "a.zarr")
    assert np.array_equal(open_cube(str(tmp_path / "a.zarr")).read(), data)


def test_a_slab_torn_on_disk_is_written_again(tmp_path: Path) -> None:
    data = noise((64, 60, 60))
    np.save(tmp_path / "a.npy", data)
    steps: list[int] = []
    with pytest.raises(Stopped):
        ingest_file(
            tmp_path / "a.npy",
            tmp_path / "a.zarr",
            on_progress=lambda done, _: steps.append(done),
            should_stop=lambda: len(steps) == 2,
        )
    shard = tmp_path / "a.zarr" / "0" / "c" / "0" / "0" / "0"
    shard.write_bytes(shard.read_bytes()[:2000])
    ingest_file(tmp_path / "a.npy", tmp_path / "a.zarr")
    assert np.array_equal(open_cube(str(tmp_path / "a.zarr")).read(), data)


SLOW_INGEST = """
import json, sys, time
from lamella.cubes.readers import open_source
from lamella.volumes.ingest import CubeMeta, ingest
source, target, pause = sys.argv[1], sys.argv[2], float(sys.argv[3])
def tick(done, total):
    print(done, flush=True)
    time.sleep(pause)
with open_source(source) as volume:
    result = ingest(volume, target, meta=CubeMeta("x"), on_progress=tick)
import resource
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"checksum": result.checksum, "peak": peak}))
"""


def run(source: Path, target: Path, pause: float = 0.0) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SLOW_INGEST, str(source), str(target), str(pause)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PLATFORM,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def test_killed_with_9_in_the_middle_an_ingest_ends_with_the_same_cube(tmp_path: Path) -> None:
    data = noise((96, 520, 520))
    np.save(tmp_path / "a.npy", data)
    whole = ingest_file(tmp_path / "a.npy", tmp_path / "whole.zarr")
    for steps, wait in ((2, 0.0), (6, 0.01)):
        process = run(tmp_path / "a.npy", tmp_path / "a.zarr", pause=0.01)
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= steps:
                break
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert (tmp_path / "a.zarr" / ".lamella").exists()
    again = ingest_file(tmp_path / "a.npy", tmp_path / "a.zarr")
    assert again == whole
    cube, wanted = open_cube(str(tmp_path / "a.zarr")), open_cube(str(tmp_path / "whole.zarr"))
    assert np.array_equal(cube.read(), data)
    assert np.array_equal(cube.read(1), wanted.read(1))


def test_peak_memory_does_not_grow_with_the_number_of_slices(tmp_path: Path) -> None:
    peaks = []
    plane = np.tile(noise((1, 64, 1024))[0], (16, 1))  # packs fast
    for times in (1, 4):
        path = tmp_path / f"{times}.tif"
        with tifffile.TiffWriter(path) as file:
            for z in range(32 * times):
                file.write(np.roll(plane, z), compression="zlib", contiguous=False, metadata=None)
        process = run(path, tmp_path / f"{times}.zarr")
        out, _ = process.communicate()
        peaks.append(json.loads(out.splitlines()[-1])["peak"])
    # 96 more slices would be 96 MiB if they were kept.
    assert peaks[1] < peaks[0] + 30, peaks


def test_the_range_is_exact_for_small_integers_and_close_for_others() -> None:
    rng = np.random.default_rng(0)
    for dtype, scale in (("uint8", 40), ("int16", 3000), ("float32", 1e-4), ("int32", 1e6)):
        data = (rng.normal(size=(3, 200, 300)) * scale + (100 if dtype == "uint8" else 0)).astype(
            dtype
        )
        counted = RobustRange(dtype)
        counted.add(data)
        low, high = counted.percentiles()
        wanted = np.percentile(data, [0.1, 99.9], method="inverted_cdf")
        tolerance = 0 if np.dtype(dtype).itemsize <= 2 else 1e-3
        assert (low, high) == pytest.approx(tuple(wanted), rel=tolerance)


def test_the_range_of_nothing_or_of_one_value_can_still_be_divided_by() -> None:
    empty = RobustRange(np.float32)
    empty.add(np.full((1, 3, 3), np.nan, np.float32))
    assert empty.percentiles() == (0.0, 1.0)
    flat = RobustRange(np.uint8)
    flat.add(np.full((1, 3, 3), 7, np.uint8))
    assert flat.percentiles() == (7.0, 8.0)


def test_the_checksum_does_not_depend_on_portions() -> None:
    data = noise((9, 20, 30), np.uint16)
    digests = set()
    for step in (1, 2, 9):
        checksum = Checksum(data.shape, data.dtype)
        for z0 in range(0, 9, step):
            checksum.add(data[z0 : z0 + step])
        digests.add(checksum.hexdigest())
    other = Checksum((9, 30, 20), data.dtype)
    other.add(data.reshape(9, 30, 20))
    assert len(digests | {other.hexdigest()}) == 2


@pytest.mark.parametrize(
    "name",
    ["vnc-mitochondria", "brats-flair-0003", "mouse-embryo-16cell", "hippocampus/hippocampus_001"],
)
def test_a_real_stack_comes_back_voxel_by_voxel(tmp_path: Path, name: str) -> None:
    path = sample_folder(name) / "image.tif"
    result = ingest_file(path, tmp_path / "a.zarr", voxel_size=(1, 1, 1), unit="mm")
    data = tifffile.imread(path)
    assert np.array_equal(open_cube(str(tmp_path / "a.zarr")).read(), data)
    low, high = np.percentile(data, [0.1, 99.9], method="inverted_cdf")
    assert (result.low, result.high) == (low, high if high > low else low + 1)
