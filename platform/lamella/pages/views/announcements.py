"""A word of the managers to everybody in a study."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from lamella.notices import announcements
from lamella.pages.forms_people import AnnounceForm
from lamella.pages.views.access import place_for, user_of
from lamella.pages.views.people import page
from lamella.studies.models import Role


@require_POST
def announce(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    form = AnnounceForm(request.POST)
    if not form.is_valid():
        return page(request, place, announce_form=form, status=422)
    announcements.announce(place.study, form.cleaned_data["text"], user_of(request))
    messages.success(request, _("It stands on the study’s first page, and every member is told."))
    return redirect("pages:people", slug)


@require_POST
def withdraw(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    announcements.withdraw(get_object_or_404(place.study.announcements, pk=pk))
    messages.success(request, _("The announcement no longer stands on the study’s first page."))
    return redirect("pages:people", slug)
