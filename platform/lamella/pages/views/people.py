"""Who works on a study, and in which role."""

from django.contrib import messages
from django.db.models import Count, Max, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lamella.languages.sentences import said
from lamella.pages.forms_people import AddMemberForm, RoleForm
from lamella.pages.views.access import place_for, user_of
from lamella.studies import members
from lamella.studies.access import ForbiddenError
from lamella.studies.models import Role


@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    roles = members.roles_to_give(user_of(request), place.study)
    return _page(request, slug, AddMemberForm(roles=roles))


def _page(request: HttpRequest, slug: str, form: AddMemberForm, status: int = 200) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    made = Q(
        user__volunteer__corrections__task__study=place.study,
        user__volunteer__corrections__supersedes__isnull=True,
        user__volunteer__corrections__withdrawn__isnull=True,
    )
    rows = (
        place.study.memberships.select_related("user")
        .annotate(
            corrections=Count("user__volunteer__corrections", filter=made),
            seconds=Sum("user__volunteer__corrections__active_seconds", filter=made),
            tested=Count(
                "user__volunteer__corrections",
                filter=made & Q(user__volunteer__corrections__mended__isnull=False),
            ),
            mended=Count(
                "user__volunteer__corrections",
                filter=made & Q(user__volunteer__corrections__mended=True),
            ),
            last=Max("user__volunteer__corrections__created", filter=made),
        )
        .order_by("role", "user__username")
    )
    return render(
        request,
        "pages/study/people.html",
        {
            "place": place,
            "tab": "people",
            "members": rows,
            "form": form,
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
        return _page(request, slug, form, status=422)
    person, role = form.cleaned_data["username"], Role(form.cleaned_data["role"])
    try:
        members.admit(place.study, person, role, by=user)
    except members.MemberError as error:
        form.add_error("username", said(str(error)))
        return _page(request, slug, form, status=422)
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
