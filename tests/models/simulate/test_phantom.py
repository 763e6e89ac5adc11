"""The liver phantom: repeatable, true, and no threshold or pixel classifier's prey."""

import numpy as np
import pytest
from skimage.feature import multiscale_basic_features
from skimage.filters import threshold_otsu
from skimage.measure import label, regionprops

from models.simulate.phantom import Phantom, make_phantom

SHAPE = (20, 256, 256)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(SHAPE, seed=0)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / max(int(a.sum() + b.sum()), 1))


def test_shape_type_and_voxel_size(phantom: Phantom) -> None:
    assert phantom.image.shape == phantom.labels.shape == SHAPE
    assert phantom.image.dtype == phantom.labels.dtype == np.uint8
    assert phantom.voxel_size == (50.0, 20.0, 20.0)
    assert set(np.unique(phantom.labels)) == {0, 1}


def test_the_same_seed_gives_the_same_voxels_and_another_seed_others() -> None:
    small = (4, 64, 96)
    a, b, c = make_phantom(small, 1), make_phantom(small, 1), make_phantom(small, 2)
    np.testing.assert_array_equal(a.image, b.image)
    np.testing.assert_array_equal(a.labels, b.labels)
    assert (a.image != c.image).mean() > 0.5


def test_droplets_are_many_of_many_sizes(phantom: Phantom) -> None:
    assert 0.03 < phantom.labels.mean() < 0.25
    areas = [
        region.area
        for plane in phantom.labels[::4]
        for region in regionprops(label(plane))  # type: ignore[no-untyped-call]
    ]
    assert len(areas) > 20
    assert np.quantile(areas, 0.9) > 6 * np.quantile(areas, 0.1)


def test_the_truth_runs_on_from_slice_to_slice(phantom: Phantom) -> None:
    steps = [dice(a > 0, b > 0) for a, b in zip(phantom.labels, phantom.labels[1:], strict=False)]
    assert np.median(steps) > 0.75


def test_no_threshold_finds_the_droplets(phantom: Phantom) -> None:
    image, truth = phantom.image, phantom.labels > 0
    level = threshold_otsu(image)  # type: ignore[no-untyped-call]
    assert max(dice(image > level, truth), dice(image <= level, truth)) < 0.6
    best = max(
        dice((image >= low) & (image < high), truth)
        for low in range(120, 200, 10)
        for high in range(low + 20, 260, 20)
    )
    assert best < 0.7


def test_a_pixel_forest_on_a_tenth_of_the_slices_stays_below_point_eight(
    phantom: Phantom,
) -> None:
    forest = pytest.importorskip("sklearn.ensemble").RandomForestClassifier(
        40, min_samples_leaf=5, max_samples=0.5, random_state=0
    )
    image, truth = phantom.image, phantom.labels > 0
    rng = np.random.default_rng(0)

    def features(z: int) -> np.ndarray:
        found = multiscale_basic_features(  # type: ignore[no-untyped-call]
            image[z], sigma_min=1, sigma_max=16, num_sigma=5
        )
        return np.asarray(found.reshape(-1, found.shape[-1]))

    chosen = [rng.choice(256 * 256, 8000, replace=False) for _ in range(2)]
    rows = np.concatenate([features(z)[c] for z, c in zip((5, 15), chosen, strict=True)])
    target = np.concatenate([truth[z].ravel()[c] for z, c in zip((5, 15), chosen, strict=True)])
    forest.fit(rows, target)
    unseen = (2, 8, 12, 18)
    sure = np.stack([forest.predict_proba(features(z))[:, 1] for z in unseen])
    expected = truth[list(unseen)].reshape(len(unseen), -1)
    assert max(dice(sure > t, expected) for t in (0.3, 0.4, 0.5, 0.6)) < 0.8


@pytest.mark.parametrize("shape", [(1, 32, 32), (3, 200, 40)])
def test_small_and_odd_shapes_work(shape: tuple[int, int, int]) -> None:
    assert make_phantom(shape, 0).image.shape == shape


def test_too_small_a_phantom_is_refused_with_one_sentence() -> None:
    with pytest.raises(ValueError, match="at least, not"):
        make_phantom((0, 64, 64))
