"""A person's own page: the name they are thanked under, their tokens, leaving."""

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lamella.accounts import tokens
from lamella.accounts.access import account_of
from lamella.accounts.models import ApiToken, User
from lamella.accounts.services import change_profile
from lamella.annotation.favourites import favourites_of
from lamella.annotation.leaving import Marks, leave
from lamella.loop import selectors
from lamella.pages.forms import DeleteAccountForm, ProfileForm, TokenForm

FRESH_TOKEN = "fresh_token"  # noqa: S105 - the name of a session entry


def _user(request: HttpRequest) -> User:
    user = account_of(request)
    assert user is not None, "login_required lets nobody else through"
    return user


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    form = ProfileForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        change_profile(user, **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("pages:profile")
    return _profile_page(request, user, form=form)


def _profile_page(
    request: HttpRequest,
    user: User,
    *,
    form: ProfileForm | None = None,
    token_form: TokenForm | None = None,
    delete_form: DeleteAccountForm | None = None,
    status: int = 200,
) -> HttpResponse:
    return render(
        request,
        "pages/profile.html",
        {
            "form": form or ProfileForm(instance=user),
            "token_form": token_form or TokenForm(),
            "delete_form": delete_form or DeleteAccountForm(user),
            # Shown on the very next page and never again.
            "fresh": request.session.pop(FRESH_TOKEN, None),
            "tokens": tokens.of_user(user),
            "work": selectors.own_work(user),
            "favourites": favourites_of(user),
        },
        status=status,
    )


@login_required
@require_POST
def create_token(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _profile_page(request, user, token_form=form, status=422)
    _, secret = tokens.create(user, form.cleaned_data["name"])
    request.session[FRESH_TOKEN] = secret
    return redirect("/profile/#tokens")


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk, user=_user(request))
    tokens.revoke(token)
    messages.success(request, _("The token “%(name)s” no longer works.") % {"name": token.name})
    return redirect("/profile/#tokens")


@login_required
@require_POST
def delete_account(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    form = DeleteAccountForm(user, request.POST)
    if not form.is_valid():
        return _profile_page(request, user, delete_form=form, status=422)
    marks = Marks(form.cleaned_data["marks"])
    logout(request)
    leave(user, marks)
    if marks == Marks.WITHDRAW:
        told = _("Your account is deleted; your marks are withdrawn.")
    else:
        told = _(
            "Your account is deleted; your marks are kept under a pseudonym that leads to nobody."
        )
    messages.success(request, told)
    return redirect("pages:landing")
