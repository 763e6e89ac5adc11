"""Who works on a study, and in which role."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lamella.annotation.participation import figures_of, work_of
from lamella.languages.sentences import said
from lamella.notices.announcements import standing
from lamella.notices.invitations import open_invitations
from lamella.pages.forms_people import AddMemberForm, AnnounceForm, InviteForm, RoleForm
from lamella.pages.views.access import Place, place_for, user_of
from lamella.studies import members
from lamella.studies.access import ForbiddenError
from lamella.studies.models import Role
from lamella.studies.roster import roster_of

FRESH_LINK = "fresh_invitation"
"""Entry of the session: an invitation's link, shown on the very next page and never again."""


@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    return page(request, place)


def page(
    request: HttpRequest,
    place: Place,
    *,
    form: AddMemberForm | None = None,
    invite_form: InviteForm | None = None,
    announce_form: AnnounceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page; with forms that were refused they are shown with what is wrong."""
    study = place.study
    roles = members.roles_to_give(user_of(request), study)
    roster = roster_of(
        study, after=request.GET.get("after", ""), name=request.GET.get("name", "").strip()
    )
    return render(
        request,
        "pages/study/people.html",
        {
            "place": place,
            "tab": "people",
            "roster": roster,
            "rows": work_of(study, roster.members),
            "name": request.GET.get("name", ""),
            "invitations": open_invitations(study)[:50],
            "announcements": standing(study),
            "figures": figures_of(study),
            "form": form or AddMemberForm(roles=roles),
            "invite_form": invite_form or InviteForm(roles=roles),
            "announce_form": announce_form or AnnounceForm(),
            "link": request.session.pop(FRESH_LINK, None),
            "roles": Role.choices,
        },
        status=status,
    )


@require_POST
def add_member(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    user = user_of(request)
    form = AddMemberForm(request.POST, roles=members.roles_to_give(user, place.study))
    if not form.is_valid():
        return page(request, place, form=form, status=422)
    person, role = form.cleaned_data["username"], Role(form.cleaned_data["role"])
    try:
        members.admit(place.study, person, role, by=user)
    except members.MemberError as error:
        form.add_error("username", said(str(error)))
        return page(request, place, form=form, status=422)
    messages.success(request, _now(person.username, role))
    return redirect("pages:people", slug)


def _now(name: str, role: Role) -> str:
    told = {
        Role.VOLUNTEER: _("%(name)s is now a volunteer of this study."),
        Role.MANAGER: _("%(name)s is now a manager of this study."),
        Role.ADMIN: _("%(name)s is now an admin of this study."),
    }
    return told[role] % {"name": name}


@require_POST
def change_role(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.ADMIN)
    membership = get_object_or_404(place.study.memberships.select_related("user"), pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was changed: that is no role of a study."))
        return redirect("pages:people", slug)
    role = Role(form.cleaned_data["role"])
    try:
        members.change_role(membership, role)
    except members.MemberError as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(request, _now(membership.user.username, role))
    return redirect("pages:people", slug)


@require_POST
def remove_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    membership = get_object_or_404(place.study.memberships.select_related("user"), pk=pk)
    try:
        members.dismiss(membership, by=user_of(request))
    except (ForbiddenError, members.MemberError) as error:
        messages.error(request, said(str(error)))
    else:
        messages.success(
            request,
            _("%(name)s is no longer a member. Marks made so far stay.")
            % {"name": membership.user.username},
        )
    return redirect("pages:people", slug)
