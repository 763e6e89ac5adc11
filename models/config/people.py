"""Settings of consensus, of practice, and of what is said of people."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CrowdConfig:
    """When volunteers' masks of one task are enough."""

    redundancy: int = 3
    """Masks after which a task retires whatever they say."""
    early: int = 2
    """Masks after which a task may retire because they agree; not below 2."""
    agreement: float = 0.97
    """Mean pairwise Dice above which `early` masks suffice."""
    instances: bool = False
    """Values are object ids: new objects are matched between volunteers before they vote."""
    risk: float = 0.05
    """`skill`: a task retires once its expected error (1 - Dice) is at most this."""
    gain: float = 0.0
    """`skill`: a task retires once one more mask is expected to lower its error by less."""


@dataclass(frozen=True, slots=True)
class SkillConfig:
    """What is taken of a volunteer whom nobody knows, and how fast they become known.

    Pairs are pseudo-counts (for, against) of Beta distributions, in objects.
    """

    hit: tuple[float, float] = (2.4, 0.6)
    """Changes made of those that were needed."""
    false_alarm: tuple[float, float] = (0.5, 2.5)
    """Places changed of those that should have stayed, as people are told of their skill."""
    join: tuple[float, float] = (0.2, 3.8)
    """What somebody else invented, drawn too."""
    invent: tuple[float, float] = (0.15, 2.0)
    """Objects a task that somebody draws and that are not there; tasks' worth of evidence in it."""
    look: tuple[float, float] = (3.6, 0.4)
    """Tasks that somebody looked at, of those that they handed back as they were."""
    kept: tuple[float, float] = (4.5, 0.5)
    """Shown objects that are there, left."""
    passed: tuple[float, float] = (1.0, 1.0)
    """Shown objects that are not there, left."""
    shown_pure: tuple[float, float] = (4.0, 1.0)
    """Shown objects that are there."""
    mends: float = 0.5
    """How likely somebody who looks mends an outline that all others mend."""
    arrive: tuple[float, float] = (1.0, 1.0)
    """Objects that are there and not shown, and in how many tasks."""
    arrive_weight: float = 0.5
    """Tasks' worth of evidence in that number at most: tasks differ."""
    most: float = 4.0
    """Bound of one person's word on an object, in log-odds."""
    edge: float = 1.7
    """Root mean square error of a newcomer's outline, in pixels."""
    edge_weight: float = 4.0
    """Tasks' worth of evidence in that."""
    bias_weight: float = 0.05
    """Gold tasks' worth of evidence that people draw neither too wide nor too narrow."""
    reach: float = 4.0
    """Distances to an outline are clipped to so many pixels: further off is not louder."""
    floor: float = 0.1
    """Error of an outline, in pixels, that no number of people removes."""
    apart: float = 0.8
    """Mean distance to the agreed outline, in pixels, at which somebody's weight has halved."""
    accepting: float = 0.15
    """Correlation of people who left a shown outline alone: n of them are worth
    n / (1 + (n - 1) * accepting)."""
    sure: float = 0.9
    """People are judged on objects whose probability, without their own word, is beyond this or
    below one minus this."""
    forgetting: float = 0.98
    """Factor on older evidence with each task."""


@dataclass(frozen=True, slots=True)
class MarkConfig:
    """Points and boxes of many people."""

    reach: float = 15.0
    """Pixels from an object's middle within which a point means it."""


@dataclass(frozen=True, slots=True)
class PracticeConfig:
    """How often a volunteer is given a slice that experts drew."""

    every: int = 10
    """One slice in so many is practice, for somebody whose skill is not known yet."""
    sure_every: int = 40
    """One in so many for somebody who is known to be good."""
    doubted_every: int = 5
    """One in so many for somebody who is known to be no better than chance."""
    good: tuple[float, float] = (0.4, 0.9)
    """Skill (hit - false alarm, less its standard deviation) from which practice gets rarer, and at
    which it is as rare as it gets."""


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """What in a volunteer's behaviour is called suspicious, and what is acted on at once."""

    accepts: int = 30
    """Masks handed in unedited within `window` seconds that put somebody in quarantine; 0: none
    ever does."""
    window: float = 60.0
    """Seconds."""
    quick: float = 2.0
    """Seconds that an unedited mask was looked at, below which it counts as quick."""
    least: int = 10
    """Masks of somebody before anything is said of them."""
    unedited: float = 0.9
    """Share of masks left as they were shown, from which what was left wrong is looked at."""
    left: float = 0.7
    """Share of what was wrong and left so, from which somebody is said to nod things through."""
    needed: float = 3.0
    """Changes that were needed, in objects, before that is said."""
    often: float = 0.3
    """Share of masks from which quick ones, floods and copies are mentioned."""
    flood: float = 0.95
    """Share of a task's pixels that a mask which floods it fills."""
    skill: float = 0.2
    """Skill (hit - false alarm) below which, by twice its standard deviation, somebody is said to
    do no better than chance."""
