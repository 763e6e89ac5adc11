"""The training desk: runs, model versions and jobs. Admins act, managers look."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lamella.jobs import services as jobs
from lamella.jobs.errors import JobConflictError
from lamella.jobs.models import Job
from lamella.jobs.selectors import shown_and_failed
from lamella.languages.sentences import said
from lamella.learning import desk as desk_data
from lamella.learning.models import TrainingRun
from lamella.learning.selectors import serving_version
from lamella.loop import serving
from lamella.loop.comparing import COMPARED, ask_for_comparison, comparison_from
from lamella.loop.counted import Counted
from lamella.loop.disk import DISK, ask_for_cleaning, disk_from
from lamella.loop.errors import LoopError
from lamella.loop.health import machines
from lamella.loop.kept import figures_of
from lamella.loop.training import (
    cancel_training,
    resume_training,
    start_pretraining,
    start_training,
)
from lamella.pages import live as live_data
from lamella.pages.forms_config import ScheduleForm, TrainConfigForm
from lamella.pages.forms_training import StartForm
from lamella.pages.views.access import Place, place_for
from lamella.studies.config_fields import change_config, changed
from lamella.studies.models import Role, Study
from models.config import ScheduleConfig, TrainConfig

FAILED_SHOWN = 20


@require_safe
def desk(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    return _page(request, place)


def _page(
    request: HttpRequest,
    place: Place,
    *,
    config_form: TrainConfigForm | None = None,
    schedule_form: ScheduleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    study, chosen = place.study, request.GET.get("run", "")
    runs = desk_data.runs_of(study, request.user, int(chosen) if chosen.isdigit() else None)
    versions = desk_data.versions_of(study, request.user)
    serving = desk_data.serving_among(row.version for row in versions)
    figures = figures_of(study, "study", COMPARED, DISK)
    shown, failed = shown_and_failed(study.slug, live_data.SHOWN, FAILED_SHOWN)
    return render(
        request,
        "pages/study/training.html",
        {
            "place": place,
            "tab": "training",
            "runs": runs.rows,
            "open_run": runs.open,
            "versions": versions,
            "start_form": StartForm(user=request.user, study=study, serving=serving)
            if place.administers
            else None,
            "config_form": config_form or TrainConfigForm(study=study)
            if place.administers
            else None,
            "schedule_form": schedule_form or ScheduleForm(study=study)
            if place.administers
            else None,
            "configured": config_form is not None,
            "scheduled": schedule_form is not None or bool(changed(study, "schedule")),
            "machines": machines(),
            "comparison": comparison_from(figures[COMPARED], [row.version for row in versions])
            if COMPARED in figures
            else None,
            "disk": disk_from(figures[DISK]) if DISK in figures else None,
            "live": live_data.payload(study, Counted(study, figures), shown),
            "failed": failed,
        },
        status=status,
    )


def _back(slug: str, part: str = "") -> HttpResponse:
    response = redirect("pages:training", slug)
    response["Location"] += part
    return response


@require_POST
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """The usual run; with the fields of StartForm one that starts elsewhere."""
    place = place_for(request, slug, Role.ADMIN)
    try:
        run = _started(request, place.study)
    except LoopError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(
            request,
            _("Training run %(number)s waits for a worker; it begins in a few seconds.")
            % {"number": run.pk},
        )
    return _back(slug)


def _started(request: HttpRequest, study: Study) -> TrainingRun:
    if request.POST.get("kind") == TrainingRun.Kind.PRETRAIN:
        return start_pretraining(study)
    if "start_from" not in request.POST:
        return start_training(study)
    serving = serving_version(study)
    form = StartForm(request.POST, user=request.user, study=study, serving=serving)
    if not form.is_valid():
        raise LoopError(next(iter(form.errors.values()))[0])
    return start_training(
        study,
        begin=form.begin,
        taken=form.cleaned_data["taken"],
        trainable=form.cleaned_data["trainable"],
    )


@require_POST
def cancel(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.ADMIN)
    run = get_object_or_404(place.study.training_runs.select_related("job"), pk=pk)
    try:
        cancel_training(run)
    except LoopError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(request, _("Training run %(number)s is told to stop.") % {"number": pk})
    return _back(slug)


@require_POST
def resume(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Let a cancelled or failed run go on from its last checkpoint."""
    place = place_for(request, slug, Role.ADMIN)
    run = get_object_or_404(place.study.training_runs.select_related("job", "study"), pk=pk)
    try:
        resume_training(run)
    except LoopError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(
            request, _("Training run %(number)s goes on from its last checkpoint.") % {"number": pk}
        )
    return _back(slug)


@require_POST
def configure(request: HttpRequest, slug: str) -> HttpResponse:
    """What the next runs are trained with."""
    place = place_for(request, slug, Role.ADMIN)
    form = TrainConfigForm(request.POST, study=place.study)
    if not form.is_valid():
        return _page(request, place, config_form=form, status=422)
    change_config(place.study, TrainConfig, "train", form.values())
    messages.success(request, _("The next training run uses these settings."))
    return _back(slug)


@require_POST
def schedule(request: HttpRequest, slug: str) -> HttpResponse:
    """When runs start by themselves."""
    place = place_for(request, slug, Role.ADMIN)
    form = ScheduleForm(request.POST, study=place.study)
    if not form.is_valid():
        return _page(request, place, schedule_form=form, status=422)
    values = form.values()
    change_config(place.study, ScheduleConfig, "schedule", values)
    if values["new_tasks"] or values["at_hour"] is not None:
        messages.success(request, _("Runs start by themselves as you said."))
    else:
        messages.success(request, _("Runs start when a round closes, and when you start one."))
    return _back(slug)


@require_POST
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Hold the newest versions against each other on gold and audit masks."""
    place = place_for(request, slug, Role.ADMIN)
    ask_for_comparison(place.study)
    messages.success(
        request, _("The versions are being compared; the table is drawn anew when that is done.")
    )
    return _back(slug, "#comparison")


@require_POST
def clean_up(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete what can be made again of versions that no longer serve."""
    place = place_for(request, slug, Role.ADMIN)
    ask_for_cleaning(place.study)
    messages.success(request, _("What nobody needs is being deleted; it takes a moment."))
    return _back(slug, "#disk")


@require_POST
def promote(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.ADMIN)
    version = get_object_or_404(place.study.model_versions, pk=pk)
    try:
        serving.promote(version)
    except LoopError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(
            request, _("Version %(number)s serves from now on.") % {"number": version.number}
        )
    return _back(slug, "#versions")


@require_POST
def retry_job(request: HttpRequest, slug: str, pk: str) -> HttpResponse:
    place = place_for(request, slug, Role.ADMIN)
    job = get_object_or_404(Job, pk=pk, scope=place.study.slug)
    try:
        jobs.retry(job)
    except JobConflictError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(
            request, _("“%(title)s” waits for a worker again.") % {"title": said(job.title)}
        )
    return _back(slug, "#jobs")


@require_POST
def cancel_job(request: HttpRequest, slug: str, pk: str) -> HttpResponse:
    place = place_for(request, slug, Role.ADMIN)
    job = get_object_or_404(Job, pk=pk, scope=place.study.slug)
    try:
        jobs.tell_to_stop(job)
    except JobConflictError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(request, _("“%(title)s” is told to stop.") % {"title": said(job.title)})
    return _back(slug, "#jobs")
