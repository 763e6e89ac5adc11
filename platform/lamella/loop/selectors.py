"""What pages show of a study as a whole: cubes, rounds, work and people together."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from lamella.accounts.models import User, Volunteer
from lamella.annotation.models import Correction
from lamella.annotation.proven import Accuracy, accuracies
from lamella.cubes.models import Cube, VolumeState
from lamella.loop.counted import Counted
from lamella.loop.counting import count_week
from lamella.loop.kept import kept_week, tasks_of
from lamella.rounds.models import Round, Task
from lamella.studies.access import visible_studies
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
    study: Study
    cube: Cube | None
    z: int
    role: str
    tasks: int
    agreed: int
    may_try: bool


def week() -> Week:
    """True counts of the last seven days over the public studies. One query, else three."""
    return Week(**(kept_week() or count_week()))


def public_cards(limit: int = 3) -> list[StudyCard]:
    """Public studies that take work, first those whose round opened last."""
    public = Study.objects.filter(public=True, state=StudyState.OPEN)
    return _cards(public, {}, limit)


def own_cards(user: User | AnonymousUser) -> list[StudyCard]:
    """The studies a person is a member of (all of them for admins of the installation)."""
    if not isinstance(user, User):
        return []
    roles = dict(Membership.objects.filter(user=user).values_list("study_id", "role"))
    mine = visible_studies(user)
    if not user.is_staff:
        mine = mine.filter(pk__in=roles)
    else:
        roles = {pk: roles.get(pk, Role.ADMIN) for pk in mine.values_list("pk", flat=True)}
    return _cards(mine, roles, 50)


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


def _cards(
    studies: QuerySet[Study], roles: dict[int, str], limit: int, now: Counted | None = None
) -> list[StudyCard]:
    first_cube = Cube.objects.filter(study=OuterRef("pk"), state=VolumeState.READY).order_by("id")
    newest = Task.objects.filter(
        study=OuterRef("pk"), state=Task.State.OPEN, kind=Task.Kind.WORK
    ).order_by("-priority", "id")
    opened = Round.objects.filter(study=OuterRef("pk")).order_by("-number")
    found = list(
        studies.annotate(
            first_cube=Subquery(first_cube.values("pk")[:1]),
            live_cube=Subquery(newest.values("cube_id")[:1]),
            live_z=Subquery(newest.values("z")[:1]),
            opened=Subquery(opened.values("opened")[:1]),
        ).order_by(F("opened").desc(nulls_last=True), "-created")[:limit]
    )
    counts = {found[0].pk: now.tasks} if now and found else tasks_of([s.pk for s in found])
    cubes = Cube.objects.in_bulk(
        [pk for s in found if (pk := s.live_cube or s.first_cube) is not None]
    )
    today = timezone.localdate()
    cards = []
    for study in found:
        cube = cubes.get(study.live_cube or study.first_cube)
        role = roles.get(study.pk, "")
        if cube is not None and not role and cube.embargo_until and cube.embargo_until > today:
            cube = None
        middle = cube.depth // 2 if cube else 0
        cards.append(
            StudyCard(
                study=study,
                cube=cube,
                z=middle if study.live_z is None else study.live_z,
                role=role,
                tasks=counts[study.pk]["all"],
                agreed=counts[study.pk]["agreed"],
                may_try=study.state == StudyState.OPEN and (study.anonymous or bool(role)),
            )
        )
    return cards


def card_of(study: Study, role: Role | None, now: Counted) -> StudyCard:
    """The card of one study. Two queries and a count."""
    roles = {study.pk: str(role)} if role else {}
    return _cards(Study.objects.filter(pk=study.pk), roles, 1, now)[0]


def may_take_tasks(user: User | AnonymousUser, study: Study, role: Role | None) -> bool:
    """Whether the study gives this person work now. ``role`` is theirs in the study."""
    if study.state != StudyState.OPEN:
        return False
    return role is not None or (study.public and (study.anonymous or user.is_authenticated))


def other_studies(user: User | AnonymousUser, study: Study, limit: int = 3) -> list[Study]:
    """Studies that a person could go on with when this one has nothing left for them."""
    found = visible_studies(user).filter(state=StudyState.OPEN).exclude(pk=study.pk)
    if not user.is_authenticated:
        found = found.filter(anonymous=True)
    return list(found.order_by("-created")[:limit])
