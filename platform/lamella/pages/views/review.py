"""The review queue: a frame for the island; everything in it comes from the API."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from lamella.pages.views.access import place_for
from lamella.studies.models import Role, Study


@require_safe
@ensure_csrf_cookie
def review(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    return render(
        request,
        "pages/study/review.html",
        {
            "place": place,
            "tab": "review",
            "only": request.GET.get("only", ""),
            "volunteer": request.GET.get("volunteer", ""),
            "cube": request.GET.get("cube", ""),
            "choices": json.dumps(_choices(place.study)),
        },
    )


def _choices(study: Study) -> dict[str, object]:
    """What the queue can be filtered by. Three queries."""
    classes = [] if study.instances else list(study.classes.values("value", "name"))
    return {
        "cubes": list(study.cubes.order_by("name").values("id", "name")[:500]),
        "rounds": list(study.rounds.order_by("-number").values_list("number", flat=True)[:500]),
        "classes": classes,
    }
