"""The review queue: a frame for the island; everything in it comes from the API."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from lamella.consensus.selectors import review_counts
from lamella.pages.views.access import place_for
from lamella.studies.models import Role


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
            "counts": review_counts(place.study),
            "only": request.GET.get("only", ""),
        },
    )
