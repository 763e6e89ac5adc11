"""The studies that a person may see."""

from django.http import HttpRequest
from ninja import Router, Schema

from lamella.accounts.access import account_of
from lamella.studies.access import visible_studies
from lamella.studies.models import Membership, Role

router = Router(tags=["studies"])


class StudyRow(Schema):
    """``role`` is null for people who are no members of a public study."""

    slug: str
    title: str
    question: str
    state: str
    role: Role | None


@router.get("/studies", response=list[StudyRow])
def studies(request: HttpRequest) -> list[StudyRow]:
    """Studies that the person is a member of, and public ones."""
    user = account_of(request)
    roles: dict[int, Role] = {}
    if user is not None:
        rows = Membership.objects.filter(user=user).values_list("study_id", "role")
        roles = {study_id: Role(role) for study_id, role in rows}
    everywhere = Role.ADMIN if user is not None and user.is_staff else None
    return [
        StudyRow(
            slug=study.slug,
            title=study.title,
            question=study.question,
            state=study.state,
            role=everywhere or roles.get(study.pk),
        )
        for study in visible_studies(request.user).order_by("title", "pk")
    ]
