"""Shape-based interpolation: between two known slices the outline moves as the signed distances do.

After Raya and Udupa, "Shape-based interpolation of multidimensional objects", IEEE TMI 9(1), 1990,
for several classes at once: a signed distance of the foreground says where there is any class, one
per class says which, so that where one class gives way to another no background opens in between.
"""

import copy
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import distance_transform_edt

from models.config import PropagationConfig
from models.labels import Floats, Labels, Mask
from models.propagation.known import KnownSlice, as_known


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the known slices say about one slice.

    distance: (K, H, W) float32, pixels: how far inside the foreground (positive) or outside
              (negative) for the nearest class, less by how much further away each other class is;
              with one class its signed distance. The label is argmax over (0, distance). 0 where
              nothing is known in reach.
    slices:   (H, W) float32: distance in z to the nearest known slice there; 0 where the slice
              itself is known, inf where nothing is in reach.
    """

    distance: Floats
    slices: Floats


class SignedDistances:
    """Known masks of a cube, asked slice by slice; keeps a few distance maps in memory.

    known:    z -> (H, W) labels, or KnownSlice where only tiles are known.
    shape:    (Z, H, W) of the cube.
    classes:  K; values 1..K count, any other value is background.
    sampling: size of a pixel (y, x) relative to the finer of the two.
    Raises ValueError where a mask has another shape than the plane.
    """

    def __init__(
        self,
        known: Mapping[int, Labels | KnownSlice],
        shape: tuple[int, int, int],
        classes: int = 1,
        config: PropagationConfig | None = None,
        sampling: tuple[float, float] = (1.0, 1.0),
    ) -> None:
        self.shape = shape
        self.classes = classes
        self.config = config or PropagationConfig()
        self.sampling = sampling
        self.known = as_known(known, (shape[1], shape[2]))
        self._order = np.array(sorted(self.known), dtype=np.int64)
        self._certain = {z: entry.certain() for z, entry in self.known.items()}
        self._full = {z: bool(mask.all()) for z, mask in self._certain.items()}
        self._maps: OrderedDict[int, tuple[Window, NDArrayF16]] = OrderedDict()

    def without(self, z: int) -> "SignedDistances":
        """The same known masks with slice z left out: what they would have said about it.

        The two share the maps in memory, for a map is of its own slice alone.
        """
        rest = copy.copy(self)
        rest.known = {key: entry for key, entry in self.known.items() if key != z}
        rest._order = self._order[self._order != z]
        return rest

    def logit_evidence(self, z: int) -> Evidence:
        """What the known slices say about slice z; see Evidence. Cost: the two neighbours, more
        for tiles."""
        below = self._side(z, self._order[self._order <= z][::-1])
        above = self._side(z, self._order[self._order > z])
        if below is None and above is None:
            return self._nothing()
        if below is None or above is None:
            distance, away = below or above  # type: ignore[misc]
            near = np.isfinite(away)
            return Evidence(_combine(distance, near), away)
        (low, d_low), (high, d_high) = below, above
        gap = d_low + d_high
        both = np.isfinite(gap)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(both, d_low / gap, np.where(np.isfinite(d_high), 1, 0))
        share = share.astype(np.float32)
        nearest = np.minimum(d_low, d_high)
        distance = (low + share * (high - low)).astype(np.float32)
        return Evidence(_combine(distance, np.isfinite(nearest)), nearest)

    def labels(self, z: int) -> Labels:
        """(H, W) uint8 or uint16: the interpolated labels of slice z, the known mask itself
        where known."""
        dtype = np.uint8 if self.classes < 255 else np.uint16
        result: Labels = argmax_class(self.logit_evidence(z).distance).astype(dtype)
        if z in self.known:
            certain = self._certain[z]
            own = _classes_only(self.known[z].labels, self.classes)
            result[certain] = own[certain]
        return result

    def overwrite(self, z: int, probability: Floats) -> None:
        """Put what is known of slice z into (K, H, W) probabilities, in place, as 0 and 1."""
        entry = self.known.get(z)
        if entry is None:
            return
        certain = self._certain[z]
        for k in range(self.classes):
            probability[k][certain] = (entry.labels[certain] == k + 1).astype(probability.dtype)

    def _nothing(self) -> Evidence:
        plane = self.shape[1:]
        far = np.full(plane, np.inf, dtype=np.float32)
        return Evidence(np.zeros((self.classes, *plane), dtype=np.float32), far)

    def _side(self, z: int, order: Iterable[int]) -> tuple[Floats, Floats] | None:
        """Nearest known distance maps on one side of z and how far away (H, W), if in reach."""
        distance: Floats | None = None
        away = np.full(self.shape[1:], np.inf, dtype=np.float32)
        for at in order:
            step = abs(int(at) - z)
            if step > self.config.reach:
                break
            window, values = self._map(int(at))
            if distance is None:
                distance = np.zeros((len(values), *self.shape[1:]), dtype=np.float32)
            here, there = away[window], distance[(slice(None), *window)]
            fresh = self._certain[int(at)][window] & np.isinf(here)
            if fresh.all():
                there[...], here[...] = values, step
            else:
                there[:, fresh], here[fresh] = values[:, fresh], step
            if self._full[int(at)] or np.isfinite(away).all():
                break
        return None if distance is None else (distance, away)

    def _map(self, z: int) -> "tuple[Window, NDArrayF16]":
        """Distance maps of a known slice within the window that holds all that is known of it.

        Many slices of which a tile is known take no more memory than few that are known in whole.
        """
        if z in self._maps:
            self._maps.move_to_end(z)
            return self._maps[z]
        window = _window(self._certain[z])
        found = class_distances(
            _classes_only(self.known[z].labels[window], self.classes),
            self._certain[z][window],
            self.classes,
            self.config.cap,
            self.sampling,
        ).astype(np.float16)
        self._maps[z] = (window, found)
        limit = max(2, self.config.cached_slices) * self.shape[1] * self.shape[2]
        while len(self._maps) > 2 and sum(m[0].size for _, m in self._maps.values()) > limit:
            self._maps.popitem(last=False)
        return self._maps[z]


def _window(certain: Mask) -> "Window":
    """The part of a plane that holds all certain pixels, and one pixel around them.

    Beyond that pixel, where nothing is certain, no distance can be told, so maps within the window
    are the same as those of the whole plane.
    """
    found = []
    for axis in (1, 0):
        there = np.flatnonzero(certain.any(axis=axis))
        if not len(there):
            return slice(0, 1), slice(0, 1)
        length = certain.shape[1 - axis]
        found.append(slice(max(0, int(there[0]) - 1), min(length, int(there[-1]) + 2)))
    return found[0], found[1]


Window = tuple[slice, slice]
NDArrayF16 = np.ndarray[tuple[int, ...], np.dtype[np.float16]]


def class_distances(
    labels: Labels,
    certain: Mask,
    classes: int,
    cap: float,
    sampling: tuple[float, float] = (1.0, 1.0),
) -> Floats:
    """Signed distances in pixels, float32: of the foreground, then, if classes > 1, of each class.

    Shape (1, H, W) with one class, else (1 + K, H, W).

    labels (H, W) with values 0..K; only pixels in `certain` (H, W) are used, and no distance is
    larger than the distance to the nearest uncertain pixel, beyond which anything may lie. Clipped
    to +-cap.
    """
    border: Floats | None = None
    if not certain.all():
        border = distance_transform_edt(certain, sampling=sampling).astype(np.float32)

    def signed(inside: Mask) -> Floats:
        if not inside.any():
            result = np.full(inside.shape, -cap, dtype=np.float32)
        elif inside[certain].all():
            result = np.full(inside.shape, cap, dtype=np.float32)
        else:
            outside = certain & ~inside
            to_out = distance_transform_edt(~outside, sampling=sampling)
            to_in = distance_transform_edt(~inside, sampling=sampling)
            result = np.where(inside, to_out - 0.5, 0.5 - to_in).astype(np.float32)
        if border is not None:
            result = np.clip(result, -border, border)
        clipped: Floats = np.clip(result, -cap, cap)
        return clipped

    planes = [-signed((labels == 0) & certain)]
    if classes > 1:
        planes += [signed((labels == k) & certain) for k in range(1, classes + 1)]
    return np.stack(planes)


def _combine(maps: Floats, near: Mask) -> Floats:
    """(K, H, W) evidence from interpolated distance maps (class_distances); 0 outside `near`."""
    result = maps[:1]
    if len(maps) > 1:
        which = maps[1:]
        # Halved: across the line between two classes one distance rises as the other falls.
        result = maps[:1] + (which - which.max(axis=0)) / 2
    return np.where(near, result, 0).astype(np.float32)


def argmax_class(log_odds: Floats) -> Labels:
    """(H, W) uint32 labels from (K, H, W) evidence: the best class, 0 where none is above 0."""
    best = log_odds.argmax(axis=0)
    positive = np.take_along_axis(log_odds, best[None], axis=0)[0] > 0
    labels: Labels = np.where(positive, best + 1, 0).astype(np.uint32)
    return labels


def interpolate_slices(
    known: Mapping[int, Labels | KnownSlice],
    shape: tuple[int, int, int],
    classes: int = 1,
    config: PropagationConfig | None = None,
) -> Iterator[Labels]:
    """The interpolated labels (H, W) of every slice in order of z, with the memory of a few
    slices."""
    everywhere = replace(config or PropagationConfig(), reach=shape[0])
    distances = SignedDistances(known, shape, classes, everywhere)
    for z in range(shape[0]):
        yield distances.labels(z)


def interpolate(
    known: Mapping[int, Labels | KnownSlice],
    shape: tuple[int, int, int],
    classes: int = 1,
    config: PropagationConfig | None = None,
) -> Labels:
    """Labels (Z, H, W), uint8 (uint16 above 254 classes), interpolated between known slices along
    z.

    Beyond the first and the last known slice the nearest one is repeated. With nothing known all is
    background.
    """
    dtype = np.uint8 if classes < 255 else np.uint16
    result: Labels = np.zeros(shape, dtype=dtype)
    for z, plane in enumerate(interpolate_slices(known, shape, classes, config)):
        result[z] = plane
    return result


def _classes_only(labels: Labels, classes: int) -> Labels:
    kept: Labels = np.where(labels <= classes, labels, 0).astype(labels.dtype)
    return kept
