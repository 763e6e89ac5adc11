"""What managers see of the people of a study: how well they do, and what is odd about it.

Managers alone: no skill is ever shown to anybody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db.models import Exists, F, FloatField, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Ability, Hold, Work
from lamella.annotation.routing import skill_of
from lamella.studies.models import Membership, Study
from lamella.studies.policy import config_of
from models.config import GuardConfig
from models.crowd.suspicion import Behaviour, Sign, Suspicion, suspicions

PAGE = 50
MOST_SUSPECTS = 20

Order = Literal["last", "skill", "unsure", "masks", "left"]
_ORDERS = {
    "last": ("-last",),
    "skill": (F("volunteer__ability__skill").asc(nulls_last=True), "-last"),
    "unsure": (F("volunteer__ability__spread").desc(nulls_first=True), "-last"),
    "masks": ("-masks",),
    "left": (F("volunteer__ability__left").desc(nulls_last=True), "-last"),
}


@dataclass(frozen=True)
class Person:
    """One volunteer of a study. name: of a member; else empty, for others stay pseudonyms."""

    work: Work
    ability: Ability | None
    hold: Hold | None
    name: str
    suspicions: list[Suspicion]

    @property
    def volunteer_id(self) -> UUID:
        return self.work.volunteer_id

    @property
    def unedited_share(self) -> float:
        return self.work.unedited / self.work.masks if self.work.masks else 0.0


@dataclass(frozen=True)
class People:
    people: list[Person]
    total: int
    pages: int


def people_of(study: Study, order: Order = "last", page: int = 1) -> People:
    """Those who handed something in to a study. Five queries."""
    rows = study.work.order_by(*_ORDERS[order], "pk")
    total = study.work.count()
    first = (page - 1) * PAGE
    return People(_told(study, rows[first : first + PAGE]), total, max(1, -(-total // PAGE)))


def suspects_of(study: Study) -> list[Person]:
    """People whose behaviour deserves a look and whom nothing holds back, the worst first."""
    config = config_of(study, GuardConfig, "guard")
    held = Hold.objects.filter(volunteer=OuterRef("volunteer"), study=study, lifted__isnull=True)
    many = Cast(F("masks"), FloatField())
    ability = "volunteer__ability__"
    odd = (
        Q(quick__gte=many * config.often)
        | Q(floods__gte=many * config.often)
        | Q(copies__gte=many * config.often)
        | Q(unedited__gte=many * config.unedited, **{f"{ability}needed__gte": config.needed})
        | Q(
            **{
                f"{ability}tasks__gte": config.least,
                f"{ability}skill__lt": config.skill - 2 * F(f"{ability}spread"),
            }
        )
    )
    rows = study.work.filter(odd, ~Exists(held), masks__gte=config.least).order_by("-last")
    found = [person for person in _told(study, rows[:200]) if person.suspicions]
    ranks = list(Sign)
    found.sort(key=lambda p: (ranks.index(p.suspicions[0].sign), -p.suspicions[0].share))
    return found[:MOST_SUSPECTS]


def held_in(study: Study) -> list[tuple[Hold, str]]:
    """Everybody who is held back now, the latest first, with the name of members."""
    holds = list(
        study.holds.filter(lifted__isnull=True)
        .select_related("by", "volunteer__user")
        .order_by("-created")[:200]
    )
    names = _names(study, [hold.volunteer for hold in holds])
    return [(hold, names.get(hold.volunteer_id, "")) for hold in holds]


def person_in(study: Study, volunteer_id: UUID) -> Person | None:
    """One volunteer of a study; None where they handed nothing in."""
    found = _told(study, study.work.filter(volunteer=volunteer_id))
    return found[0] if found else None


def _told(study: Study, rows: QuerySet[Work]) -> list[Person]:
    config = config_of(study, GuardConfig, "guard")
    listed = list(rows.select_related("volunteer__user", "volunteer__ability"))
    live = Hold.objects.filter(
        study=study, volunteer__in=[w.volunteer_id for w in listed], lifted__isnull=True
    )
    holds = {hold.volunteer_id: hold for hold in live}
    names = _names(study, [work.volunteer for work in listed])
    people = []
    for work in listed:
        ability: Ability | None = getattr(work.volunteer, "ability", None)
        people.append(
            Person(
                work=work,
                ability=ability,
                hold=holds.get(work.volunteer_id),
                name=names.get(work.volunteer_id, ""),
                suspicions=suspicions(_behaviour(work, ability), skill_of(ability), config),
            )
        )
    return people


def _behaviour(work: Work, ability: Ability | None) -> Behaviour:
    return Behaviour(
        masks=work.masks,
        unedited=work.unedited,
        quick=work.quick,
        floods=work.floods,
        copies=work.copies,
        needed=ability.needed if ability else 0.0,
        left=ability.left if ability else 0.0,
    )


def _names(study: Study, volunteers: Iterable[Volunteer]) -> dict[UUID, str]:
    """User names of those who are members; whoever helps a public study stays a pseudonym."""
    users = {v.user_id: v for v in volunteers if v.user_id is not None}
    members = Membership.objects.filter(study=study, user__in=users)
    return {
        users[user].pk: str(name) for user, name in members.values_list("user_id", "user__username")
    }
