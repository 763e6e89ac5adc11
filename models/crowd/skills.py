"""What is known of a volunteer: counts that add up, and the estimates that follow from them.

Presence and outline are two skills. Presence is counted in objects, in two situations: of an object
that was not shown, whether they drew it; of one that was shown, whether they left it. The rates
are Beta posteriors. Outlines are counted in tasks: the mean square distance to the agreed outline,
and, on gold alone, the mean signed distance, each shrunk towards a newcomer's. A bias that most
people share cannot be told from the truth without gold.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields

from models.config import SkillConfig


@dataclass(frozen=True, slots=True)
class Tally:
    """Evidence about one volunteer, as weighted counts; zero is a newcomer.

    found, missed:   objects that are there and were not shown, drawn or not.
    invented:        places where they drew what is not there, of their own.
    joined, spared:  places where somebody else did, drawn by them too or not.
    kept, dropped:   objects that are there and were shown, left or removed.
    passed, struck:  objects that were shown and are not there, left or removed.
    edges, edge_square: tasks with an outline, and the sum of its mean squares off, in pixels².
    gold, gold_sum:  gold tasks with an outline, and the sum of its mean signed distances, pixels;
                     above 0 draws too wide.
    tasks: tasks that any of this comes from.
    looked, stamped: tasks that they looked at, and that they handed back unseen, as far as it could
                     be told.
    """

    found: float = 0.0
    missed: float = 0.0
    invented: float = 0.0
    spared: float = 0.0
    kept: float = 0.0
    dropped: float = 0.0
    passed: float = 0.0
    struck: float = 0.0
    edges: float = 0.0
    edge_square: float = 0.0
    gold: float = 0.0
    gold_sum: float = 0.0
    tasks: float = 0.0
    joined: float = 0.0
    looked: float = 0.0
    stamped: float = 0.0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def faded(self, factor: float) -> "Tally":
        """The same evidence, worth less: people change."""
        return Tally(*(value * factor for value in astuple(self)))

    @classmethod
    def of(cls, values: Mapping[str, float]) -> "Tally":
        """From a mapping of names to counts; unknown names are refused (KeyError)."""
        names = {f.name for f in fields(cls)}
        for name in values:
            if name not in names:
                raise KeyError(f"A tally has no count “{name}”.")
        return cls(**{name: float(value) for name, value in values.items()})


@dataclass(frozen=True, slots=True)
class SkillEstimate:
    """How a volunteer does, from a tally.

    hit:         share of the changes that a proposal needed (or, drawn from nothing, of the objects
                 that are there) that they made; 0..1.
    false_alarm: share of the places that should have stayed as they were that they changed; 0..1.
    spread:      standard deviation of hit - false_alarm.
    edge:        root mean square error of their outlines, in pixels.
    bias:        how much too wide they draw, in pixels, known from gold; 0 without gold.
    weight:      tasks' worth of evidence behind it; 0 is a newcomer.
    """

    hit: float
    false_alarm: float
    spread: float
    edge: float
    bias: float
    weight: float


@dataclass(frozen=True, slots=True)
class SkillSnapshot:
    """Tallies of volunteers at one moment; a result names the snapshot it used and can be
    replayed.

    shown: what became of the objects that proposals showed and did not show, counted as if the
    proposal were an annotator (found, missed, invented).
    """

    version: int = 0
    skills: Mapping[str, Tally] = field(default_factory=dict)
    shown: Tally = field(default_factory=Tally)

    def of(self, volunteer: str) -> Tally:
        """The volunteer's tally; a newcomer's where they are not known."""
        return self.skills.get(volunteer, NEWCOMER)


NEWCOMER = Tally()


def estimate(tally: Tally, config: SkillConfig | None = None) -> SkillEstimate:
    """Posterior means of a volunteer's rates and outline."""
    config = config or SkillConfig()
    made, left_out = tally.found + tally.struck, tally.missed + tally.passed
    wrong = tally.invented + tally.joined + tally.dropped
    right = tally.spared + tally.kept
    hit, hit_var = _beta(made, left_out, config.hit)
    alarm, alarm_var = _beta(wrong, right, config.false_alarm)
    return SkillEstimate(
        hit=hit,
        false_alarm=alarm,
        spread=(hit_var + alarm_var) ** 0.5,
        edge=edge_variance(tally, config) ** 0.5,
        bias=bias(tally, config),
        weight=tally.tasks,
    )


def edge_variance(tally: Tally, config: SkillConfig) -> float:
    """Expected square of the outline's error, in pixels²."""
    prior = config.edge_weight
    return (prior * config.edge**2 + tally.edge_square) / (prior + tally.edges)


def bias(tally: Tally, config: SkillConfig) -> float:
    """How much too wide they draw, in pixels, as far as gold has shown it."""
    return tally.gold_sum / (tally.gold + config.bias_weight)


def _beta(yes: float, no: float, prior: tuple[float, float]) -> tuple[float, float]:
    a, b = yes + prior[0], no + prior[1]
    mean = a / (a + b)
    return mean, mean * (1 - mean) / (a + b + 1)
