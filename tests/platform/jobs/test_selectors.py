"""Which jobs pages list."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from lamella.jobs.models import Job, JobState
from lamella.jobs.selectors import failed_jobs, jobs_to_show, shown_and_failed
from lamella.studies.models import Study
from tests import factories as make

pytestmark = pytest.mark.django_db


def ended(state: JobState, *, hours: float, study: Study) -> Job:
    return make.make_job(study, state=state, finished=timezone.now() - timedelta(hours=hours))


def test_both_lists_of_a_page_come_with_one_question(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    study, other = make.make_study(), make.make_study("Other")
    for place in (study, other):
        for hours in (1, 30, 50, 200):
            ended(JobState.FAILED, hours=hours, study=place)
        for hours in (2, 40):
            ended(JobState.DONE, hours=hours, study=place)
        make.make_job(place)
        make.make_job(place, state=JobState.QUEUED)
    for most in (1, 2, 3, 9):
        with django_assert_num_queries(1):
            shown, failed = shown_and_failed(study.slug, most, most)
        assert shown == list(jobs_to_show(study.slug)[:most])
        assert failed == list(failed_jobs(study.slug).order_by("-finished")[:most])
    assert (len(shown), len(failed)) == (4, 3)
