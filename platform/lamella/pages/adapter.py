"""What allauth does besides: work done before signing in goes over to the account, and the language
of the account to the browser."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from lamella.accounts.access import claim_anonymous_work
from lamella.accounts.models import User
from lamella.pages import language


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Used by signing up and by signing in alike."""

    def login(self, request: HttpRequest, user: User) -> Any:
        answer = super().login(request, user)
        claim_anonymous_work(request, user)
        language.follow(request, user)
        return answer
