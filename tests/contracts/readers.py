"""The contract of every volume reader: subclass it, write one file, inherit the tests."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lamella.cubes.readers import Limits, SourceError, VolumeSource, open_source, preview
from lamella.volumes.geometry import VoxelSize

SHAPE = (7, 30, 40)


def volume(dtype: Any = np.uint8, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Voxels that differ along every axis, so that no mix-up of axes passes."""
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    return np.asarray((31 * z + 5 * y + x) % 251).astype(dtype)


class ReaderContract:
    """`write` stores an array (Z, Y, X) with EM's voxel size, as far as the format can."""

    dtypes: tuple[str, ...] = ("uint8", "uint16", "float32")
    voxel_size: VoxelSize | None = VoxelSize(50, 4.5, 4.25, "nanometer")
    lossless = True

    def write(self, folder: Path, data: np.ndarray) -> Path:
        raise NotImplementedError

    def open(self, folder: Path, data: np.ndarray, **options: Any) -> VolumeSource:
        return open_source(self.write(folder, data), **options)

    def test_every_voxel_comes_back_as_zyx_in_native_order(self, tmp_path: Path) -> None:
        for dtype in self.dtypes:
            folder = tmp_path / dtype
            folder.mkdir()
            data = volume(dtype)
            with self.open(folder, data) as source:
                assert source.shape == SHAPE
                assert source.dtype == np.dtype(dtype)
                block = source.slices(0, SHAPE[0])
                assert block.dtype == np.dtype(dtype)
                if self.lossless:
                    assert np.array_equal(block, data)
                else:
                    assert np.abs(block.astype(float) - data).mean() < 12

    def test_slices_come_in_any_portion(self, tmp_path: Path) -> None:
        data = volume()
        with self.open(tmp_path, data) as source:
            whole = source.slices(0, 7)
            parts = [source.slices(z0, min(z0 + 3, 7)) for z0 in (0, 3, 6)]
            assert [part.shape for part in parts] == [(3, 30, 40), (3, 30, 40), (1, 30, 40)]
            assert np.array_equal(np.concatenate(parts), whole)
            assert np.array_equal(source.slices(4, 5), whole[4:5])

    def test_slices_outside_of_the_volume_are_an_index_error(self, tmp_path: Path) -> None:
        with self.open(tmp_path, volume()) as source:
            for z0, z1 in ((-1, 2), (3, 3), (6, 8)):
                with pytest.raises(IndexError, match="no slices"):
                    source.slices(z0, z1)

    def test_the_voxel_size_is_the_one_in_the_file(self, tmp_path: Path) -> None:
        with self.open(tmp_path, volume()) as source:
            if self.voxel_size is None:
                assert source.voxel_size is None
                return
            assert source.voxel_size is not None
            unit = self.voxel_size.unit
            assert unit is not None
            assert source.voxel_size.to(unit).zyx == pytest.approx(self.voxel_size.zyx, rel=1e-5)

    def test_its_identity_changes_with_the_file(self, tmp_path: Path) -> None:
        with self.open(tmp_path, volume()) as source:
            first = dict(source.identity)
            assert str(tmp_path) in str(first["path"])
        other = tmp_path / "other"
        other.mkdir()
        with self.open(other, volume()) as source:
            assert dict(source.identity) != first

    def test_a_volume_beyond_the_limits_is_refused_by_name(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, volume())
        with pytest.raises(SourceError, match="allowed") as caught:
            open_source(path, limits=Limits(max_bytes=1000))
        assert path.stem.split(".")[0] in str(caught.value)
        with pytest.raises(SourceError, match="allowed"):
            open_source(path, limits=Limits(max_slice_bytes=100))

    def test_a_preview_shows_three_slices_and_the_range(self, tmp_path: Path) -> None:
        with self.open(tmp_path, volume()) as source:
            seen = preview(source, side=20)
        assert seen.shape == SHAPE
        assert seen.thumbnail_z == (1, 3, 5)
        assert [t.shape for t in seen.thumbnails] == [(15, 20)] * 3
        assert all(t.dtype == np.uint8 and t.max() > t.min() for t in seen.thumbnails)
        assert 0 <= seen.low < seen.high <= 255
        assert seen.voxel_size == source.voxel_size
