"""The audit trail of the review: who decided what, and taking it back."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from lamella.consensus import services
from lamella.consensus.models import Verdict
from lamella.consensus.together import undo_together
from lamella.consensus.trail import judges_of, trail_of
from lamella.languages.sentences import said
from lamella.pages.views.access import place_for, user_of
from lamella.studies.models import Role

KINDS = {*Verdict.Kind.values, "undone"}


@require_safe
def trail(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    manager, before = _number(request, "manager"), _number(request, "before")
    found = trail_of(place.study, before=before, kind=kind, manager=manager)
    kept = urlencode({k: v for k, v in (("kind", kind), ("manager", manager)) if v})
    return render(
        request,
        "pages/study/trail.html",
        {
            "place": place,
            "tab": "review",
            "trail": found,
            "kinds": [*Verdict.Kind.choices, ("undone", _("taken back"))],
            "judges": judges_of(place.study),
            "kind": kind,
            "manager": manager,
            "kept": kept,
            "first": before is None,
        },
    )


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isdecimal() and len(given) < 19 else None


@require_POST
def take_back(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Of verdicts that were given at once all are taken back."""
    place = place_for(request, slug, Role.MANAGER)
    verdict = get_object_or_404(
        place.study.verdicts.select_related("consensus__task__study"), pk=pk
    )
    user = user_of(request)
    if verdict.batch is not None:
        count = undo_together(place.study, verdict.batch, user)
        told = ngettext(
            "%(count)s verdict is taken back; the task waits for review again.",
            "%(count)s verdicts are taken back; the tasks wait for review again.",
            count,
        )
        messages.success(request, told % {"count": count})
        return redirect("pages:trail", slug)
    try:
        services.undo(verdict, user)
    except services.VerdictError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(request, _("The verdict is taken back; the task waits for review again."))
    return redirect("pages:trail", slug)
