"""Who works on a study, and in which role."""

from django.contrib import messages
from django.db.models import Count, Max, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from lamella.accounts.models import User
from lamella.pages.forms_people import AddMemberForm, RoleForm
from lamella.pages.views.access import place_for, user_of
from lamella.studies import services
from lamella.studies.models import Membership, Role


@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    return _page(request, slug, AddMemberForm(by_admin=place.administers))


def _page(request: HttpRequest, slug: str, form: AddMemberForm, status: int = 200) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    made = Q(
        user__volunteer__corrections__task__study=place.study,
        user__volunteer__corrections__supersedes__isnull=True,
        user__volunteer__corrections__withdrawn__isnull=True,
    )
    members = (
        place.study.memberships.select_related("user")
        .annotate(
            corrections=Count("user__volunteer__corrections", filter=made),
            seconds=Sum("user__volunteer__corrections__active_seconds", filter=made),
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
            "members": members,
            "form": form,
            "roles": Role.choices,
        },
        status=status,
    )


@require_POST
def add_member(request: HttpRequest, slug: str) -> HttpResponse:
    place = place_for(request, slug, Role.MANAGER)
    form = AddMemberForm(request.POST, by_admin=place.administers)
    if not form.is_valid():
        return _page(request, slug, form, status=422)
    user, role = form.cleaned_data["username"], Role(form.cleaned_data["role"])
    held = Membership.objects.filter(study=place.study, user=user).first()
    if held is not None:
        form.add_error(
            "username",
            f"{user.username} is a {held.get_role_display()} here already; "
            "change the role in the list.",
        )
        return _page(request, slug, form, status=422)
    services.add_member(place.study, user, role)
    messages.success(request, f"{user.username} is now a {role.label} of this study.")
    return redirect("pages:people", slug)


@require_POST
def change_role(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    place = place_for(request, slug, Role.ADMIN)
    membership = get_object_or_404(place.study.memberships.select_related("user"), pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was changed: that is no role of a study.")
    elif _is_last_admin(membership) and form.cleaned_data["role"] != Role.ADMIN:
        messages.error(request, _last_admin_sentence(membership.user))
    else:
        role = Role(form.cleaned_data["role"])
        services.add_member(place.study, membership.user, role)
        messages.success(request, f"{membership.user.username} is now a {role.label}.")
    return redirect("pages:people", slug)


@require_POST
def remove_member(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Admins remove anybody, managers volunteers, and everybody may leave."""
    place = place_for(request, slug, Role.MANAGER)
    membership = get_object_or_404(place.study.memberships.select_related("user"), pk=pk)
    person = membership.user
    allowed = place.administers or membership.role == Role.VOLUNTEER or person == user_of(request)
    if not allowed:
        messages.error(
            request,
            f"{person.username} stays: only admins of the study remove managers and admins.",
        )
    elif _is_last_admin(membership):
        messages.error(request, _last_admin_sentence(person))
    else:
        services.remove_member(place.study, person)
        messages.success(
            request, f"{person.username} is no longer a member. Marks made so far stay."
        )
    return redirect("pages:people", slug)


def _is_last_admin(membership: Membership) -> bool:
    admins = Membership.objects.filter(study_id=membership.study_id, role=Role.ADMIN)
    return membership.role == Role.ADMIN and admins.count() == 1


def _last_admin_sentence(user: User) -> str:
    return f"{user.username} stays admin, the only one there is; make somebody else admin first."
