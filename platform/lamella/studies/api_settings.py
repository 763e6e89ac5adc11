"""What a study's admins change while it runs."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Router, Schema

from lamella.studies import services
from lamella.studies.access import study_as
from lamella.studies.api import Dice, People, Question, Title
from lamella.studies.models import AUDIT_SHARE, ROUND_SHARE, Role, Study
from lamella.studies.plan import Visibility, visibility_fields, visibility_of
from lamella.studies.policy import aggregator_of

router = Router(tags=["studies"])


class ConsentTextOut(Schema):
    version: str
    text: str
    created: datetime


class SettingsOut(Schema):
    """What a study's admins can change. Shares are of all slices (0 to 1): those that each round
    sends to volunteers, and those drawn at random beside them, on which the certificate rests.
    ``consent_texts``: every version that people have agreed to, the latest first."""

    title: str
    question: str
    guide: str
    tutorial: str
    consent_text: str
    consent_version: str
    visibility: Visibility
    redundancy: int
    target_dice: float
    strategy: str
    aggregator: str
    round_share: float
    audit_share: float
    max_rounds: int
    lease_minutes: int
    consent_texts: list[ConsentTextOut]


class SettingsIn(Schema):
    """What is left out, or null, stays. A new ``consent_text`` gets the next version by itself,
    unless ``consent_version`` names another: each correction records it. ``aggregator`` (majority,
    skill or staple) makes one mask of several, from the next correction on. ``redundancy`` counts
    for tasks of the next round on. ``tutorial``: Markdown; newcomers see it card by card, each
    heading begins one."""

    title: Title | None = None
    question: Question | None = None
    guide: str | None = None
    tutorial: str | None = None
    consent_text: str | None = None
    consent_version: str | None = None
    visibility: Visibility | None = None
    redundancy: People | None = None
    target_dice: Dice | None = None
    strategy: str | None = None
    aggregator: str | None = None
    round_share: Annotated[float, Field(ge=ROUND_SHARE[0], le=ROUND_SHARE[1])] | None = None
    audit_share: Annotated[float, Field(ge=AUDIT_SHARE[0], le=AUDIT_SHARE[1])] | None = None
    max_rounds: int | None = None
    lease_minutes: int | None = None


@router.get("/studies/{slug}/settings", response=SettingsOut, summary="A study's settings")
def settings(request: HttpRequest, slug: str) -> dict[str, Any]:
    """For admins of the study."""
    return _settings(study_as(request.user, slug, Role.ADMIN))


@router.patch("/studies/{slug}/settings", response=SettingsOut, summary="Change settings")
def change_settings(request: HttpRequest, slug: str, body: SettingsIn) -> dict[str, Any]:
    """Change what is given and leave the rest. For admins of the study."""
    found = study_as(request.user, slug, Role.ADMIN)
    changes = body.model_dump(exclude_none=True)
    if "visibility" in changes:
        changes.update(visibility_fields(changes.pop("visibility")))
    services.change_settings(found, changes)
    return _settings(found)


def _settings(study: Study) -> dict[str, Any]:
    plain = set(SettingsOut.model_fields) - {"visibility", "aggregator", "consent_texts"}
    return {
        **{name: getattr(study, name) for name in plain},
        "consent_texts": list(study.consent_texts.values("version", "text", "created")),
        "aggregator": aggregator_of(study),
        "visibility": visibility_of(study),
    }
