"""The language that somebody reads the pages in: the browser's, until they choose one.

A choice is kept in a cookie; with an account also in the profile, from where it comes along to
every browser that the person signs in with.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lamella.accounts.models import User
from lamella.accounts.services import change_profile

_KEPT = "lamella.language"


def keep(request: HttpRequest, language: str, user: User | None) -> None:
    """Remember a choice in the answer's cookie, and in the profile."""
    request.META[_KEPT] = language
    if user is not None and user.language != language:
        change_profile(user, language=language)


def follow(request: HttpRequest, user: User) -> None:
    """Somebody signed in: their language comes along, or what they chose before becomes theirs."""
    chosen = user.language or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in dict(settings.LANGUAGES):
        keep(request, chosen, user)


def write_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Send the cookie along where a language is to be kept."""
    language = request.META.get(_KEPT)
    if language is not None:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            samesite="Lax",
        )
