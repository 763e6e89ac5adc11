"""The installation's state as Prometheus reads it: counted when it asks, kept nowhere."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from lamella.jobs import beats
from lamella.jobs.models import Beat
from lamella.loop.health import Health, look


class _State:
    """A collector in the sense of prometheus_client."""

    def collect(self) -> Iterator[Metric]:
        health = look()
        yield from _of_queues(health)
        yield from _of_machines(list(Beat.objects.all()))
        yield _one("lamella_jobs_failed", "Failed jobs of seven days.", health.failed_count)
        yield _one(
            "lamella_jobs_stale", "Running jobs whose worker is silent.", len(health.stale_jobs)
        )
        yield _one("lamella_leases_stale", "Leases of tasks over their time.", health.stale_leases)
        silent = GaugeMetricFamily(
            "lamella_studies_silent", "Open studies in which nothing happens.", labels=["kind"]
        )
        stuck = sum(one.stuck for one in health.silent)
        silent.add_metric(["stuck"], stuck)
        silent.add_metric(["quiet"], len(health.silent) - stuck)
        yield silent
        free = GaugeMetricFamily("lamella_disk_free_bytes", "Free room.", labels=["disk"])
        for disk in health.disks:
            free.add_metric([disk.name], disk.free)
        yield free
        yield _one("lamella_troubles", "Things that need somebody.", health.troubles)


def _one(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _of_queues(health: Health) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("lamella_jobs", "Jobs by queue and state.", labels=["queue", "state"])
    age = GaugeMetricFamily(
        "lamella_jobs_oldest_waiting_seconds", "Age of the oldest waiting job.", labels=["queue"]
    )
    now = timezone.now()
    for queue in health.queues:
        jobs.add_metric([queue.name, "waiting"], queue.waiting)
        jobs.add_metric([queue.name, "running"], queue.running)
        waited = (now - queue.oldest).total_seconds() if queue.oldest else 0.0
        age.add_metric([queue.name], waited)
    yield jobs
    yield age


def _of_machines(found: list[Beat]) -> Iterator[Metric]:
    silent = GaugeMetricFamily(
        "lamella_heartbeat_age_seconds", "Since a process was heard of.", labels=["name", "queue"]
    )
    busy = GaugeMetricFamily("lamella_processor_busy", "Load by processor.", labels=["name"])
    gpu = GaugeMetricFamily("lamella_gpu_busy", "Share of a GPU's time.", labels=["name", "gpu"])
    memory = GaugeMetricFamily(
        "lamella_gpu_memory", "Share of a GPU's memory.", labels=["name", "gpu"]
    )
    now = timezone.now()
    for beat in found:
        silent.add_metric([beat.name, beat.queue], (now - beat.seen).total_seconds())
        if now - beat.seen > beats.MISSED:
            continue
        if beat.load.get("busy") is not None:
            busy.add_metric([beat.name], beat.load["busy"])
        for number, one in enumerate(beat.load.get("gpus", [])):
            if one["busy"] is not None:
                gpu.add_metric([beat.name, str(number)], one["busy"])
            if one["memory"] is not None:
                memory.add_metric([beat.name, str(number)], one["memory"])
    yield from (silent, busy, gpu, memory)


def exposition() -> bytes:
    """In Prometheus' text format. A registry of its own: every process would else tell its own."""
    registry = CollectorRegistry()
    registry.register(_State())
    return generate_latest(registry)
