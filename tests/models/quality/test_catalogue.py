"""A catalogue of objects: where they are, how large, and how likely not there."""

import numpy as np
import pytest

from models.quality.catalogue import Catalogue


def test_an_object_is_doubted_by_the_mean_of_its_voxels() -> None:
    labels = np.zeros((3, 8, 8), np.uint8)
    labels[0:2, 1:3, 1:3] = 1
    labels[2, 5:7, 5:8] = 2
    probability = np.full(labels.shape, 0.9, np.float32)
    probability[0, 1:3, 1:3] = 0.5
    probability[2] = 0.25
    found = Catalogue()
    for plane, certain in zip(labels, probability, strict=True):
        found.add(plane, certain)
    table, doubt = found.objects()
    assert table.volume.tolist() == [8, 6]
    assert table.value.tolist() == [1, 2]
    assert doubt == pytest.approx([0.3, 0.75])
    assert table.centroid[0].tolist() == [0.5, 1.5, 1.5]


def test_a_piece_that_splits_and_joins_is_one_object() -> None:
    labels = np.zeros((3, 5, 9), np.uint8)
    labels[:, 2, 1] = labels[:, 2, 7] = 1
    labels[1, 2, 1:8] = 1
    found = Catalogue()
    for plane in labels:
        found.add(plane, np.ones(plane.shape, np.float32))
    table, doubt = found.objects()
    assert len(table) == 1
    assert doubt.tolist() == [0.0]


def test_a_stack_without_objects_has_an_empty_catalogue() -> None:
    found = Catalogue()
    found.add(np.zeros((4, 4), np.uint8), np.ones((4, 4), np.float32))
    table, doubt = found.objects()
    assert (len(table), len(doubt)) == (0, 0)
