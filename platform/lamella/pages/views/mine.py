"""A volunteer's own work in a study, for themselves alone."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lamella.accounts.access import volunteer_for
from lamella.annotation.counting import withdraw as withdraw_mask
from lamella.annotation.holding import held_back
from lamella.annotation.models import Correction
from lamella.annotation.participation import pause_of
from lamella.consensus.own import own_work_in
from lamella.loop import selectors
from lamella.pages.encouragement import words_for
from lamella.pages.views.access import place_for


@require_safe
def mine(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug)
    volunteer = volunteer_for(request, create=False)
    own = own_work_in(place.study, volunteer)
    return render(
        request,
        "pages/study/mine.html",
        {
            "place": place,
            "tab": "mine",
            "own": own,
            "words": words_for(own),
            "kept_out": volunteer and held_back(place.study.pk, volunteer.pk),
            "pause": pause_of(place.study, volunteer),
            "may_contribute": selectors.may_take_tasks(request.user, place.study, place.role),
        },
    )


@require_POST
def withdraw(request: HttpRequest, slug: str, pk: UUID) -> HttpResponse:
    """One mask of one's own; nobody else's is there."""
    place = place_for(request, slug)
    volunteer = volunteer_for(request, create=False)
    own = Correction.objects.select_related("task__study", "volunteer")
    found = get_object_or_404(
        own.filter(volunteer__isnull=False), pk=pk, volunteer=volunteer, task__study=place.study
    )
    withdraw_mask(found)
    messages.success(
        request, _("Your mask is withdrawn: it counts no longer, and others are asked.")
    )
    return redirect("pages:mine", slug)
