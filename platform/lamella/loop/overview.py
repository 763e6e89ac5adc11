"""A study at one glance: quality, effort, what waits, and where along z it stands.

`of_study` needs a fixed number of queries, however many cubes and tasks there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lamella.cubes.models import Cube, VolumeState
from lamella.loop.counted import NO_TASKS, Counted
from lamella.loop.effort import Effort, effort_from
from lamella.loop.forecasting import Ahead, ahead_of, sentence
from lamella.loop.strip import Strip, strip_of
from lamella.rounds.models import Certificate, Round
from lamella.studies.models import Study

COLUMNS = 256
"""Of a strip along z; on the cube's own page it is finer."""
STRIPS = 6
"""Cubes whose strip along z is drawn; the others are in the table of cubes."""


@dataclass(frozen=True)
class CubeState:
    cube: Cube
    certificate: Certificate | None
    shown: int
    """Slices that people have seen, or will see, as tasks, and those that came labelled."""
    strip: Strip | None


@dataclass(frozen=True)
class RoundState:
    round: Round
    tasks: int
    """Those it waits for: without the tiles of the blind audit."""
    agreed: int
    to_draw: int
    """Tiles of its blind audit that nobody has drawn yet."""


@dataclass(frozen=True)
class Overview:
    cubes: list[CubeState]
    rounds: list[RoundState]
    slices: int
    shown: int
    effort: Effort
    people_today: int
    waiting: int
    contested: int
    doubted: int
    failed_jobs: int
    qualities: dict[int, float]
    """{round: quality of the worst cube after it}, of rounds that measured it blind."""

    @property
    def ahead(self) -> Ahead | None:
        """The work left to the target, from the newest round that foretold any."""
        agreed = sum(state.agreed for state in self.rounds)
        each = self.effort.seconds / agreed if agreed else 0.0
        for state in reversed(self.rounds):
            if told := state.round.figures.get("forecast"):
                return ahead_of(told, each)
        return None

    @property
    def forecast(self) -> str:
        """How much more work the target takes, in words; empty before a round told."""
        told = (sentence(state.round.figures) for state in reversed(self.rounds))
        return next((text for text in told if text), "")

    @property
    def worst(self) -> Certificate | None:
        """The certificate with the lowest quality: a study is as good as its worst cube."""
        known = [c.certificate for c in self.cubes if c.certificate and not c.certificate.vague]
        return min(known, key=lambda c: c.dice or 0.0, default=None)

    @property
    def first_idea(self) -> Certificate | None:
        """Of the worst cube, while nothing was drawn blind: what its corrections let hope for."""
        told = [c.certificate for c in self.cubes if c.certificate and c.certificate.flattered]
        return min(told, key=lambda c: c.dice or 0.0, default=None)

    @property
    def shown_share(self) -> float:
        return self.shown / self.slices if self.slices else 0.0

    @property
    def to_draw(self) -> int:
        """Tiles of the blind audit that wait for somebody whom the study trusts."""
        return sum(state.to_draw for state in self.rounds)

    @property
    def open_round(self) -> RoundState | None:
        last = self.rounds[-1] if self.rounds else None
        return last if last and last.round.state == Round.State.OPEN else None


def of_study(study: Study, now: Counted | None = None) -> Overview:
    cubes = list(study.cubes.all())
    now = now or Counted(study)
    rounds = _rounds(now)
    drawn = [c.pk for c in cubes if c.state == VolumeState.READY][:STRIPS]
    along = now.along(drawn)
    shown = now.shown(cubes)
    every = list(Certificate.objects.filter(cube__study=study).order_by("pk"))
    certificates = {c.cube_id: c for c in every}
    states = [
        CubeState(
            cube=cube,
            certificate=certificates.get(cube.pk),
            shown=shown[cube.pk],
            strip=strip_of(cube, *along[cube.pk], labelled=now.labelled[cube.pk], most=COLUMNS)
            if cube.pk in along
            else None,
        )
        for cube in cubes
    ]
    slices = sum(cube.depth for cube in cubes if cube.state == VolumeState.READY)
    counts = now.review
    return Overview(
        cubes=states,
        rounds=rounds,
        slices=slices,
        shown=sum(state.shown for state in states),
        effort=effort_from(now.totals, cubes),
        people_today=now.totals["people"],
        waiting=counts["waiting"],
        contested=counts["contested"],
        doubted=counts["doubted"],
        failed_jobs=now.states["failed"],
        qualities=_qualities(every),
    )


def _qualities(certificates: Iterable[Certificate]) -> dict[int, float]:
    """{round: the worst cube's quality after it}"""
    worst: dict[int, float] = {}
    for c in certificates:
        if c.blind and c.dice is not None:
            worst[c.round_id] = min(c.dice, worst.get(c.round_id, 1.0))
    return worst


def _rounds(now: Counted) -> list[RoundState]:
    counts = now.rounds
    return [
        RoundState(r, c["tasks"], c["agreed"], c["to_draw"])
        for r in now.listed
        for c in [counts.get(r.pk, NO_TASKS)]
    ]
