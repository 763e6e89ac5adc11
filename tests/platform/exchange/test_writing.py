"""Writing the final mask: joined along z, known voxels untouched, in bounded memory."""

import io
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lamella.consensus.final import FinalMask
from lamella.cubes.models import Cube
from lamella.exchange.packing import tree, zipped
from lamella.exchange.writing import runs_of, write_omezarr
from lamella.learning.models import ModelVersion
from lamella.learning.proposals import PROBABILITY, root_of
from lamella.volumes.omezarr_read import open_cube
from lamella.volumes.slabs import create_array
from lamella.volumes.storage import Location
from tests.factories import (
    make_consensus,
    make_cube,
    make_proposal,
    make_study,
    make_task,
    make_version,
)


def told(done: float, total: float, message: str) -> None:
    """Nobody listens."""


def proposed(labels: np.ndarray, certainty: float) -> Cube:
    """A cube whose trained model proposes these labels, everywhere with the same certainty."""
    study = make_study()
    cube = make_cube(study, shape=labels.shape)
    version = make_version(study, state=ModelVersion.State.SERVING)
    proposal = make_proposal(cube, version, labels=labels)
    array = create_array(
        root_of(proposal), PROBABILITY, shape=(1, *labels.shape), dtype=np.uint8, depth=16
    )
    shares = np.where(labels > 0, certainty, 1 - certainty)
    for z0, z1 in array.spans:
        array.write(z0, np.round(shares[np.newaxis, z0:z1] * 255).astype(np.uint8))
    return cube


@pytest.mark.django_db
def test_flicker_is_settled_where_nobody_drew_and_the_model_is_in_doubt(tmp_path: Any) -> None:
    labels = np.zeros((9, 64, 64), np.uint8)
    labels[:, 10:20, 10:20] = 1
    labels[[2, 6], 10:20, 10:20] = 0
    cube = proposed(labels, certainty=0.6)
    # People say that slice 6 is empty indeed.
    make_consensus(make_task(cube, z=6), mask=np.zeros((64, 64), np.uint8))
    target = Location(str(tmp_path / "x.zarr"))
    written = write_omezarr(FinalMask(cube), target, version="0.5", progress=told)
    voxels = open_cube(target).read()
    assert voxels[2, 10:20, 10:20].all()
    assert not voxels[6].any()
    assert list(written.settled) == [2]
    assert written.settled[2][0] == [10 * 64 + 10, 10]
    assert written.figures["settled_voxels"] == 100
    assert written.figures["shown"] == pytest.approx(1 / 9)
    assert written.figures["seams"]["ends"] == written.figures["seams"]["starts"] == 1


@pytest.mark.django_db
def test_a_model_that_is_sure_keeps_its_slice(tmp_path: Any) -> None:
    labels = np.zeros((5, 64, 64), np.uint8)
    labels[:, 10:20, 10:20] = 1
    labels[2] = 0
    cube = proposed(labels, certainty=0.97)
    target = Location(str(tmp_path / "x.zarr"))
    written = write_omezarr(FinalMask(cube), target, version="0.5", progress=told)
    np.testing.assert_array_equal(open_cube(target).read(), labels)
    assert written.settled == {}


@pytest.mark.django_db
def test_memory_does_not_grow_with_the_number_of_slices(tmp_path: Any) -> None:
    peaks = []
    for depth in (32, 32, 128):  # the first one warms caches up
        labels = np.zeros((depth, 256, 256), np.uint8)
        labels[:, 50:90, 50:90] = 1
        cube = proposed(labels, certainty=0.9)
        del labels
        target = Location(str(tmp_path / "x.zarr"))
        final = FinalMask(cube)
        tracemalloc.start()
        write_omezarr(final, target, version="0.5", progress=told)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        type(cube.study).objects.filter(pk=cube.study.pk).update(slug=f"old-{depth}-{len(peaks)}")
    assert peaks[2] < 1.3 * peaks[1]


@given(npst.arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_runs_hold_exactly_the_voxels_of_a_mask(mask: Any) -> None:
    found = np.zeros(mask.size, bool)
    for start, length in runs_of(mask):
        assert length > 0
        found[start : start + length] = True
    np.testing.assert_array_equal(found.reshape(mask.shape), mask)


def test_a_tree_is_zipped_while_it_is_sent(tmp_path: Any) -> None:
    big = np.random.default_rng(0).bytes(3 * 2**20)
    (tmp_path / "0" / "c").mkdir(parents=True)
    (tmp_path / "0" / "c" / "0").write_bytes(big)
    (tmp_path / "zarr.json").write_bytes(b"{}")
    files = tree("x.zarr", Location(str(tmp_path)))
    portions = list(zipped(files))
    assert max(map(len, portions)) < 2 * 2**20
    with zipfile.ZipFile(io.BytesIO(b"".join(portions))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["x.zarr/0/c/0", "x.zarr/zarr.json"]
        assert archive.read("x.zarr/0/c/0") == big
    assert b"".join(portions) == b"".join(zipped(files))
