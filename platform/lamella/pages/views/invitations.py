"""Inviting people to a study, and following an invitation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from lamella.accounts.access import account_of
from lamella.languages.sentences import said
from lamella.notices import invitations
from lamella.pages.forms_people import InviteForm
from lamella.pages.views.access import place_for, user_of
from lamella.pages.views.people import FRESH_LINK, page
from lamella.studies import members
from lamella.studies.models import Role


@require_POST
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    user = user_of(request)
    form = InviteForm(request.POST, roles=members.roles_to_give(user, place.study))
    if not form.is_valid():
        return page(request, place, invite_form=form, status=422)
    email = form.cleaned_data["email"]
    try:
        made, secret = invitations.invite(
            place.study,
            Role(form.cleaned_data["role"]),
            by=user,
            email=email,
            places=form.cleaned_data["places"],
        )
    except invitations.InvitationError as error:
        form.add_error(None, said(str(error)))
        return page(request, place, invite_form=form, status=422)
    request.session[FRESH_LINK] = request.build_absolute_uri(f"/invitations/{secret}/")
    if email and invitations.mail(made, secret, user):
        messages.success(
            request, _("The invitation is on its way to %(email)s.") % {"email": email}
        )
    elif email:
        messages.warning(
            request, _("The mail could not be sent; copy the link below and hand it on yourself.")
        )
    response = redirect("pages:people", slug)
    response["Location"] += "#invite"
    return response


@require_POST
def revoke(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    invitations.revoke(get_object_or_404(place.study.invitations, pk=pk))
    messages.success(request, _("The invitation is taken back; its link opens nothing any more."))
    return redirect("pages:people", slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """GET says what one is invited to; POST, signed in, accepts."""
    found = invitations.find(secret)
    if found is None:
        return render(request, "pages/invitation_gone.html", status=404)
    user = account_of(request)
    if request.method == "POST" and user is not None:
        try:
            role = invitations.join(found, user)
        except invitations.InvitationError as error:
            messages.error(request, said(str(error)))
            return redirect("pages:landing")
        messages.success(
            request,
            _("Welcome to “%(title)s”: you are a %(role)s now.")
            % {"title": found.study.title, "role": role.label},
        )
        return redirect("pages:study", found.study.slug)
    return render(request, "pages/invitation.html", {"invitation": found, "account": user})
