"""What managers see of the people of a study, and holding them back. Nobody else sees any of it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lamella.annotation import holding, participation
from lamella.consensus import crowd, record
from lamella.languages.sentences import said
from lamella.pages.views.access import place_for, user_of
from lamella.studies.models import Role

ORDERS = {
    "last": gettext_lazy("latest first"),
    "skill": gettext_lazy("lowest skill"),
    "unsure": gettext_lazy("least certain"),
    "masks": gettext_lazy("most masks"),
    "left": gettext_lazy("left most wrong"),
}


@require_safe
def skills(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    order = request.GET.get("order", "last")
    order = order if order in ORDERS else "last"
    given = request.GET.get("page", "1")
    page = max(1, int(given)) if given.isdecimal() and len(given) < 7 else 1
    return render(
        request,
        "pages/study/skills.html",
        {
            "place": place,
            "tab": "people",
            "found": crowd.people_of(place.study, order, page),  # type: ignore[arg-type]
            "suspects": crowd.suspects_of(place.study),
            "held": crowd.held_in(place.study),
            "orders": ORDERS.items(),
            "order": order,
            "page": page,
        },
    )


@require_safe
def skill(request: HttpRequest, slug: str, pk: UUID) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    person = crowd.person_in(place.study, pk)
    if person is None:
        raise Http404
    found, planted = record.practice_of(place.study, pk)
    return render(
        request,
        "pages/study/skill.html",
        {
            "place": place,
            "tab": "people",
            "person": person,
            "points": record.skill_over_time(pk),
            "made": record.masks_of(place.study, pk),
            "mended": found,
            "planted": planted,
            "past": place.study.quarantines.filter(volunteer=pk)
            .select_related("by", "lifted_by")
            .order_by("-created")[:20],
        },
    )


@require_POST
def hold(request: HttpRequest, slug: str, pk: UUID) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    person = crowd.person_in(place.study, pk)
    kind = request.POST.get("kind", "")
    if person is None:
        raise Http404
    if kind not in ("pause", "quarantine"):
        messages.error(request, _("Nothing was changed: choose pause or quarantine."))
        return _back(request, slug, pk)
    volunteer, reason = person.work.volunteer, request.POST.get("reason", "")[:300]
    if kind == "pause":
        participation.pause(place.study, volunteer, by=user_of(request), why=reason)
        messages.success(
            request, _("Paused: they get no more tasks. Let them go on whenever you like.")
        )
        return _back(request, slug, pk)
    try:
        holding.quarantine(place.study, volunteer, reason=reason, by=user_of(request))
    except holding.HoldError as error:
        messages.error(request, said(str(error)))
    else:
        told = _(
            "In quarantine: their masks no longer count, and their tasks are asked again. "
            "Nothing is deleted; let them go on, and all of it counts again."
        )
        messages.success(request, told)
    return _back(request, slug, pk)


@require_POST
def let_go(request: HttpRequest, slug: str, pk: UUID) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    person = crowd.person_in(place.study, pk)
    if person is None:
        raise Http404
    try:
        crowd.let_go_on(place.study, person, by=user_of(request))
    except holding.HoldError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(request, _("They may go on, and what they made counts."))
    return _back(request, slug, pk)


def _back(request: HttpRequest, slug: str, pk: UUID) -> HttpResponse:
    if request.POST.get("from") == "list":
        return redirect("pages:skills", slug)
    return redirect("pages:skill", slug, pk)
