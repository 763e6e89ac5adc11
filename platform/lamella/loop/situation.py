"""Looks at a study and says in what situation it is, for `steps.next_step`."""

from django.db.models import QuerySet

from lamella.consensus.known import Source, digest, sources_of
from lamella.cubes.models import Cube, Labels, LabelsRole, VolumeState
from lamella.jobs.models import Job, JobState
from lamella.learning.models import ModelVersion, Proposal, TrainingRun
from lamella.learning.selectors import proposal_by, serving_version
from lamella.loop.steps import Situation
from lamella.rounds.models import Certificate, Round, Task
from lamella.studies.models import Study, StudyState


def ready_cubes(study: Study) -> list[Cube]:
    return list(study.cubes.filter(state=VolumeState.READY).order_by("pk"))


def known_sources(study: Study, *, with_blind: bool = False) -> list[Source]:
    """All that is known of a study's cubes; the blind audit, which is held back, if asked for."""
    return [
        source for cube in ready_cubes(study) for source in sources_of(cube, with_blind=with_blind)
    ]


def candidate_version(study: Study) -> ModelVersion | None:
    return (
        study.model_versions.filter(state=ModelVersion.State.CANDIDATE).order_by("-number").first()
    )


def external_labels(study: Study) -> list[Labels]:
    return list(
        Labels.objects.filter(
            cube__study=study, role=LabelsRole.EXTERNAL, state=VolumeState.READY
        ).order_by("pk")
    )


def situation_of(study: Study) -> Situation:
    cubes = ready_cubes(study)
    pending = [VolumeState.WAITING, VolumeState.INGESTING]
    known = digest(known_sources(study))
    candidate = candidate_version(study)
    serving = serving_version(study)
    on_labels = study.training_runs.filter(kind=TrainingRun.Kind.TRAIN)
    last_run = on_labels.order_by("-pk").first()
    opened = study.rounds.filter(state=Round.State.OPEN).first()
    last_closed = study.rounds.filter(state=Round.State.CLOSED).order_by("-number").first()
    live = set(
        Job.objects.filter(
            scope=study.slug,
            kind__in=["train", "pretrain", "propose"],
            state__in=[JobState.QUEUED, JobState.RUNNING],
        ).values_list("kind", flat=True)
    )
    learned = -1 if last_run is None else int(last_run.snapshot.get("round", -1))
    return Situation(
        open=study.state == StudyState.OPEN,
        cubes_ready=len(cubes),
        cubes_pending=study.cubes.filter(state__in=pending).count()
        + Labels.objects.filter(cube__study=study, state__in=pending).count(),
        busy=bool({"train", "propose"} & live),
        pretraining="pretrain" in live,
        round_open=opened is not None,
        tasks_open=0 if opened is None else _unagreed(opened).count(),
        rounds=study.rounds.filter(state=Round.State.CLOSED, number__gte=1).count(),
        max_rounds=study.max_rounds,
        known=known,
        trained_on=last_run.snapshot.get("known", "") if last_run else "",
        round_to_learn=last_closed is not None and last_closed.number > learned,
        candidate=candidate is not None,
        candidate_proposed=candidate is not None
        and all(proposal_by(candidate, cube) for cube in cubes),
        serving=serving is not None,
        serving_current=serving is not None
        and all(_is_current(proposal_by(serving, cube), last_closed, known) for cube in cubes),
        external=bool(external_labels(study)),
        target_reached=target_reached(study, cubes),
    )


def volunteers_have_work(study: Study) -> bool:
    """Whether a round waits for people and nothing else could be done; asks little of the database.

    `situation_of` reads everything known, so that its cost grows with the study's tasks.
    """
    opened = study.rounds.filter(state=Round.State.OPEN).first()
    return opened is not None and candidate_version(study) is None and _unagreed(opened).exists()


def _unagreed(opened: Round) -> QuerySet[Task]:
    """The tasks that a round waits for."""
    return opened.tasks.filter(state=Task.State.OPEN, extra=False, blind=False)


def _is_current(proposal: Proposal | None, last: Round | None, known: str) -> bool:
    """Whether a proposal builds on the last round's masks, or on all that is known."""
    if proposal is None:
        return False
    made_since = last is None or last.closed is None or proposal.created >= last.closed
    return made_since or proposal.known.get("study") == known


def target_reached(study: Study, cubes: list[Cube]) -> bool:
    """Whether every cube's newest certificate lies wholly above the target.

    The bounds hold at any time, so that looking after every round until it is so is fair.
    """
    newest = [
        Certificate.objects.filter(cube=cube).order_by("-created", "-pk").first() for cube in cubes
    ]
    return bool(newest) and all(
        c is not None and c.low is not None and c.low >= study.target_dice for c in newest
    )
