"""The first page: what this is, a slice to try, the open studies."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lamella.accounts.access import account_of
from lamella.loop import selectors


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    user = account_of(request)
    own, public = selectors.landing_cards(request.user, limit=4)
    shown = [c for c in public if c.cube is not None and (c.may_try or user)]
    # Where nothing is to be done anywhere, what is being prepared.
    live = next((c for c in shown if c.waiting), next(iter(shown), None))
    return render(
        request,
        "pages/landing.html",
        {
            "own": own,
            "public": [card for card in public if card is not live][:3],
            "live": live,
            "week": selectors.week(),
        },
    )
