"""Going back to an earlier model version: what it marks for review is shown before it happens."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from lamella.languages.sentences import said
from lamella.loop import serving
from lamella.loop.errors import LoopError
from lamella.pages.views.access import place_for
from lamella.studies.models import Role


@require_http_methods(["GET", "HEAD", "POST"])
def roll_back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """GET shows what it would mark for review; POST does it."""
    place = place_for(request, slug, Role.ADMIN)
    version = get_object_or_404(place.study.model_versions, pk=pk)
    # What is known already is not read again.
    version.study = place.study
    try:
        if request.method != "POST":
            return render(
                request,
                "pages/study/roll_back.html",
                {
                    "place": place,
                    "tab": "training",
                    "version": version,
                    "rollback": serving.rollback_preview(version),
                },
            )
        marked = serving.rollback(version)
    except LoopError as error:
        messages.error(request, said(str(error)))
    else:
        told = ngettext(
            "Version %(number)s serves again; %(tasks)s task marked for review. "
            "Every mask that people made is kept.",
            "Version %(number)s serves again; %(tasks)s tasks marked for review. "
            "Every mask that people made is kept.",
            marked,
        )
        messages.success(request, told % {"number": version.number, "tasks": marked})
    response = redirect("pages:training", slug)
    response["Location"] += "#versions"
    return response
