"""Joining consensus and proposal along z."""

import numpy as np

from models.propagation.reconcile import ExportSlice, seams, settle


def plane(*boxes: tuple[int, int, int, int], value: int = 1) -> np.ndarray:
    mask = np.zeros((20, 20), dtype=np.uint8)
    for y0, x0, y1, x1 in boxes:
        mask[y0:y1, x0:x1] = value
    return mask


def known(mask: np.ndarray) -> ExportSlice:
    return ExportSlice(mask, np.ones(mask.shape, bool))


def proposed(mask: np.ndarray, confidence: float | None = None) -> ExportSlice:
    sure = None if confidence is None else np.full(mask.shape, confidence, np.float32)
    return ExportSlice(mask, np.zeros(mask.shape, bool), sure)


BLOCK = plane((4, 4, 10, 10))
EMPTY = plane()


def test_a_doubtful_hole_between_agreeing_neighbours_is_filled() -> None:
    middle = list(settle([proposed(BLOCK), proposed(EMPTY, 0.6), proposed(BLOCK)]))[1]
    np.testing.assert_array_equal(middle.labels, BLOCK)


def test_what_the_model_is_sure_of_stays() -> None:
    middle = list(settle([proposed(EMPTY), proposed(BLOCK, 0.99), proposed(EMPTY)]))[1]
    np.testing.assert_array_equal(middle.labels, BLOCK)


def test_an_agreed_slice_is_never_touched() -> None:
    middle = list(settle([known(BLOCK), known(EMPTY), known(BLOCK)]))[1]
    np.testing.assert_array_equal(middle.labels, EMPTY)


def test_without_confidence_only_flicker_between_agreed_slices_is_settled() -> None:
    between_known = list(settle([known(BLOCK), proposed(EMPTY), known(BLOCK)]))[1]
    between_proposed = list(settle([proposed(BLOCK), proposed(EMPTY), proposed(BLOCK)]))[1]
    np.testing.assert_array_equal(between_known.labels, BLOCK)
    np.testing.assert_array_equal(between_proposed.labels, EMPTY)


def test_every_slice_comes_out_once_and_in_order() -> None:
    for n in (0, 1, 2, 5):
        stack = [proposed(plane((i, i, i + 3, i + 3))) for i in range(n)]
        out = list(settle(stack))
        assert len(out) == n
        for before, after in zip(stack, out, strict=True):
            np.testing.assert_array_equal(before.labels, after.labels)


def test_a_split_at_a_seam_is_counted_there_and_not_elsewhere() -> None:
    whole, halves = plane((4, 4, 10, 16)), plane((4, 4, 10, 9), (4, 11, 10, 16))
    report = seams([known(whole), proposed(halves), proposed(halves), known(whole)])
    assert report.at_seams.splits == 1
    assert report.at_seams.merges == 1
    assert report.elsewhere.splits == 0
    assert report.elsewhere.links == 2


def test_starts_and_ends_are_objects_without_a_partner() -> None:
    report = seams([known(BLOCK), proposed(EMPTY), known(BLOCK)])
    assert (report.at_seams.ends, report.at_seams.starts) == (1, 1)


def test_objects_of_different_value_are_not_linked() -> None:
    report = seams([known(BLOCK), proposed(BLOCK * 2)])
    assert report.at_seams.links == 0


def test_unsure_voxels_are_no_object() -> None:
    report = seams([known(BLOCK * 255), proposed(EMPTY)])
    assert report.at_seams.ends == 0
