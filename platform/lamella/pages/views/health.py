"""The state of the installation, for its admins; and as Prometheus reads it."""

import hashlib
import secrets

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from lamella.accounts.access import account_of
from lamella.jobs import services as jobs
from lamella.jobs.errors import JobConflictError
from lamella.jobs.models import Job
from lamella.languages.sentences import said
from lamella.loop import health as state
from lamella.loop.metrics import exposition
from lamella.pages.live import answer
from lamella.studies.access import NotVisibleError


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    _admit(request)
    seen = state.look()
    return render(request, "pages/health.html", {"health": seen, "stamp": _stamp(seen)})


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Changes when the page should be drawn anew. Answers 304 while nothing did."""
    _admit(request)
    return answer(request, {"jobs": [], "stamp": _stamp(state.look())})


def _stamp(seen: state.Health) -> str:
    queues = [(q.name, q.waiting, q.running, q.late) for q in seen.queues]
    failed = [str(job.pk) for job in seen.failed]
    silent = [(one.study.pk, one.stuck) for one in seen.silent]
    missed = [beat.name for beat in seen.missed]
    stale = [str(job.pk) for job in seen.stale_jobs]
    told = repr((queues, failed, silent, missed, stale, seen.stale_leases))
    # Not hash(): every process of the server would tell another one.
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@require_POST
def retry(request: HttpRequest, pk: str) -> HttpResponse:
    """Try a failed job of whatever study again."""
    _admit(request)
    job = get_object_or_404(Job, pk=pk)
    try:
        jobs.retry(job)
    except JobConflictError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(
            request, _("“%(title)s” waits for a worker again.") % {"title": said(job.title)}
        )
    return redirect("pages:health")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For Prometheus with the token of the settings, and for admins of the installation."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    wanted = settings.METRICS_TOKEN
    if not (wanted and secrets.compare_digest(given.encode(), wanted.encode())):
        _admit(request)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _admit(request: HttpRequest) -> None:
    """Admins of the installation; to everybody else there is nothing here."""
    user = account_of(request)
    if user is None or not user.is_staff:
        raise NotVisibleError
