"""The cycle on one page: which step a study takes next, as a pure function of its situation."""

from dataclasses import dataclass
from enum import Enum


class Step(Enum):
    WAIT = "wait"
    """Something is under way, or nothing can be done without a person."""
    CLOSE_ROUND = "close_round"
    """Every task of the open round is agreed: certify, and close it."""
    TRAIN = "train"
    """There are known masks that no training run has seen."""
    PROPOSE_CANDIDATE = "propose_candidate"
    """A trained candidate has not said yet what it makes of the cubes."""
    GATE = "gate"
    """A candidate stands against the serving version: promote it or retire it."""
    PROPOSE_SERVING = "propose_serving"
    """The serving version's proposals do not build on the last round's masks yet."""
    ADOPT_EXTERNAL = "adopt_external"
    """Another tool's masks were imported as proposals; they serve until training has masks."""
    OPEN_ROUND = "open_round"
    """Proposals (or nothing at all, in round 0) are ready: select tasks."""
    FINISH = "finish"
    """The target or the last round is reached."""


@dataclass(frozen=True)
class Situation:
    """What is known of a study when its next step is decided."""

    open: bool
    """The study is open (not a draft, paused or finished)."""
    cubes_ready: int
    cubes_pending: int
    busy: bool
    """A training or proposing job is waiting or running."""
    pretraining: bool
    """A pretraining job is: training waits for its end, and nothing else does."""
    round_open: bool
    tasks_open: int
    """Tasks of the open round without agreement."""
    rounds: int
    """Rounds closed so far, not counting round 0 (which asks people first)."""
    max_rounds: int
    known: str
    """Hash of everything known (agreed tasks and training labels); empty when nothing is."""
    trained_on: str
    """Hash of what was known when the last training run started, whatever became of it."""
    round_to_learn: bool
    """A round was closed since then. Masks that trickle in between rounds wait for the next."""
    candidate: bool
    candidate_proposed: bool
    """The candidate has a ready proposal for every ready cube."""
    serving: bool
    serving_current: bool
    """The serving version has ready proposals for every ready cube, made since the last round."""
    external: bool
    """There are imported proposals that no model version stands for yet."""
    target_reached: bool


def next_step(now: Situation) -> Step:
    """The one step to take now. Taking it changes the situation; then this is asked again."""
    if not now.open or now.cubes_pending or not now.cubes_ready or now.busy:
        return Step.WAIT
    if now.round_open:
        if not now.tasks_open:
            return Step.CLOSE_ROUND
        # A run that a person or a rule started meanwhile: tasks keep the proposal that they show.
        if now.candidate and not now.target_reached:
            return Step.GATE if now.candidate_proposed else Step.PROPOSE_CANDIDATE
        return Step.WAIT
    if now.target_reached:
        # Before anything is trained: what is exported is to be the very mask that was certified.
        return Step.FINISH
    if now.external and not now.serving and not now.known:
        return Step.ADOPT_EXTERNAL
    if now.known and now.known != now.trained_on and (now.round_to_learn or not now.trained_on):
        return Step.WAIT if now.pretraining else Step.TRAIN
    if now.candidate:
        return Step.GATE if now.candidate_proposed else Step.PROPOSE_CANDIDATE
    if now.serving and not now.serving_current:
        return Step.PROPOSE_SERVING
    if not now.serving and now.known:
        # The run failed or was cancelled and nothing serves: a person decides what is next.
        return Step.WAIT
    if now.rounds >= now.max_rounds:
        return Step.FINISH
    return Step.OPEN_ROUND
