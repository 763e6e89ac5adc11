"""Where people differ: agreement by task, maps of disagreement, contested objects."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lamella.consensus import dispute
from lamella.pages.views.access import place_for
from lamella.studies.models import Role


@require_safe
def agreement(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    names = dict(place.study.classes.values_list("value", "name"))
    contested = dispute.contested_of(place.study)
    return render(
        request,
        "pages/study/agreement.html",
        {
            "place": place,
            "tab": "people",
            "agreement": dispute.agreement_of(place.study),
            "contested": [(item, names.get(item.value, "")) for item in contested],
        },
    )
