"""Truth, what a machine proposes of it, and people who draw: the scenarios of the consensus
benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.labels import Labels, Mask

SMOOTH = 4.0
"""Pixels over which an outline's error keeps its sign."""


@dataclass(frozen=True, slots=True)
class Person:
    """How somebody draws.

    edge: root mean square error of an outline, pixels; wide: pixels that they draw too wide;
    miss: share of objects they do not see; invent: mean objects a mask that are not there;
    look: of what a proposal shows, the share that they check at all; near: they leave a shown
    outline as it is where it lies within so many pixels of theirs;
    spam: "", "empty", "noise" (random pixels), "other" (masks of another image), "stamp" (whatever
    is shown) or "full" (everything is foreground).
    """

    name: str
    edge: float = 1.5
    wide: float = 0.0
    miss: float = 0.05
    invent: float = 0.1
    look: float = 0.9
    near: float = 1.5
    spam: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One image: labels (H, W) int32, 1..n its objects; distance (H, W) float32 to their outline,
    pixels, above 0 inside; owner (H, W) the nearest object."""

    labels: NDArray[np.int32]
    distance: NDArray[np.float32]
    owner: NDArray[np.int32]

    @property
    def truth(self) -> Labels:
        return (self.labels > 0).astype(np.uint8)

    @property
    def count(self) -> int:
        return int(self.labels.max())


def make_scene(rng: np.random.Generator, side: int, density: float = 1.0) -> Scene:
    """Bodies with lobes, of 12 to 52 pixels radius, at least 4 apart, (H, W) = (side, side)."""
    labels = np.zeros((side, side), dtype=np.int32)
    away = np.full((side, side), 1e3, dtype=np.float32)
    wanted = round(density * 12 * (side / 512) ** 2 * rng.uniform(0.7, 1.3))
    y, x = np.mgrid[:side, :side].astype(np.float32)
    count = 0
    for _ in range(wanted * 4):
        if count >= wanted:
            break
        radius = float(rng.uniform(12, 52))
        free = np.flatnonzero((away > radius * 1.25 + 4).ravel())
        if not len(free):
            continue
        cy, cx = np.divmod(int(rng.choice(free)), side)
        body = _body(rng, y - cy, x - cx, radius)
        count += 1
        labels[body & (labels == 0)] = count
        away = cv2.distanceTransform((labels == 0).astype(np.uint8), cv2.DIST_L2, 5)
    return _measured(labels)


def _body(
    rng: np.random.Generator, y: NDArray[np.float32], x: NDArray[np.float32], radius: float
) -> Mask:
    angle = np.arctan2(y, x)
    wave = sum(
        rng.normal(0, 0.09 / k**0.5) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 4, 5)
    )
    body: Mask = np.hypot(y, x) < radius * np.clip(1 + wave, 0.7, 1.2)
    return body


def _measured(labels: NDArray[np.int32]) -> Scene:
    inside = cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 5)
    outside, pieces = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    owner = np.zeros(int(pieces.max()) + 1, dtype=np.int32)
    place = labels > 0
    owner[pieces[place]] = labels[place]
    distance = np.where(place, inside - 0.5, 0.5 - outside).astype(np.float32)
    return Scene(labels, distance, owner[pieces])


def propose(rng: np.random.Generator, scene: Scene) -> Labels:
    """What a machine shows: outlines off by 2 pixels, 12 % of the objects missing, and one in eight
    of what it shows not there."""
    machine = Person("machine", edge=2.0, miss=0.12, invent=0.14 * scene.count)
    return _drawn(rng, scene, machine)[0]


def draw(rng: np.random.Generator, scene: Scene, person: Person, shown: Labels | None) -> Labels:
    """A person's mask of a scene, (H, W) uint8; shown: the proposal, None where there is none."""
    side = scene.labels.shape[0]
    if person.spam == "empty":
        return np.zeros_like(scene.truth)
    if person.spam == "full":
        return np.ones_like(scene.truth)
    if person.spam == "noise":
        return (rng.random(scene.labels.shape) < rng.uniform(0.05, 0.5)).astype(np.uint8)
    if person.spam == "other":
        other = replace(person, spam="", miss=0.0, invent=0.0)
        return _drawn(rng, make_scene(rng, side), other)[0]
    if person.spam == "stamp" and shown is not None:
        return shown.copy()
    drawn, gone = _drawn(rng, scene, person)
    if shown is None:
        return drawn
    # What they would not have seen by themselves they leave as it is shown.
    return _corrected(rng, scene, person, np.where(gone, shown, drawn), shown)


def _drawn(rng: np.random.Generator, scene: Scene, person: Person) -> tuple[Labels, Mask]:
    """Their mask from nothing, and around which pixels they overlooked the object."""
    noise = _waves(rng, scene.labels.shape, person.edge)
    # A small body is drawn with more care: nobody is off by its whole size.
    size = np.zeros(scene.count + 1, dtype=np.float32)
    np.maximum.at(size, scene.labels.ravel(), scene.distance.ravel())
    care = np.minimum(1.0, 0.25 * size / max(person.edge, 0.1))[scene.owner]
    missed = np.flatnonzero(rng.random(scene.count) < person.miss) + 1
    mask = scene.distance + noise * care + person.wide > 0
    gone = np.zeros(scene.count + 1, dtype=bool)
    gone[missed] = True
    mask &= ~gone[scene.owner]
    side = mask.shape[0]
    y, x = np.ogrid[:side, :side]
    for _ in range(int(rng.poisson(person.invent))):
        cy, cx = rng.random(2) * side
        radius = float(rng.uniform(5, 22))
        if scene.distance[int(cy), int(cx)] < -radius - 4:
            mask |= (y - cy) ** 2 + (x - cx) ** 2 < radius**2
    return mask.astype(np.uint8), gone[scene.owner] & (scene.distance > -10)


def _waves(rng: np.random.Generator, shape: tuple[int, ...], size: float) -> NDArray[np.float32]:
    rough = rng.standard_normal(shape).astype(np.float32)
    field = np.asarray(cv2.GaussianBlur(rough, (0, 0), SMOOTH), dtype=np.float32)
    return field * np.float32(size / max(float(field.std()), 1e-9))


def _corrected(
    rng: np.random.Generator, scene: Scene, person: Person, drawn: Labels, shown: Labels
) -> Labels:
    """The proposal with those pieces changed that the person checks and does not find right."""
    changed = (drawn != shown).astype(np.uint8)
    found, pieces = cv2.connectedComponents(changed, connectivity=4)
    edge = cv2.distanceTransform(
        (cv2.morphologyEx(drawn, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) == 0).astype(
            np.uint8
        ),
        cv2.DIST_L2,
        5,
    )
    far = np.zeros(found, dtype=np.float32)
    np.maximum.at(far, pieces.ravel(), edge.ravel())
    change = far > person.near
    change[0] = False
    # What they do not look at stays, object by object: a missing one, a false one, a bad outline.
    count, bodies = cv2.connectedComponents(((shown > 0) | (scene.labels > 0)).astype(np.uint8))
    seen = rng.random(count) < person.look
    seen[0] = True
    return np.where(change[pieces] & seen[bodies], drawn, shown).astype(np.uint8)


def dice(a: Labels, b: Labels) -> float:
    """Dice of two masks' foreground; both empty is 1."""
    total = int((a > 0).sum()) + int((b > 0).sum())
    return 1.0 if total == 0 else 2 * int(((a > 0) & (b > 0)).sum()) / total


def crew(edges: Sequence[float]) -> list[Person]:
    """People of some edge errors, otherwise alike."""
    return [Person(f"v{i}", edge=e) for i, e in enumerate(edges)]
