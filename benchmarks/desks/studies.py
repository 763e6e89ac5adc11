"""Studies with their cubes, rounds, models, certificates and jobs: thousands of rows."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.desks.bulk import Say, load
from benchmarks.desks.moments import Moments
from benchmarks.desks.plan import StudyPlan
from lamella.cubes.models import Cube, Labels, LabelsRole, Upload, VolumeState
from lamella.exchange.models import Export
from lamella.jobs.models import Job, JobState
from lamella.learning.models import ModelVersion, Proposal, TrainingRun
from lamella.rounds.models import Candidates, Certificate, Round
from lamella.studies.models import LabelClass, Study, StudyState

JOBS = 60_000
"""Jobs of the last thirty days, at full size."""


def make_studies(
    plans: list[StudyPlan], moments: Moments, rng: np.random.Generator, say: Say
) -> None:
    for plan in plans:
        _study(plan)
        _rounds(plan, moments, rng, say)
        _models(plan, moments)
        _certificates(plan, moments, rng, say)
    _jobs(plans, moments, rng, say)


def _study(plan: StudyPlan) -> None:
    shape = plan.shape
    study = Study.objects.create(
        id=plan.id,
        slug=shape.slug,
        title=shape.title,
        question=f"Where are they in {shape.title.lower()}?",
        guide="## What to mark\n\nMark each **whole object** up to its outer rim.\n" * 3,
        tutorial="## Look\n\nLook first.\n\n## Draw\n\nThen draw.\n",
        state=StudyState.OPEN,
        public=shape.public,
        anonymous=shape.anonymous,
    )
    LabelClass.objects.bulk_create(
        LabelClass(study=study, value=value, name=name, color=colour)
        for value, name, colour in ((1, "object", "#E69F00"), (2, "border", "#56B4E9"))
    )
    Cube.objects.bulk_create(
        Cube(
            id=pk,
            study=study,
            name=f"{shape.title.split(',')[0]} {number}",
            state=VolumeState.READY,
            uri=plan.store,
            shape=[plan.depth, plan.side, plan.side],
            dtype="uint8",
            voxel_size=[50.0, 10.0, 10.0],
            unit="nanometer",
            checksum=uuid.UUID(int=pk).hex * 2,
            licence="CC0",
        )
        for number, pk in enumerate(plan.cubes, start=1)
    )
    Labels.objects.bulk_create(
        Labels(
            cube_id=pk,
            name="first slices",
            role=LabelsRole.TRAINING,
            state=VolumeState.READY,
            dtype="uint8",
            slices=[1, plan.depth // 2, plan.depth - 2],
        )
        for pk in list(plan.cubes)[::3]
    )
    Export.objects.bulk_create(
        Export(cube_id=pk, format=Export.Format.TIFF, state=Export.State.READY)
        for pk in list(plan.cubes)[::2]
        for _ in range(3)
    )
    Upload.objects.create(study=study, user_id=2, filename="stack.tif", size=1000)


def _rounds(plan: StudyPlan, moments: Moments, rng: np.random.Generator, say: Say) -> None:
    last = len(plan.rounds) - 1
    times = moments.at(np.linspace(0, 0.97, len(plan.rounds)))

    def rows() -> Iterator[tuple[Any, ...]]:
        for number, pk in enumerate(plan.rounds):
            figures = {
                "tasks": len(plan.tasks) // len(plan.rounds),
                "shown": 0.02 * number,
                "forecast": {"more": 900 - 20 * number, "low": 300.0, "high": 2000.0,
                             "target": 0.95, "note": ""},
            }  # fmt: skip
            open_ = number == last
            yield (
                pk, plan.id, number, "open" if open_ else "closed", "expected_error", number,
                json.dumps(_selection(plan, rng)), json.dumps({} if open_ else figures),
                times[number], None if open_ else times[number + 1],
            )  # fmt: skip

    load(
        Round,
        ("id", "study", "number", "state", "strategy", "seed", "selection", "figures", "opened",
         "closed"),
        rows(),
        say,
    )  # fmt: skip
    Candidates.objects.bulk_create(
        Candidates(round_id=pk, table=rng.bytes(min(400_000, 20 * len(plan.tasks))))
        for pk in plan.rounds
    )


def _selection(plan: StudyPlan, rng: np.random.Generator) -> dict[str, Any]:
    """What a round was chosen from, as loop.selecting writes it."""
    area = plan.side * plan.side
    wave = 0.02 + 0.015 * np.sin(np.arange(plan.depth) / 9.0)
    return {
        "expected_voxels": {
            str(pk): np.round(wave * area * rng.uniform(0.5, 1.5), 1).tolist() for pk in plan.cubes
        },
        "next_best": [
            {"cube": plan.cubes[i % len(plan.cubes)], "region": [int(z), 0, 0, 512, 512],
             "score": 0.02, "scores": {"expected_error": 0.02}}
            for i, z in enumerate(rng.integers(0, plan.depth, 400))
        ],
        "share": 0.04,
        "audit_share": 0.01,
    }  # fmt: skip


def _curve(rng: np.random.Generator) -> list[dict[str, Any]]:
    noise = rng.normal(0, 0.01, 300)
    return [
        {
            "step": step,
            "seconds": step / 4,
            "cross_entropy": round(0.6 / (1 + step / 60) + abs(float(noise[step])), 4),
            "dice": round(0.9 / (1 + step / 90), 4),
            "adversarial": round(0.8 - step / 900, 4),
            "validation_dice": round(0.93 - 0.6 / (2 + step), 4) if step % 38 == 0 else None,
            "real_score": round(0.5 + step / 1500, 4),
            "fake_score": round(0.5 - step / 1500, 4),
            "saturated": False,
        }
        for step in range(300)
    ]


def _models(plan: StudyPlan, moments: Moments) -> None:
    rng = np.random.default_rng(plan.id)
    states = TrainingRun.State
    kept = []
    for pk in plan.versions:
        sources = [
            {"cube": int(c), "z": int(z), "y0": 0, "x0": 0, "height": 512, "width": 512,
             "kind": "consensus", "id": 1, "hash": "0" * 16}
            for c, z in zip(rng.choice(plan.cubes, 300), rng.integers(0, plan.depth, 300),
                            strict=True)
        ]  # fmt: skip
        kept.append(
            TrainingRun(
                id=pk,
                study_id=plan.id,
                state=states.DONE,
                config={"train": {"max_seconds": 120.0}, "network": {"classes": 1}},
                snapshot={"slices": 300, "sources": sources, "round": pk - plan.versions[0]},
                data_hash="d" * 64,
                code_version="0.1.0",
                curves=_curve(rng),
                started=moments.now.astimezone(),
                finished=moments.now.astimezone(),
            )
        )
    TrainingRun.objects.bulk_create(kept)
    serving = plan.versions[-1]
    ModelVersion.objects.bulk_create(
        ModelVersion(
            id=pk,
            study_id=plan.id,
            number=number,
            state=ModelVersion.State.SERVING if pk == serving else ModelVersion.State.RETIRED,
            training_run_id=pk,
            checkpoint=f"models/{plan.id}/run-{pk}.safetensors",
            metrics={"validation_dice": 0.9},
            gate={"promote": True, "reason": "Not worse, and better on the whole.",
                  "difference": 0.01, "low": 0.001, "high": 0.02, "items": 12,
                  "against": number - 1},
        )
        for number, pk in enumerate(plan.versions, start=1)
    )  # fmt: skip
    # One a cube and version; a cube's proposals follow each other.
    Proposal.objects.bulk_create(
        Proposal(
            id=proposal_of(plan, cube, pk),
            cube_id=cube,
            model_version_id=pk,
            state=Proposal.State.READY,
            uri=plan.proposals,
            known={"study": "0" * 64},
        )
        for cube in plan.cubes
        for pk in plan.versions
    )


def proposal_of(plan: StudyPlan, cube: int, version: int) -> int:
    """The id of what a version proposed for a cube; both by id."""
    place = (cube - plan.cubes[0]) * len(plan.versions) + version - plan.versions[0]
    return plan.id * 1_000_000 + place


def _certificates(plan: StudyPlan, moments: Moments, rng: np.random.Generator, say: Say) -> None:
    times = moments.at(np.linspace(0, 0.97, len(plan.rounds)))

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, len(plan.rounds) - 1):
            for cube in plan.cubes:
                dice = 0.96 - 0.2 / number + float(rng.normal(0, 0.005))
                yield (
                    cube, plan.rounds[number], proposal_of(plan, cube, plan.versions[number - 1]),
                    "stratified ratio", dice, dice - 0.05, min(dice + 0.03, 0.999),
                    6 * number, 4 * number, 0.01 * number, times[number + 1],
                )  # fmt: skip

    load(
        Certificate,
        ("cube", "round", "proposal", "method", "dice", "low", "high", "tasks", "blind", "audited",
         "created"),
        rows(),
        say,
    )  # fmt: skip


def _jobs(plans: list[StudyPlan], moments: Moments, rng: np.random.Generator, say: Say) -> None:
    """The last thirty days: nearly all are done, some failed, a few wait or run."""
    total = sum(len(plan.tasks) for plan in plans)
    count = max(40, round(JOBS * total / 1_000_000))
    whose = rng.choice(len(plans), count, p=[len(plan.tasks) / total for plan in plans])
    made = moments.at(1 - np.sort(rng.random(count))[::-1] * 30 / 400)

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(count):
            state = JobState.DONE
            if number >= count - 20:
                state = JobState.QUEUED
            elif number % 997 == 7 or number >= count - 26:
                state = JobState.FAILED
            ended = state in (JobState.DONE, JobState.FAILED)
            yield (
                rng.bytes(16).hex(), "consensus", json.dumps({"task_id": number + 1}), "light",
                f"consensus:{number}", plans[whose[number]].shape.slug, "Agree on a mask",
                state.value, 1, 1.0 if ended else 0.0,
                "The mask could not be read; the store did not answer." if state == JobState.FAILED
                else "", made[number], made[number] if ended else None,
                made[number] if ended else None,
            )  # fmt: skip

    load(
        Job,
        ("id", "kind", "params", "queue", "key", "scope", "title", "state", "attempts", "progress",
         "error", "created", "started", "finished"),
        rows(),
        say,
    )  # fmt: skip
