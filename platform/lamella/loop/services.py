"""The loop: everything that turns a study from one step to the next.

`advance` asks `steps.next_step` what is to be done, does it, and asks again, until something is
under way that a worker or a person has to finish first. Every step is safe to take twice.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from lamella.consensus.known import digest
from lamella.jobs.services import enqueue
from lamella.learning import services as learning
from lamella.learning.models import ModelVersion
from lamella.learning.selectors import proposal_by, serving_version
from lamella.loop.certify import certificates_of
from lamella.loop.errors import UnderWayError
from lamella.loop.forecasting import forecast_of
from lamella.loop.gating import judge
from lamella.loop.selecting import select
from lamella.loop.situation import (
    candidate_version,
    external_labels,
    known_sources,
    ready_cubes,
    situation_of,
    volunteers_have_work,
)
from lamella.loop.steps import Step, next_step
from lamella.loop.training import start_training
from lamella.notices.models import Notice
from lamella.notices.telling import tell_managers
from lamella.rounds import services as rounds
from lamella.rounds.gold import make_gold_tasks
from lamella.rounds.models import Round
from lamella.rounds.services import CertificateFigures
from lamella.studies.models import Study, StudyState
from lamella.studies.services import set_state
from lamella.volumes.geometry import area_of

# More steps in a row than any study can need before it waits for something.
_MOST_STEPS = 12


def after_job(study: Study) -> None:
    """Something a study waited for has happened: let it go on."""
    enqueue(
        "advance",
        params={"study_id": study.pk},
        scope=study.slug,
        key=f"advance:{study.pk}",
        again=True,
    )


def nudge() -> int:
    """Wake every open study that could go on; the scheduler's safety net. Returns how many."""
    woken = 0
    for study in Study.objects.filter(state=StudyState.OPEN):
        if volunteers_have_work(study):
            continue
        if next_step(situation_of(study)) != Step.WAIT:
            after_job(study)
            woken += 1
    return woken


def advance(study_id: int, *, check: Callable[[], None] = lambda: None) -> list[Step]:
    """Take the steps that can be taken now, and return them. ``check`` may raise to stop."""
    taken: list[Step] = []
    while len(taken) < _MOST_STEPS:
        check()
        study = Study.objects.get(pk=study_id)
        step = next_step(situation_of(study))
        if step == Step.WAIT:
            break
        taken.append(step)
        _STEPS[step](study)
    return taken


def _close_round(study: Study) -> None:
    opened = study.rounds.filter(state=Round.State.OPEN).first()
    if opened is None:
        return
    certificates = certificates_of(opened)
    figures = {
        "tasks": opened.tasks.count(),
        "shown": _shown_share(study),
        "forecast": forecast_of(opened, certificates),
    }
    rounds.close_round(opened, certificates=certificates, figures=figures)
    quality: dict[str, Any] = _quality(study, certificates)
    tell_managers(study, Notice.Kind.ROUND, number=opened.number, **quality)


def _quality(study: Study, certificates: Sequence[CertificateFigures]) -> dict[str, float | None]:
    """Of the worst cube, as managers are told; no ``low`` where nothing bounds it."""
    known = [c for c in certificates if c.blind and c.dice is not None and c.low is not None]
    worst = min(known, key=lambda c: c.dice or 0.0, default=None)
    if worst is None:
        return {"low": None}
    return {
        "dice": worst.dice,
        "low": worst.low,
        "high": worst.high,
        "target": study.target_dice,
    }


def _shown_share(study: Study) -> float:
    """Share of the cubes' voxels that people looked at, seed labels and audits included."""
    sources = known_sources(study, with_blind=True)
    total = sum(c.shape[0] * c.shape[1] * c.shape[2] for c in ready_cubes(study))
    seen = sum(
        area_of(s.region for s in sources if s.cube == cube) for cube in {s.cube for s in sources}
    )
    return seen / total if total else 0.0


def _train(study: Study) -> None:
    with suppress(UnderWayError):  # a person was quicker, and wanted the same
        start_training(study)


def _propose_candidate(study: Study) -> None:
    candidate = candidate_version(study)
    if candidate is not None:
        _ask_everywhere(study, candidate)


def _propose_serving(study: Study) -> None:
    serving = serving_version(study)
    if serving is not None:
        _ask_everywhere(study, serving)


def _ask_everywhere(study: Study, version: ModelVersion) -> None:
    known = digest(known_sources(study))
    for cube in ready_cubes(study):
        proposal = proposal_by(version, cube)
        if proposal is None or proposal.known.get("study") != known:
            learning.ask_for_proposals(version, cube)


def _gate(study: Study) -> None:
    candidate = candidate_version(study)
    if candidate is None:
        return
    verdict = judge(candidate, serving_version(study))
    if verdict["promote"]:
        learning.serve(candidate, verdict)
    else:
        learning.retire(candidate, verdict)


def _adopt_external(study: Study) -> None:
    labels = external_labels(study)[-1]
    learning.serve(learning.adopt_external(study, labels))


def _open_round(study: Study) -> None:
    cubes = ready_cubes(study)
    serving = serving_version(study)
    proposals = {}
    if serving is not None:
        found = {cube.pk: proposal_by(serving, cube) for cube in cubes}
        proposals = {pk: proposal for pk, proposal in found.items() if proposal is not None}
    last = study.rounds.order_by("-number").first()
    # Round 0 asks people before anything was proposed.
    number = (last.number + 1) if last else (1 if proposals else 0)
    seed = int(study.settings.get("seed", 0)) * 1000 + number
    selection = select(study, cubes, proposals, known_sources(study), seed=seed)
    if not selection.chosen:
        set_state(study, StudyState.FINISHED)
        return
    rounds.open_round(
        study,
        number=number,
        strategy=selection.strategy,
        seed=seed,
        chosen=selection.chosen,
        proposals=proposals,
        selection=selection.record,
        candidates=selection.candidates.pack(),
    )
    make_gold_tasks(study)


def _finish(study: Study) -> None:
    set_state(study, StudyState.FINISHED)


_STEPS: dict[Step, Callable[[Study], Any]] = {
    Step.CLOSE_ROUND: _close_round,
    Step.TRAIN: _train,
    Step.PROPOSE_CANDIDATE: _propose_candidate,
    Step.GATE: _gate,
    Step.PROPOSE_SERVING: _propose_serving,
    Step.ADOPT_EXTERNAL: _adopt_external,
    Step.OPEN_ROUND: _open_round,
    Step.FINISH: _finish,
}
