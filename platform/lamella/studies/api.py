"""Studies: which there are, one of them, a new one, and its state."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from lamella.accounts.access import account_of, require_account
from lamella.studies import services
from lamella.studies.access import role_in, study_as, study_for, visible_studies
from lamella.studies.models import (
    PEOPLE_PER_TASK,
    QUESTION_LENGTH,
    TARGET_DICE,
    TITLE_LENGTH,
    LabelDtype,
    Membership,
    Role,
    Study,
    StudyState,
)
from lamella.studies.plan import (
    DEFAULT_GUIDE,
    MOST_CLASSES,
    Visibility,
    numbered,
    visibility_fields,
    visibility_of,
)

router = Router(tags=["studies"])

Title = Annotated[str, Field(min_length=1, max_length=TITLE_LENGTH)]
Question = Annotated[str, Field(min_length=1, max_length=QUESTION_LENGTH)]
People = Annotated[int, Field(ge=PEOPLE_PER_TASK[0], le=PEOPLE_PER_TASK[1])]
Dice = Annotated[float, Field(ge=TARGET_DICE[0], le=TARGET_DICE[1])]


# As a study is without anybody's doing.
_PLAIN = Study()


class StudyRow(Schema):
    """``role`` is null for people who are no members of a public study."""

    slug: str
    title: str
    question: str
    state: str
    role: Role | None


class ClassIn(Schema):
    """Without a colour it gets one that every eye can tell from the others'."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    color: Annotated[str, Field(examples=["#E69F00"])] = ""


class ClassOut(Schema):
    value: int
    name: str
    color: str


class StudyIn(Schema):
    """A new study. What is left out is as the form on the pages has it.

    ``question``: one sentence, what volunteers look for. ``guide``: Markdown, beside the canvas.
    ``redundancy``: how many people correct the same slice. ``target_dice``: the quality at which
    the study stops asking. ``label_dtype``: uint8 for classes; uint16 or uint32 for single objects
    with a number each. ``classes`` get the values 1, 2, 3 … in their order.
    """

    title: Title
    question: Question
    guide: str = DEFAULT_GUIDE
    consent_text: str = _PLAIN.consent_text
    visibility: Visibility = Visibility.MEMBERS
    redundancy: People = _PLAIN.redundancy
    target_dice: Dice = _PLAIN.target_dice
    label_dtype: LabelDtype = LabelDtype.UINT8
    classes: Annotated[list[ClassIn], Field(min_length=1, max_length=MOST_CLASSES)] = [
        ClassIn(name="object")
    ]


class StateIn(Schema):
    state: StudyState


class StudyOut(Schema):
    """A study as its members see it; ``role`` is that of whoever asks."""

    slug: str
    title: str
    question: str
    state: StudyState
    role: Role | None
    guide: str
    consent_text: str
    consent_version: str
    visibility: Visibility
    label_dtype: LabelDtype
    instances: bool
    classes: list[ClassOut]


@router.get("/studies", response=list[StudyRow], summary="Studies")
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


@router.post("/studies", response={201: StudyOut}, summary="Make a study")
def create_study(request: HttpRequest, body: StudyIn) -> Status[dict[str, Any]]:
    """A new study, being prepared; whoever makes it is its admin."""
    study = services.create_study(
        title=body.title,
        question=body.question,
        by=require_account(request),
        classes=numbered([(row.name, row.color) for row in body.classes]),
        guide=body.guide,
        consent_text=body.consent_text,
        redundancy=body.redundancy,
        target_dice=body.target_dice,
        label_dtype=body.label_dtype,
        **visibility_fields(body.visibility),
    )
    return Status(201, _study(request, study))


@router.get("/studies/{slug}", response=StudyOut, summary="One study")
def study(request: HttpRequest, slug: str) -> dict[str, Any]:
    """A study with its guide, its classes and what volunteers agree to."""
    return _study(request, study_for(request.user, slug))


@router.post("/studies/{slug}/state", response=StudyOut, summary="Open, pause or finish a study")
def set_state(request: HttpRequest, slug: str, body: StateIn) -> dict[str, Any]:
    """Only an open study gives tasks; masks in hand can be handed in also when it is paused. Asks
    for the role of manager."""
    found = study_as(request.user, slug, Role.MANAGER)
    services.set_state(found, body.state)
    return _study(request, found)


def _study(request: HttpRequest, study: Study) -> dict[str, Any]:
    names = ("slug", "title", "question", "state", "guide", "consent_text", "consent_version")
    return {
        **{name: getattr(study, name) for name in names},
        "role": role_in(request.user, study),
        "visibility": visibility_of(study),
        "label_dtype": study.label_dtype,
        "instances": study.instances,
        "classes": list(study.classes.values("value", "name", "color")),
    }
