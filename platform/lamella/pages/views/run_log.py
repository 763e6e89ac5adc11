"""What a training run said while a worker was at it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from lamella.jobs.logs import log_of
from lamella.learning.desk import LARGE
from lamella.pages import live
from lamella.pages.views.access import place_for
from lamella.studies.models import Role


@require_safe
def run_log(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    runs = place.study.training_runs.select_related("job").defer(*LARGE)
    run = get_object_or_404(runs, pk=pk)
    log = log_of(run.job_id)
    trace = run.job.traceback.rstrip() if run.job else ""
    if trace.rpartition("\n")[2] in log:
        trace = ""
    return render(
        request,
        "pages/study/run_log.html",
        {
            "place": place,
            "tab": "training",
            "run": run,
            "log": "\n".join(filter(None, (log, trace))),
            "live": live.payload(place.study),
        },
    )
