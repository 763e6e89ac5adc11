"""What managers see of the people of a study: how well they do, and what is odd about it.

Managers alone: no skill is ever shown to anybody else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db.models import Exists, F, FloatField, OuterRef, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.db.models.functions import Cast

from lamella.accounts.models import User, Volunteer
from lamella.annotation.holding import HoldError, let_go
from lamella.annotation.known import skill_of
from lamella.annotation.models import Ability, Participation, Quarantine
from lamella.annotation.participation import let_on
from lamella.studies.models import Membership, Study
from lamella.studies.policy import config_of
from models.config import GuardConfig
from models.crowd.suspicion import Behaviour, Sign, Suspicion, suspicions

PAGE = 50
MOST_SUSPECTS = 20
MOST_HELD = 100

Order = Literal["last", "skill", "unsure", "masks", "left"]
# An index gives this order of those who handed something in.
_LATEST = "-last"
_ORDERS: dict[Order, tuple[str | OrderBy, ...]] = {
    "last": (_LATEST,),
    "skill": (F("volunteer__ability__skill").asc(nulls_last=True), _LATEST),
    "unsure": (F("volunteer__ability__spread").desc(nulls_first=True), _LATEST),
    "masks": ("-corrections",),
    "left": (F("volunteer__ability__left").desc(nulls_last=True), _LATEST),
}


@dataclass(frozen=True)
class Person:
    """One volunteer of a study. name: of a member; else empty, for others stay pseudonyms."""

    work: Participation
    ability: Ability | None
    quarantine: Quarantine | None
    name: str
    suspicions: list[Suspicion]

    @property
    def volunteer_id(self) -> UUID:
        return self.work.volunteer_id

    @property
    def unedited_share(self) -> float:
        return min(self.work.unedited / max(self.work.corrections, 1), 1.0)

    @property
    def held(self) -> bool:
        """In quarantine or paused."""
        return self.quarantine is not None or self.work.paused is not None


@dataclass(frozen=True)
class People:
    people: list[Person]
    total: int
    pages: int


def people_of(study: Study, order: Order = "last", page: int = 1) -> People:
    """Those who handed something in to a study. Five queries."""
    everybody = study.participations.filter(last__isnull=False)
    rows = everybody.order_by(*_ORDERS[order], "pk")
    total = everybody.count()
    first = (page - 1) * PAGE
    return People(_told(study, rows[first : first + PAGE]), total, max(1, -(-total // PAGE)))


def suspects_of(study: Study) -> list[Person]:
    """People whose behaviour deserves a look and whom nothing holds back, the worst first."""
    config = config_of(study, GuardConfig, "guard")
    held = Quarantine.objects.filter(
        volunteer=OuterRef("volunteer"), study=study, lifted__isnull=True
    )
    many = Cast(F("corrections"), FloatField())
    # Lists of people, made once, instead of a look at each one's ability.
    tested = Ability.objects.filter(needed__gte=config.needed)
    poor = Ability.objects.filter(tasks__gte=config.least, skill__lt=config.skill - 2 * F("spread"))
    odd = (
        Q(quick__gte=many * config.often)
        | Q(floods__gte=many * config.often)
        | Q(copies__gte=many * config.often)
        | Q(unedited__gte=many * config.unedited, volunteer__in=tested.values("volunteer"))
        | Q(volunteer__in=poor.values("volunteer"))
    )
    rows = study.participations.filter(
        odd, ~Exists(held), paused__isnull=True, corrections__gte=config.least
    ).order_by(F("last").desc(nulls_last=True))
    found = [person for person in _told(study, rows[:200]) if person.suspicions]
    ranks = list(Sign)
    found.sort(key=lambda p: (ranks.index(p.suspicions[0].sign), -p.suspicions[0].share))
    return found[:MOST_SUSPECTS]


def held_in(study: Study) -> list[Person]:
    """Everybody who is in quarantine or paused, the latest at work first."""
    live = Quarantine.objects.filter(
        volunteer=OuterRef("volunteer"), study=study, lifted__isnull=True
    )
    rows = study.participations.filter(Q(paused__isnull=False) | Exists(live))
    return _told(study, rows.order_by(F("last").desc(nulls_last=True), "pk")[:MOST_HELD])


def person_in(study: Study, volunteer_id: UUID) -> Person | None:
    """One volunteer of a study; None where they handed nothing in."""
    found = _told(study, study.participations.filter(volunteer=volunteer_id))
    return found[0] if found else None


def let_go_on(study: Study, person: Person, *, by: User) -> None:
    """End whatever holds somebody back. Raises HoldError where nothing does."""
    if not person.held:
        raise HoldError("Nothing holds this volunteer back.")
    if person.quarantine is not None:
        let_go(study, person.volunteer_id, by=by)
    if person.work.paused is not None:
        let_on(study, person.work.volunteer)


def _told(study: Study, rows: QuerySet[Participation]) -> list[Person]:
    config = config_of(study, GuardConfig, "guard")
    listed = list(rows.select_related("volunteer__user", "volunteer__ability", "paused_by"))
    live = Quarantine.objects.filter(
        study=study, volunteer__in=[w.volunteer_id for w in listed], lifted__isnull=True
    )
    quarantines = {one.volunteer_id: one for one in live.select_related("by")}
    names = _names(study, [work.volunteer for work in listed])
    people = []
    for work in listed:
        ability: Ability | None = getattr(work.volunteer, "ability", None)
        people.append(
            Person(
                work=work,
                ability=ability,
                quarantine=quarantines.get(work.volunteer_id),
                name=names.get(work.volunteer_id, ""),
                suspicions=suspicions(_behaviour(work, ability), skill_of(ability), config),
            )
        )
    return people


def _behaviour(work: Participation, ability: Ability | None) -> Behaviour:
    return Behaviour(
        masks=work.corrections,
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
