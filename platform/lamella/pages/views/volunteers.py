"""Everybody who worked on a study, with an account or without, and pausing one of them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lamella.accounts.models import Volunteer
from lamella.annotation import participation
from lamella.pages.views.access import place_for, user_of
from lamella.studies.models import Role


@require_safe
def volunteers(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    name = request.GET.get("name", "").strip()
    paused = request.GET.get("paused") == "1"
    try:
        found = participation.volunteers_of(
            place.study, after=request.GET.get("after", ""), paused=paused, name=name
        )
    except ValueError:  # an address that this page never made
        return redirect("pages:volunteers", slug)
    return render(
        request,
        "pages/study/volunteers.html",
        {
            "place": place,
            "tab": "people",
            "found": found,
            "planted": participation.planted_of(
                place.study, [row.volunteer_id for row in found.rows]
            ),
            "figures": participation.figures_of(place.study),
            "name": name,
            "paused": paused,
            "first": not request.GET.get("after"),
        },
    )


@require_POST
def pause(request: HttpRequest, slug: str, pk: str) -> HttpResponse:
    """With ``on`` the volunteer gets tasks again."""
    place = place_for(request, slug, Role.MANAGER)
    mine = get_object_or_404(
        place.study.participations.select_related("volunteer__user"), volunteer=pk
    )
    volunteer: Volunteer = mine.volunteer
    name = volunteer.user.username if volunteer.user else str(volunteer.pk)[:8]
    if request.POST.get("on"):
        participation.let_on(place.study, volunteer)
        messages.success(request, _("%(name)s gets tasks again.") % {"name": name})
    else:
        participation.pause(
            place.study, volunteer, by=user_of(request), why=request.POST.get("why", "")[:300]
        )
        messages.success(
            request,
            _("%(name)s gets no more tasks of this study. Masks made so far stay.")
            % {"name": name},
        )
    return redirect("pages:volunteers", slug)
