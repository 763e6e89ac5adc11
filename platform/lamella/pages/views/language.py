"""Choosing the language, at the end of every page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from lamella.accounts.access import account_of
from lamella.pages.language import keep


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """What is not offered changes nothing; the answer leads back to the page."""
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        keep(request, chosen, account_of(request))
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(back if safe else "pages:landing")
