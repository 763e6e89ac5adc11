"""The one Celery task: ``celery -A workers.tasks worker -Q heavy``."""

from lamella.config.celery import app
from lamella.jobs.bell import TASK_NAME
from workers import liveness
from workers.runner import run_job

__all__ = ["app", "liveness", "run"]


@app.task(name=TASK_NAME)  # type: ignore[untyped-decorator]
def run(job_id: str) -> None:
    """Do the job if it is still to be had; the row says what it is."""
    run_job(job_id)
