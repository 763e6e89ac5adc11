"""What pages show of a study as a whole: cubes, rounds, work and people together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from lamella.accounts.models import User, Volunteer
from lamella.annotation.models import Correction
from lamella.annotation.practice import Accuracy, accuracies
from lamella.cubes.models import Cube, VolumeState
from lamella.learning.selectors import current_proposals
from lamella.loop.counted import Counted
from lamella.loop.counting import count_week
from lamella.loop.kept import kept_week, tasks_of
from lamella.rounds.models import Round, Task
from lamella.studies.access import may_contribute, visible_studies
from lamella.studies.models import Membership, Role, Study, StudyState


@dataclass(frozen=True)
class Week:
    """What volunteers did in the last seven days, in public studies."""

    corrections: int
    people: int
    seconds: float
    agreed: int


@dataclass(frozen=True)
class StudyCard:
    """``z``: a slice to show, the next to be worked on where there is one (``waiting``)."""

    study: Study
    cube: Cube | None
    z: int
    waiting: bool
    role: str
    tasks: int
    agreed: int
    may_try: bool


def week() -> Week:
    """True counts of the last seven days over the public studies. One query, else three."""
    return Week(**(kept_week() or count_week()))


OWN = 50
"""Studies of one person that the first page shows."""


def landing_cards(
    user: User | AnonymousUser, limit: int
) -> tuple[list[StudyCard], list[StudyCard]]:
    """(the person's own studies, public ones that take work), first those whose round opened last.

    Their own are those they are a member of; all of them for admins of the installation. Five
    queries, four for who has no account.
    """
    public = list(_shown(Study.objects.filter(public=True, state=StudyState.OPEN))[:limit])
    mine = list(_own_studies(user)[:OWN]) if isinstance(user, User) else []
    roles = [str(vars(study)["held"] or Role.ADMIN) for study in mine] + [""] * len(public)
    found = mine + public
    cards = _cards(found, roles, tasks_of({study.pk for study in found}), Cube.objects.all())
    return cards[: len(mine)], cards[len(mine) :]


def _own_studies(user: User) -> QuerySet[Study]:
    """With ``held``: the person's role, None where an admin of the installation has none."""
    if user.is_staff:
        held = Membership.objects.filter(study=OuterRef("pk"), user=user).values("role")
        return _shown(Study.objects.annotate(held=Subquery(held[:1])))
    mine = Study.objects.filter(memberships__user=user)
    return _shown(mine.annotate(held=F("memberships__role")))


@dataclass(frozen=True)
class OwnWork:
    slug: str
    title: str
    corrections: int
    seconds: float
    agreed: int
    last: datetime
    accuracy: Accuracy | None


def own_work(user: User) -> list[OwnWork]:
    """A person's corrections, study by study, the latest first."""
    volunteer = Volunteer.objects.filter(user=user).first()
    if volunteer is None:
        return []
    settled = [Task.State.RETIRED, Task.State.ACCEPTED]
    rows = (
        Correction.objects.filter(
            volunteer=volunteer, supersedes__isnull=True, withdrawn__isnull=True
        )
        .values("task__study", "task__study__slug", "task__study__title")
        .annotate(
            corrections=Count("id"),
            seconds=Sum("active_seconds"),
            agreed=Count("id", filter=Q(task__state__in=settled)),
            last=Max("created"),
        )
        .order_by("-last")
    )
    known = accuracies(volunteer)
    return [
        OwnWork(
            slug=row["task__study__slug"],
            title=row["task__study__title"],
            corrections=row["corrections"],
            seconds=row["seconds"],
            agreed=row["agreed"],
            last=row["last"],
            accuracy=known.get(row["task__study"]),
        )
        for row in rows
    ]


def _shown(studies: QuerySet[Study]) -> QuerySet[Study]:
    """With what `_cards` reads, those first whose round opened last."""
    first_cube = Cube.objects.filter(study=OuterRef("pk"), state=VolumeState.READY).order_by("id")
    newest = Task.objects.filter(
        study=OuterRef("pk"), state=Task.State.OPEN, kind=Task.Kind.WORK
    ).order_by("-priority", "id")
    opened = Round.objects.filter(study=OuterRef("pk")).order_by("-number")
    return studies.annotate(
        first_cube=Subquery(first_cube.values("pk")[:1]),
        live_cube=Subquery(newest.values("cube_id")[:1]),
        live_z=Subquery(newest.values("z")[:1]),
        opened=Subquery(opened.values("opened")[:1]),
    ).order_by(F("opened").desc(nulls_last=True), "-created")


def _cards(
    found: Sequence[Study],
    roles: Sequence[str],
    counts: Mapping[int, Mapping[str, Any]],
    cubes: QuerySet[Cube],
) -> list[StudyCard]:
    """``found`` as `_shown` brings them; ``roles``: the person's in each, or "". One query."""
    known = cubes.in_bulk({pk for study in found if (pk := _cube_of(study)) is not None})
    today = timezone.localdate()
    cards = []
    for study, role in zip(found, roles, strict=True):
        cube = known.get(_cube_of(study) or 0)
        live_z = vars(study)["live_z"]
        if cube is not None and not role and cube.embargo_until and cube.embargo_until > today:
            cube = None
        middle = cube.depth // 2 if cube else 0
        cards.append(
            StudyCard(
                study=study,
                cube=cube,
                z=middle if live_z is None else live_z,
                waiting=live_z is not None,
                role=role,
                tasks=counts[study.pk]["all"],
                agreed=counts[study.pk]["agreed"],
                may_try=study.state == StudyState.OPEN and (study.anonymous or bool(role)),
            )
        )
    return cards


def _cube_of(study: Study) -> int | None:
    """The one that the study's card shows, of a study as `_shown` brings it."""
    told = vars(study)
    cube: int | None = told["live_cube"] or told["first_cube"]
    return cube


@dataclass(frozen=True)
class Front:
    """What a study's home shows to visitors. ``drawn``: the serving version has drawn the card's
    cube; ``practice``: there are slices that experts drew."""

    card: StudyCard
    drawn: bool
    practice: bool


def front_of(study: Study, role: Role | None, now: Counted) -> Front:
    """Two queries and a count."""
    gold = Task.objects.filter(study=OuterRef("pk"), kind=Task.Kind.GOLD)
    found = _shown(Study.objects.filter(pk=study.pk)).annotate(practice=Exists(gold)).get()
    drawn = current_proposals().filter(cube=OuterRef("pk"))
    cubes = Cube.objects.annotate(drawn=Exists(drawn))
    (card,) = _cards([found], [str(role or "")], {study.pk: now.tasks}, cubes)
    return Front(card, card.cube is not None and vars(card.cube)["drawn"], found.practice)


def may_take_tasks(user: User | AnonymousUser, study: Study, role: Role | None) -> bool:
    """Whether the study gives this person work now. ``role`` is theirs in the study."""
    return study.state == StudyState.OPEN and may_contribute(user, study, role)


def other_studies(user: User | AnonymousUser, study: Study, limit: int = 3) -> list[Study]:
    """Studies that a person could go on with when this one has nothing left for them."""
    found = visible_studies(user).filter(state=StudyState.OPEN).exclude(pk=study.pk)
    if not user.is_authenticated:
        found = found.filter(anonymous=True)
    return list(found.order_by("-created")[:limit])
