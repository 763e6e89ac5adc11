"""Voxel sizes, regions, tiles and levels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamella.volumes.geometry import (
    Region,
    VoxelSize,
    area_of,
    canonical_unit,
    even_spans,
    pyramid,
    slice_regions,
    tile_counts,
    tile_region,
)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("nm", "nanometer"),
        ("µm", "micrometer"),
        ("μm", "micrometer"),
        ("um", "micrometer"),
        ("\\u00B5m", "micrometer"),
        ("micron", "micrometer"),
        ("Microns", "micrometer"),
        ("Millimeters", "millimeter"),
        ("mm", "millimeter"),
        ("Å", "angstrom"),
        ("pixel", None),
        ("", None),
        (None, None),
    ],
)
def test_units_are_known_by_their_usual_spellings(text: str | None, unit: str | None) -> None:
    assert canonical_unit(text) == unit


def test_rare_units_are_converted_and_usual_ones_are_kept() -> None:
    assert VoxelSize.of((10, 5, 5), "angstrom") == VoxelSize(1.0, 0.5, 0.5, "nanometer")
    assert VoxelSize.of((0.1, 0.1, 0.1), "cm") == VoxelSize(1, 1, 1, "millimeter")
    assert VoxelSize.of((50, 4.6, 4.6), "nm") == VoxelSize(50, 4.6, 4.6, "nanometer")
    assert VoxelSize(50, 4.6, 4.6, "nanometer").to("micrometer").zyx == (0.05, 0.0046, 0.0046)


@pytest.mark.parametrize("side", [0, -1, float("nan"), float("inf")])
def test_a_voxel_size_that_is_not_positive_is_refused(side: float) -> None:
    with pytest.raises(ValueError, match="three positive numbers"):
        VoxelSize(side, 1, 1)


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(200, 700))
def test_tiles_cover_a_plane_without_overlap(height: int, width: int, tile: int) -> None:
    rows, columns = tile_counts(height, width, tile)
    area = 0
    for row in range(rows):
        for column in range(columns):
            region = tile_region(0, row, column, height, width, tile)
            assert region is not None
            assert region.fits((1, height, width))
            area += region.height * region.width
    assert area == height * width
    assert tile_region(0, rows, 0, height, width, tile) is None
    assert tile_region(0, 0, -1, height, width, tile) is None


def test_tasks_of_a_large_slice_are_tiles_of_equal_size() -> None:
    regions = list(slice_regions((5, 400, 1000), 3, 512))
    assert regions == [Region(3, 0, 0, 400, 500), Region(3, 0, 500, 400, 500)]
    assert list(slice_regions((5, 400, 1000), 3)) == [Region(3, 0, 0, 400, 1000)]


@settings(deadline=None)
@given(st.integers(1, 10_000), st.integers(1, 600))
def test_even_spans_are_contiguous_and_differ_by_at_most_one(length: int, longest: int) -> None:
    spans = even_spans(length, longest)
    assert [a for a, _ in spans] == [0, *[b for _, b in spans[:-1]]]
    assert spans[-1][1] == length
    sizes = {b - a for a, b in spans}
    assert max(sizes) <= longest
    assert max(sizes) - min(sizes) <= 1


def test_the_pyramid_halves_z_only_once_voxels_are_near_isotropic() -> None:
    thick = pyramid((100, 2048, 2048), VoxelSize(50, 12.5, 12.5, "nanometer"))
    assert [level.factors for level in thick] == [(1, 1, 1), (1, 2, 2), (1, 4, 4)]
    assert pyramid((100, 4096, 4096), VoxelSize(50, 12.5, 12.5))[-1].factors == (2, 8, 8)
    cubic = pyramid((101, 1025, 700), VoxelSize(8, 8, 8, "nanometer"))
    assert [level.shape for level in cubic] == [(101, 1025, 700), (51, 513, 350), (26, 257, 175)]
    unknown = pyramid((101, 1025, 700), None)
    assert [level.shape for level in unknown] == [
        (101, 1025, 700),
        (101, 513, 350),
        (101, 257, 175),
    ]
    assert len(pyramid((64, 512, 512), None)) == 1


def test_a_region_knows_its_place() -> None:
    region = Region(2, 10, 20, 5, 6)
    assert (region.rows, region.columns, region.shape) == (slice(10, 15), slice(20, 26), (5, 6))
    assert region.fits((3, 15, 26))
    assert not region.fits((2, 15, 26))
    assert not region.fits((3, 14, 26))
    assert region.at(0).z == 0
    with pytest.raises(ValueError, match="no region"):
        Region(0, 0, 0, 0, 4)


@given(
    st.lists(
        st.builds(
            Region,
            st.integers(0, 2),
            st.integers(0, 9),
            st.integers(0, 9),
            st.integers(1, 8),
            st.integers(1, 8),
        ),
        max_size=8,
    )
)
def test_voxels_in_several_regions_count_once(regions: list[Region]) -> None:
    seen = np.zeros((3, 20, 20), np.bool_)
    for region in regions:
        seen[region.z, region.rows, region.columns] = True
    assert area_of(regions) == seen.sum()
