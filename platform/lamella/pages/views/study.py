"""A study: its home for visitors and managers, its settings, and a new one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lamella.accounts.access import volunteer_for
from lamella.languages.sentences import said
from lamella.loop import overview, selectors
from lamella.loop.counted import Counted
from lamella.loop.impact import impact_of
from lamella.notices import announcements
from lamella.pages import live as live_data
from lamella.pages.forms_study import ClassFormSet, PolicyForm, StudyForm
from lamella.pages.views.access import Place, place_for, user_of
from lamella.studies import services
from lamella.studies.markdown import render as render_markdown
from lamella.studies.models import Role, StudyState


@require_safe
def home(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug)
    if place.manages and request.GET.get("as") != "volunteer":
        return _manager_home(request, place)
    study = place.study
    volunteer = volunteer_for(request, create=False)
    now = Counted(study)
    front = selectors.front_of(study, place.role, now)
    return render(
        request,
        "pages/study/home.html",
        {
            "place": place,
            "tab": "home",
            "guide": render_markdown(study.guide),
            "classes": study.classes.all(),
            "announcements": announcements.standing(study),
            "card": front.card,
            "body": front.drawn,
            "impact": impact_of(study, volunteer),
            "credits": now.credits,
            "practice": front.practice,
            "may_contribute": selectors.may_take_tasks(request.user, study, place.role),
        },
    )


def _manager_home(request: HttpRequest, place: Place) -> HttpResponse:
    now = Counted(place.study)
    seen = overview.of_study(place.study, now)
    return render(
        request,
        "pages/study/manager.html",
        {
            "place": place,
            "tab": "home",
            "overview": seen,
            "live": live_data.payload(place.study, now),
        },
    )


@require_safe
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """What changes while a manager looks: jobs and counts. Answers 304 while nothing did."""
    place = place_for(request, slug, Role.MANAGER)
    return live_data.answer(request, live_data.payload(place.study))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_study(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    form = StudyForm(request.POST or None)
    classes = ClassFormSet(request.POST or None, prefix="classes")
    if request.method == "POST" and form.is_valid() and classes.is_valid():
        try:
            study = services.create_study(
                title=form.cleaned_data["title"],
                question=form.cleaned_data["question"],
                by=user,
                classes=classes.specs(),
                **form.policy(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("“%(title)s” is there. Add its first cube.") % {"title": study.title}
            )
            return redirect("pages:add_cube", study.slug)
    return render(request, "pages/study/new.html", {"form": form, "classes": classes})


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.ADMIN)
    form = PolicyForm(request.POST or None, instance=place.study)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_settings(place.study, form.changes())
        except ValidationError as error:
            if not hasattr(error, "error_dict"):
                error = ValidationError([said(text) for text in error.messages])
            form.add_error(None, error)
        else:
            messages.success(request, _("The settings are saved."))
            return redirect("pages:settings", slug)
    return render(
        request,
        "pages/study/settings.html",
        {
            "place": place,
            "tab": "settings",
            "form": form,
            "classes": place.study.classes.all(),
            "earlier": place.study.consent_texts.exclude(version=place.study.consent_version),
        },
    )


@require_POST
def set_state(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    try:
        state = StudyState(request.POST.get("state", ""))
    except ValueError:
        messages.error(request, _("The study stays as it is: that is no state of a study."))
        return redirect("pages:study", slug)
    services.set_state(place.study, state)
    said = {
        StudyState.OPEN: _("The study is open: volunteers get tasks as soon as there are some."),
        StudyState.PAUSED: _(
            "The study is paused: nobody gets new tasks. What people have in hand they can still "
            "hand in."
        ),
        StudyState.FINISHED: _(
            "The study is finished: nobody gets new tasks, and everything in it can still be seen "
            "and exported."
        ),
        StudyState.DRAFT: _("The study is being prepared: only its members see it."),
    }
    messages.success(request, said[state])
    return redirect("pages:study", slug)
