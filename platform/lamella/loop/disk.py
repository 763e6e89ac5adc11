"""What a study takes of the disk, and what of it nobody needs any more.

What can be made again goes: predictions of versions that neither serve nor stand by, proposals that
no task shows and no certificate rests on, and the working files of training runs that ended well.
Images, labels, masks, checkpoints of versions and exports stay.
"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from lamella.cubes.store import cube_location, location
from lamella.exchange.models import Export
from lamella.jobs.services import enqueue
from lamella.learning.models import ModelVersion, Proposal, TrainingRun
from lamella.learning.proposals import prediction_root
from lamella.loop.kept import figures_of
from lamella.loop.models import Figures
from lamella.studies.models import Study, StudyState

DISK = "disk"
"""What the figures are kept as."""
STAND_BY = 2
"""Versions before the serving one whose predictions stay, to roll back to at once."""
MEASURED = timedelta(hours=24)
"""How often a study is measured."""

PARTS = ("images", "labels", "predictions", "proposals", "models", "exports", "work")


@dataclass(frozen=True)
class DiskUse:
    """bytes by part; ``spare``: of these what cleaning up would delete."""

    counted: datetime
    parts: dict[str, int]
    spare: int

    @property
    def all(self) -> int:
        return sum(self.parts.values())


def disk_of(study: Study) -> DiskUse | None:
    """As measured last; None before the first time. One query."""
    kept = figures_of(study, DISK).get(DISK)
    return None if kept is None else disk_from(kept)


def disk_from(kept: Figures) -> DiskUse:
    """The same, of what was read already."""
    return DiskUse(kept.counted, kept.value["parts"], kept.value["spare"])


def ask_for_cleaning(study: Study) -> None:
    _ask(study, "delete", "Delete what nobody needs")


def measure_due() -> int:
    """Have each study measured once a day; the scheduler calls it. Returns how many are."""
    since = timezone.now() - MEASURED
    fresh = Figures.objects.filter(key__startswith=f"{DISK}:", counted__gte=since)
    due = Study.objects.exclude(state=StudyState.DRAFT).exclude(pk__in=fresh.values("study"))
    for study in due:
        _ask(study, "measure", "Measure what is on the disk")
    return len(due)


def _ask(study: Study, what: str, title: str) -> None:
    enqueue(
        "clean_up",
        params={"study_id": study.pk, "what": what},
        title=title,
        scope=study.slug,
        key=f"clean_up:{study.pk}",
        again=True,
    )


def measure(study: Study) -> dict[str, Any]:
    """Look at every file of a study, and keep how much there is."""
    parts = dict.fromkeys(PARTS, 0)
    cubes = list(study.cubes.prefetch_related("labels"))
    for cube in cubes:
        if cube.managed and cube.uri:
            parts["images"] += cube_location(cube).size()
        parts["labels"] += sum(location(one.uri).size() for one in cube.labels.all() if one.uri)
    versions = list(study.model_versions.all())
    for version in versions:
        if version.checkpoint:
            parts["models"] += location(version.checkpoint).size()
        parts["predictions"] += sum(prediction_root(version.pk, c.pk).size() for c in cubes)
    uris = Proposal.objects.filter(cube__study=study).exclude(uri="").values_list("uri", flat=True)
    parts["proposals"] = sum(location(uri).size() for uri in set(uris))
    exports = Export.objects.filter(cube__study=study).exclude(uri="")
    parts["exports"] = sum(location(one.uri).size() for one in exports)
    parts["work"] = sum(_folder_size(folder) for folder in _work(study, ended_well=False))
    value = {"parts": parts, "spare": _spare(study)}
    Figures.objects.update_or_create(
        key=f"{DISK}:{study.pk}",
        defaults={"study": study, "value": value, "counted": timezone.now(), "seconds": 0.0},
    )
    return value


def clean(study: Study) -> int:
    """Delete what nobody needs; returns how many bytes that were. Doing it twice is harmless."""
    freed = _spare(study)
    for version in _past(study):
        for cube in study.cubes.all():
            prediction_root(version.pk, cube.pk).remove()
    for proposal in list(_idle(study)):
        uri = proposal.uri
        # The row first: what is no longer known of is shown to nobody.
        proposal.delete()
        if uri and not Proposal.objects.filter(uri=uri).exists():
            location(uri).remove()
    for folder in _work(study, ended_well=True):
        shutil.rmtree(folder, ignore_errors=True)
    return freed


def _spare(study: Study) -> int:
    cubes = list(study.cubes.values_list("pk", flat=True))
    spare = sum(prediction_root(v.pk, cube).size() for v in _past(study) for cube in cubes)
    spare += sum(location(proposal.uri).size() for proposal in _idle(study) if proposal.uri)
    return spare + sum(_folder_size(folder) for folder in _work(study, ended_well=True))


def _past(study: Study) -> list[ModelVersion]:
    """Retired versions that are not among the newest STAND_BY of them."""
    retired = study.model_versions.filter(
        state=ModelVersion.State.RETIRED, kind=ModelVersion.Kind.TRAINED
    )
    return list(retired.order_by("-number")[STAND_BY:])


def _idle(study: Study) -> QuerySet[Proposal]:
    """Ready proposals of past versions that no task shows and no certificate rests on."""
    return Proposal.objects.filter(
        cube__study=study,
        state=Proposal.State.READY,
        model_version__in=_past(study),
        tasks__isnull=True,
        certificates__isnull=True,
    )


def _work(study: Study, *, ended_well: bool) -> list[Path]:
    """Folders of training runs on this machine: of all, or of those that made a version."""
    runs = study.training_runs.all()
    if ended_well:
        runs = runs.filter(state=TrainingRun.State.DONE)
    root = Path(settings.DATA_DIR) / "work" / "training"
    return [
        folder for pk in runs.values_list("pk", flat=True) if (folder := root / str(pk)).exists()
    ]


def _folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
