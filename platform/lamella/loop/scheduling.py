"""Training that starts by itself: after so many newly agreed tasks, or at an hour of the day.

Beside it the loop trains whenever a round closes; see steps.py.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.utils import timezone

from lamella.learning.models import TrainingRun
from lamella.learning.services import live_run
from lamella.loop.errors import LoopError
from lamella.loop.training import start_training
from lamella.rounds.models import Task
from lamella.studies.models import Study, StudyState
from lamella.studies.policy import config_of
from models.config import ScheduleConfig

logger = logging.getLogger(__name__)

REST = timedelta(minutes=10)
"""After a run that ended without a version; another would most likely end alike."""


def new_tasks(study: Study, most: int) -> int:
    """Tasks agreed on since the last run on labels was queued, counted to ``most``."""
    found = study.tasks.filter(
        state__in=[Task.State.RETIRED, Task.State.ACCEPTED], blind=False
    ).exclude(kind=Task.Kind.GOLD)
    last = _last_run(study)
    if last is not None:
        found = found.filter(retired__gt=last.created)
    return found.values("pk").order_by()[:most].count()


def is_due(study: Study, now: datetime) -> bool:
    """Whether a rule of the study says that a run should start now."""
    rule = config_of(study, ScheduleConfig, "schedule")
    if not rule.new_tasks and rule.at_hour is None:
        return False
    last = _last_run(study)
    failed = last is not None and last.state in (
        TrainingRun.State.FAILED,
        TrainingRun.State.CANCELLED,
    )
    if failed and last is not None and now - (last.finished or last.created) < REST:
        return False
    if rule.new_tasks and new_tasks(study, rule.new_tasks) >= rule.new_tasks:
        return True
    here = timezone.localtime(now)
    if rule.at_hour is None or here.hour != rule.at_hour:
        return False
    hour = here.replace(minute=0, second=0, microsecond=0)
    return (last is None or last.created < hour) and bool(new_tasks(study, 1))


def start_due(now: datetime | None = None) -> int:
    """Start the runs that are due, one a study; the scheduler calls it. Returns how many."""
    now = now or timezone.now()
    started = 0
    for study in Study.objects.filter(state=StudyState.OPEN, settings__has_key="schedule"):
        if live_run(study) is None and is_due(study, now):
            # Nothing is labelled yet, or a person was quicker.
            with suppress(LoopError):
                run = start_training(study)
                logger.info("Training run %s of %s starts by rule.", run.pk, study.slug)
                started += 1
    return started


def _last_run(study: Study) -> TrainingRun | None:
    runs = study.training_runs.filter(kind=TrainingRun.Kind.TRAIN).order_by("-pk")
    return runs.only("state", "created", "finished").first()
