"""The page that the annotator lives on."""

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from lamella.accounts.access import volunteer_for
from lamella.annotation.participation import pause_of
from lamella.loop import selectors
from lamella.notices import announcements
from lamella.pages.views.access import place_for
from lamella.studies.models import Study, StudyState


@require_safe
@ensure_csrf_cookie
def correct(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug)
    study = place.study
    halted = pause_of(study, volunteer_for(request, create=False))
    if halted is not None:
        return render(
            request,
            "pages/study/halted.html",
            {"place": place, "tab": "", "halted": halted},
            status=403,
        )
    if not selectors.may_take_tasks(request.user, study, place.role):
        if study.state == StudyState.OPEN and not request.user.is_authenticated:
            return redirect(f"{reverse('account_login')}?next={request.path}")
        return render(request, "pages/study/closed.html", {"place": place, "tab": ""}, status=403)
    others = selectors.other_studies(request.user, study)
    return render(
        request,
        "pages/correct.html",
        {
            "place": place,
            "news": announcements.news_of(study, request.session),
            "others": json.dumps([_link(other) for other in others]),
        },
    )


def _link(study: Study) -> dict[str, str]:
    url = reverse("pages:correct", args=[study.slug])
    return {"slug": study.slug, "title": study.title, "url": url}
