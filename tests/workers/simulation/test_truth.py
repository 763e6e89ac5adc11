"""The labels that play the volunteers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from workers.simulation.truth import InputError, file_hash, read_truth, read_truths


def written(
    folder: Path, labels: NDArray[Any], image: NDArray[Any] | None = None
) -> tuple[Path, Path]:
    paths = folder / "image.tif", folder / "labels.tif"
    image = np.zeros(labels.shape, np.uint8) if image is None else image
    for path, volume in zip(paths, (image, labels), strict=True):
        tifffile.imwrite(path, volume, photometric="minisblack")
    return paths


def halves() -> NDArray[np.uint8]:
    labels = np.zeros((4, 16, 16), np.uint8)
    labels[:, 2:12, 2:7] = 3
    labels[:, 2:12, 7:12] = 9
    return labels


def test_values_that_form_one_body_each_are_classes(tmp_path: Path) -> None:
    truth = read_truth(*written(tmp_path, halves()))
    assert (truth.values, truth.count) == ((3, 9), 2)
    assert set(np.unique(truth.labels)) == {0, 1, 2}
    assert "2 classes" in truth.words


def test_values_in_pieces_are_one_class(tmp_path: Path) -> None:
    labels = halves()
    labels[:, 14, 2] = labels[:, 14, 10] = 3
    assert read_truth(*written(tmp_path, labels)).count == 1


def test_a_person_may_say_which(tmp_path: Path) -> None:
    paths = written(tmp_path, halves())
    assert read_truth(*paths, classes="one").count == 1
    labels = halves()
    labels[:, 14, 2] = labels[:, 14, 10] = 3
    assert read_truth(*written(tmp_path, labels), classes="several").count == 2


def test_cubes_of_one_study_have_the_classes_of_all_of_them(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    written(one, halves())
    written(other, np.where(halves() == 3, 0, halves()).astype(np.uint8)[:2])
    images = [folder / "image.tif" for folder in (one, other)]
    labels = [folder / "labels.tif" for folder in (one, other)]
    first, second = read_truths(images, labels)
    assert first.values == second.values == (3, 9)
    assert set(np.unique(second.labels)) == {0, 2}
    assert len(second.labels) == 2
    with pytest.raises(InputError, match="2 images but 1 volumes of labels"):
        read_truths(images, labels[:1])


def test_labels_without_objects_are_one_class(tmp_path: Path) -> None:
    truth = read_truth(*written(tmp_path, np.zeros((3, 8, 8), np.uint8)))
    assert (truth.count, truth.values) == (1, (1,))


def test_labels_of_another_shape_are_refused_in_a_sentence(tmp_path: Path) -> None:
    image, labels = written(tmp_path, halves(), np.zeros((4, 16, 12), np.uint8))
    with pytest.raises(InputError, match=r"shape .* but the image has shape"):
        read_truth(image, labels)
    with pytest.raises(InputError, match="There is no file"):
        read_truth(image, tmp_path / "nowhere.tif")


def test_a_hash_changes_with_the_content_alone(tmp_path: Path) -> None:
    one, other = tmp_path / "a", tmp_path / "b"
    one.write_bytes(b"voxels")
    other.write_bytes(b"voxels")
    assert file_hash(one) == file_hash(other)
    other.write_bytes(b"voxelz")
    assert file_hash(one) != file_hash(other)
