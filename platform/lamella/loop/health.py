"""What an admin of the installation looks at: is anything waiting, missing, failed or silent?"""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from lamella.annotation.models import Assignment, Participation
from lamella.jobs.beats import MISSED, SCHEDULER
from lamella.jobs.kinds import QUEUES
from lamella.jobs.models import Beat, Job, JobState
from lamella.jobs.services import LIVE
from lamella.rounds.models import Task
from lamella.studies.models import Study, StudyState

FAILED_DAYS = 7
"""For how long failed jobs are shown."""
FAILED_SHOWN = 50
LATE = timedelta(minutes=5)
"""A job that waits longer than this in a queue whose workers are idle is late."""
STUCK = timedelta(minutes=30)
"""An open study in which nothing runs, waits or is offered for so long stands still."""
QUIET = timedelta(days=3)
"""An open study that offers tasks, and in which nobody drew for so long, is quiet."""
LITTLE = 0.1
"""Share of a disk below which its room is short."""


@dataclass(frozen=True)
class QueueState:
    """``oldest``: since when the job waits that waits longest."""

    name: str
    waiting: int
    oldest: datetime | None
    running: int
    workers: list[Beat]

    @property
    def late(self) -> bool:
        if self.oldest is None:
            return False
        idle = self.running < len(self.workers) or not self.workers
        return idle and timezone.now() - self.oldest > LATE


@dataclass(frozen=True)
class Silent:
    """An open study in which nothing happens; ``stuck``: and in which nothing can."""

    study: Study
    since: datetime | None
    stuck: bool


@dataclass(frozen=True)
class Disk:
    name: str
    free: int
    total: int

    @property
    def share(self) -> float:
        """Of it that is free."""
        return self.free / self.total if self.total else 0.0

    @property
    def short(self) -> bool:
        return self.share < LITTLE


@dataclass(frozen=True)
class Health:
    queues: list[QueueState]
    beats: list[Beat]
    missed: list[Beat]
    """Who has not been heard of for a while."""
    stale_jobs: list[Job]
    """They run by their row, and their worker has fallen silent."""
    stale_leases: int
    """Leases of tasks that ran out and were not taken back."""
    failed: list[Job]
    failed_count: int
    silent: list[Silent]
    disks: list[Disk]

    @property
    def scheduler(self) -> Beat | None:
        return next((beat for beat in self.beats if beat.name == SCHEDULER), None)

    @property
    def scheduler_missed(self) -> bool:
        return self.scheduler is None or self.scheduler in self.missed

    @property
    def troubles(self) -> int:
        """How many things need somebody."""
        return (
            self.scheduler_missed
            + len([beat for beat in self.missed if beat.queue])
            + len(self.stale_jobs)
            + bool(self.stale_leases)
            + self.failed_count
            + len([silent for silent in self.silent if silent.stuck])
            + sum(queue.late for queue in self.queues)
            + sum(disk.short for disk in self.disks)
        )


def look() -> Health:
    """Seven queries, however much there is."""
    now = timezone.now()
    found = list(Beat.objects.order_by("name"))
    missed = [beat for beat in found if now - beat.seen > MISSED]
    failed = failed_jobs()
    shown = list(failed.defer("params", "result")[:FAILED_SHOWN])
    return Health(
        queues=queues(found),
        beats=found,
        missed=missed,
        stale_jobs=stale_jobs(now),
        stale_leases=stale_leases(now),
        failed=shown,
        failed_count=len(shown) if len(shown) < FAILED_SHOWN else failed.count(),
        silent=silent_studies(now),
        disks=disks(),
    )


@dataclass(frozen=True)
class Machines:
    """The queue that training waits in, and who serves it."""

    queue: QueueState
    workers: list[Beat]


def machines() -> Machines:
    """For the training desk: the load of those who train. Two queries."""
    alive = Beat.objects.filter(seen__gt=timezone.now() - MISSED).order_by("name")
    heavy = next(queue for queue in queues(list(alive)) if queue.name == "heavy")
    return Machines(heavy, heavy.workers)


def queues(beats: list[Beat]) -> list[QueueState]:
    """Every queue, also one that is empty. One query."""
    rows: dict[str, Any] = {
        row["queue"]: row
        for row in Job.objects.filter(state__in=LIVE)
        .values("queue")
        .annotate(
            waiting=Count("pk", filter=Q(state=JobState.QUEUED)),
            oldest=Min("created", filter=Q(state=JobState.QUEUED)),
            running=Count("pk", filter=Q(state=JobState.RUNNING)),
        )
        .order_by()
    }
    nothing: dict[str, Any] = {"waiting": 0, "oldest": None, "running": 0}
    return [
        QueueState(
            name=name,
            waiting=row["waiting"],
            oldest=row["oldest"],
            running=row["running"],
            workers=[beat for beat in beats if beat.queue == name],
        )
        for name in QUEUES
        for row in [rows.get(name, nothing)]
    ]


def failed_jobs() -> QuerySet[Job]:
    """Of all studies, the newest first. One that was tried again is no longer among them."""
    since = timezone.now() - timedelta(days=FAILED_DAYS)
    return Job.objects.filter(state=JobState.FAILED, finished__gte=since).order_by("-finished")


def stale_jobs(now: datetime) -> list[Job]:
    """The reconciler takes them away within seconds; where it runs there are none."""
    lapsed = Job.objects.filter(state=JobState.RUNNING, lease_until__lt=now)
    return list(lapsed.order_by("lease_until").defer("params", "result")[:20])


def stale_leases(now: datetime) -> int:
    """Of tasks, a minute over; the scheduler ends them every two seconds."""
    over = now - timedelta(minutes=1)
    leased = Assignment.objects.filter(state=Assignment.State.LEASED, lease_until__lt=over)
    return leased.count()


def silent_studies(now: datetime) -> list[Silent]:
    """Open studies that nobody works on, those first that cannot go on. One query."""
    jobs = Job.objects.filter(scope=OuterRef("slug"))
    offered = Task.objects.filter(
        study=OuterRef("pk"), state=Task.State.OPEN, places_taken__lt=F("redundancy")
    )
    last = Participation.objects.filter(study=OuterRef("pk"), last__isnull=False).order_by("-last")
    rows = (
        Study.objects.filter(state=StudyState.OPEN)
        .annotate(
            drawn=Subquery(last.values("last")[:1]),
            worked=Subquery(jobs.order_by("-created").values("created")[:1]),
            busy=Exists(jobs.filter(state__in=LIVE)),
            offers=Exists(offered.exclude(kind=Task.Kind.GOLD)),
            cube=Max("cubes__created"),
        )
        .order_by("title")
    )
    found = []
    for study in rows:
        moments = [m for m in (study.drawn, study.worked, study.cube) if m is not None]
        since = max(moments, default=study.created)
        if study.busy:
            continue
        if study.offers:
            quiet = study.drawn or study.worked or study.created
            if now - quiet > QUIET:
                found.append(Silent(study, quiet, stuck=False))
        elif now - since > STUCK:
            found.append(Silent(study, since, stuck=True))
    return sorted(found, key=lambda silent: not silent.stuck)


def disks() -> list[Disk]:
    """The data folder's, and the store's where that is another local disk."""
    folders = {"data": Path(settings.DATA_DIR)}
    if "://" not in settings.STORE_URL:
        folders["store"] = Path(settings.STORE_URL)
    found: dict[int, Disk] = {}
    for name, folder in folders.items():
        place = next((p for p in (folder, *folder.parents) if p.exists()), None)
        if place is not None:
            usage = shutil.disk_usage(place)
            found.setdefault(place.stat().st_dev, Disk(name, usage.free, usage.total))
    return list(found.values())
