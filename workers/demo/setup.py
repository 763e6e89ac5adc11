"""The demo's accounts, study and cube."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from django.conf import settings
from django.core.management import CommandError
from numpy.typing import NDArray

from lamella.accounts.models import User
from lamella.cubes.models import Cube, LabelsRole
from lamella.cubes.readers.registry import open_source
from lamella.cubes.services import add_cube, add_labels
from lamella.studies.models import Role, Study, StudyState
from lamella.studies.plan import ClassSpec
from lamella.studies.services import add_member, create_study, set_state
from models.simulate.phantom import make_phantom

# Slices that come labelled, as a share of the cube's; they count as shown.
SEED_SHARE = 0.04
FEWEST_SEEDS = 3
ROLES = {"alice": Role.VOLUNTEER, "dana": Role.MANAGER, "bob": Role.ADMIN}

GUIDE = """
**Lipid droplets** are round, evenly grey, and have a thin dark rim.

- Mark each droplet up to and including its rim.
- Droplets that touch may be marked as one.
- Vessels are larger, irregular and empty: leave them out.
- Mitochondria are darker and have stripes inside: leave them out.

Practice slices, which experts have drawn, are mixed in now and then.
"""


@dataclass(frozen=True)
class DemoInput:
    """The cube to work on. ``truth``: (Z, H, W) classes 0..K, None where nobody knows it."""

    name: str
    image: Path
    labels: Path | None
    truth: NDArray[np.uint8] | None
    classes: tuple[ClassSpec, ...]
    phantom: bool


def phantom_input(folder: Path, seed: int = 0) -> DemoInput:
    """The procedural liver, written as TIFF like any stack from a microscope."""
    folder.mkdir(parents=True, exist_ok=True)
    image, labels = folder / "phantom.tif", folder / "phantom-labels.tif"
    if not (image.exists() and labels.exists()):
        phantom = make_phantom(seed=seed)
        z, y, x = phantom.voxel_size
        for path, volume in ((image, phantom.image), (labels, phantom.labels)):
            tifffile.imwrite(
                path,
                volume,
                imagej=True,
                resolution=(1000 / x, 1000 / y),
                metadata={"axes": "ZYX", "spacing": z / 1000, "unit": "um"},
            )
    return DemoInput(
        "Liver phantom",
        image,
        labels,
        tifffile.imread(labels).astype(np.uint8),
        (ClassSpec(1, "lipid droplet"),),
        True,
    )


def check_given(image: Path | None, labels: Path | None) -> None:
    """Raises CommandError for labels without their image, and for files that are not there."""
    if labels is not None and image is None:
        raise CommandError("Labels alone show nothing; give IMAGE=… beside LABELS=….")
    for path in (image, labels):
        if path is not None and not path.exists():
            raise CommandError(f"There is no file {path}; give the path of a stack.")


def own_input(image: Path, labels: Path | None, *, several: bool) -> DemoInput:
    """A person's own stack. Labels above 0 are one class, unless there are ``several``."""
    truth = None
    classes = [ClassSpec(1, "object")]
    if labels is not None:
        source = open_source(labels)
        try:
            volume = np.concatenate(
                [source.slices(z, z + 1) for z in range(source.shape[0])], axis=0
            )
        finally:
            source.close()
        if several:
            values = [int(v) for v in np.unique(volume) if v]
            classes = [ClassSpec(v, f"class {v}") for v in values]
            truth = np.zeros(volume.shape, np.uint8)
            for index, value in enumerate(values, start=1):
                truth[volume == value] = index
        else:
            truth = (volume > 0).astype(np.uint8)
    name = image.parent.name if image.stem in ("image", "raw") else image.stem
    return DemoInput(name, image, labels, truth, tuple(classes), False)


def make_accounts() -> dict[str, str]:
    """One account for each role; returns the passwords of the ones made now."""
    passwords = {}
    for name in ROLES:
        if not User.objects.filter(username=name).exists():
            passwords[name] = f"{name}-{secrets.token_urlsafe(6)}"
            User.objects.create_user(name, password=passwords[name], is_staff=name == "bob")
    return passwords


def make_study(found: DemoInput, **policy: Any) -> Study:
    """A public study that anybody may try without an account."""
    study = create_study(
        title="Lipid droplets in liver" if found.phantom else f"Study of {found.name}",
        question=(
            "Where are the lipid droplets in this piece of liver?"
            if found.phantom
            else f"Where are the objects in {found.name}?"
        ),
        by=User.objects.get(username="bob"),
        classes=found.classes,
        guide=GUIDE if found.phantom else "Mark every object up to its edge.",
        public=True,
        anonymous=True,
        **policy,
    )
    for name, role in ROLES.items():
        add_member(study, User.objects.get(username=name), role)
    set_state(study, StudyState.OPEN)
    return study


def seed_slices(depth: int) -> list[int]:
    """Evenly spaced slices, away from the ends."""
    count = max(FEWEST_SEEDS, round(SEED_SHARE * depth))
    return sorted({int((i + 0.5) * depth / count) for i in range(count)})


def bring_in(study: Study, found: DemoInput, *, seeds: Sequence[int]) -> Cube:
    """Queue the cube and its seed labels. The rest of the labels stays with the simulation."""
    bob = User.objects.get(username="bob")
    cube = add_cube(study, name=found.name, path=found.image, by=bob)
    if found.labels is not None and seeds:
        many = len(found.classes) > 1 or found.phantom
        add_labels(
            cube,
            name="seed slices",
            role=LabelsRole.TRAINING,
            path=found.labels,
            mapping=None if many else {},
            others=None if many else 1,
            slices=list(seeds),
            by=bob,
        )
    return cube


def demo_folder() -> Path:
    return Path(settings.DATA_DIR) / "demo"
