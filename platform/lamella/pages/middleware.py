"""What every answer carries, and how refusals become pages."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lamella.languages.sentences import said
from lamella.pages import language
from lamella.pages.inline import FIRST_TASK, source_of
from lamella.studies.access import ForbiddenError, NotVisibleError

# Scripts and styles come from this server alone, but for one script that the policy knows. Style
# *attributes* are allowed: pages place marks with custom properties, and no text of a person ever
# keeps one (see studies/markdown.py).
# The annotator encodes masks in a worker, which some bundles start from a blob.
POLICY = "; ".join(
    (
        "default-src 'self'",
        f"script-src 'self' {source_of(FIRST_TASK)}",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

GetResponse = Callable[[HttpRequest], HttpResponse]


class ContentSecurityPolicy:
    """Sends the policy with every answer (not with Django's own debug pages, which are inline)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not (settings.DEBUG and response.status_code >= 400):
            response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


class KeptLanguage:
    """Sets the cookie where somebody chose a language, or signed in with one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        language.write_cookie(request, response)
        return response


class Refusals:
    """Turns what services refuse into the pages for "not here" and "not for you"."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, NotVisibleError):
            return render(request, "404.html", status=404)
        if isinstance(error, ForbiddenError):
            return render(request, "403.html", {"exception": said(str(error))}, status=403)
        return None
