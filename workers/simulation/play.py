"""Plays one study through: the product's loop on a database of its own, with simulated people."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lamella.accounts.models import User
from lamella.accounts.models import Volunteer as Pseudonym
from lamella.cubes.models import Cube
from lamella.cubes.services import add_cube
from lamella.jobs.models import Job
from lamella.learning.models import TrainingRun
from lamella.rounds.models import Round
from lamella.studies.classes import class_map
from lamella.studies.models import Role, Study, StudyState
from lamella.studies.plan import ClassSpec
from lamella.studies.policy import config_of
from lamella.studies.services import add_member, create_study, set_state
from models.config import SelectionConfig
from models.selection.candidates import candidates
from models.simulate.cast import pinned_cast
from models.simulate.volunteers import PerfectVolunteer, Volunteer, effort
from workers.simulation import opening
from workers.simulation.cell import PRESETS, Cell, Preset
from workers.simulation.figures import RoundFigures, measure_all, shown_at
from workers.simulation.hands import Crowd, Person
from workers.simulation.inline import JobFailedError, drain
from workers.simulation.truth import Truth, read_truths

Tell = Callable[[RoundFigures, float], None]
"""Called with each round's figures and the share of the study that is done."""

OWN = "simulation"
"""Section of the settings that changes the preset; all others are the study's."""


def preset_of(cell: Cell) -> Preset:
    """The cell's preset with its changes. Raises ValueError that names what is no setting."""
    changes = dict(cell.settings.get(OWN, {}))
    preset = PRESETS[cell.preset]
    strange = sorted(set(changes) - set(Preset.__dataclass_fields__) | {"settings"} & set(changes))
    if strange:
        raise ValueError(f"There is no setting “{OWN}.{strange[0]}” for a simulation.")
    return replace(preset, **changes, rounds=cell.rounds, budget=cell.budget)


def study_settings(cell: Cell, preset: Preset) -> dict[str, Any]:
    """The study's settings: the preset's, then the cell's, section by section."""
    # Simulated people hand in dozens of masks a second, and are no bots to be stopped.
    result: dict[str, Any] = {"seed": cell.seed, "guard": {"accepts": 0}}
    for changes in (preset.settings, cell.settings):
        for section, values in changes.items():
            if section == OWN:
                continue
            if isinstance(values, Mapping):
                result[section] = {**result.get(section, {}), **values}
            else:
                result[section] = values
    result.setdefault("train", {}).setdefault("seed", cell.seed)
    return result


def play(cell: Cell, tell: Tell = lambda row, done: None) -> dict[str, Any]:
    """The cell's result: the rounds and what stands beside them, without NaN."""
    began, busy = time.monotonic(), time.process_time()
    truths = read_truths(cell.images, cell.labels, cell.classes)  # type: ignore[arg-type]
    game = _Game(cell, truths)
    rows = list(game.rounds(tell))
    return {
        "rounds": [row.to_json() for row in rows],
        "shown_at_dice": shown_at(rows),
        "cast": game.crowd.realised.figures(),
        "seconds_from_nothing": round(_from_nothing(truths), 1),
        "notes": _notes(truths, rows),
        "wall_seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(time.process_time() - busy, 1),
    }


class _Game:
    """A study, its cubes and its people."""

    def __init__(self, cell: Cell, truths: Sequence[Truth]) -> None:
        self.cell = cell
        values = truths[0].values
        self.preset = preset_of(cell)
        self.perfect = cell.volunteers == "perfect"
        settings = study_settings(cell, self.preset)
        self.own_budget = {"max_steps", "max_seconds"} & set(cell.settings.get("train", {}))
        self.study = create_study(
            title="Simulated study",
            question="Where are the objects?",
            by=None,
            classes=[ClassSpec(v, f"class {v}") for v in values],
            label_dtype=_dtype(values),
            redundancy=1 if self.perfect else self.preset.redundancy,
            strategy=cell.strategy,
            target_dice=self.preset.target or self.preset.until or 1.0,
            max_rounds=cell.rounds,
            settings=settings,
        )
        set_state(self.study, StudyState.OPEN)
        self.truths = {
            add_cube(self.study, name=name, path=image).pk: truth.labels
            for name, image, truth in zip(_names(len(truths)), cell.images, truths, strict=True)
        }
        self.crowd = Crowd(
            [self._person(hand) for hand in self._hands()],
            class_map(self.study),
            self.truths,
            np.random.default_rng((cell.seed, 7)),
        )

    def _hands(self) -> list[Volunteer]:
        if self.perfect:
            return [PerfectVolunteer()]
        return pinned_cast(self.cell.seed)

    def _person(self, hand: Volunteer) -> Person:
        """A member of the study: those it does not know wait long for the blind audit."""
        user = User.objects.create(username=hand.name)
        add_member(self.study, user, Role.VOLUNTEER)
        return Person(Pseudonym.objects.create(user=user), hand)

    def rounds(self, tell: Tell) -> Iterator[RoundFigures]:
        """Play round after round; the figures after each."""
        fewest = max(self.preset.fewest_seeds, len(self.truths))
        self._set_shares(self.preset.seed_share, fewest, audit=0.0)
        self._set_steps(self.preset.first_steps)
        opening.take_over(self.cell, self.preset)
        drain(self._after)
        stored = Cube.objects.select_related("study").in_bulk(list(self.truths))
        cubes = [(stored[pk], truth) for pk, truth in self.truths.items()]
        while True:
            opened = self.study.rounds.filter(state=Round.State.OPEN).first()
            if opened is None:
                return
            if not self.crowd.work(self.study):
                raise JobFailedError(f"Nobody may take the tasks left of round {opened.number}.")
            self._set_shares(
                self.preset.round_share, self.preset.fewest_work, audit=self.preset.audit_share
            )
            drain(self._after)
            row = measure_all(cubes, Round.objects.get(pk=opened.pk))
            done = max(row.shown_fraction / self.cell.budget, row.number / self.cell.rounds)
            tell(row, min(done, 1.0))
            yield row
            self.study.refresh_from_db()
            # A last round may come a little short of the budget, never far beyond it.
            if row.shown_fraction >= self.cell.budget - 1e-9 or row.number >= self.cell.rounds:
                return
            if self.preset.until is not None and row.dice_final >= self.preset.until:
                return

    def _set_shares(self, share: float, fewest: int, *, audit: float) -> None:
        """Shares that give at least ``fewest`` chosen tasks a round."""
        total = self._places()
        fields = {"round_share": min(1.0, max(share, fewest / total)), "audit_share": audit}
        Study.objects.filter(pk=self.study.pk).update(**fields)

    def _places(self) -> int:
        config = config_of(self.study, SelectionConfig, "selection")
        shapes = [truth.shape for truth in self.truths.values()]
        return sum(len(candidates((z, y, x), config)[0]) for z, y, x in shapes)

    def _set_steps(self, steps: int) -> None:
        if self.own_budget:
            return
        settings = self.study.settings
        settings["train"] = {**settings.get("train", {}), "max_steps": steps}
        Study.objects.filter(pk=self.study.pk).update(settings=settings)

    def _after(self, job: Job) -> None:
        if job.kind == "train" and TrainingRun.objects.filter(study=self.study).count() == 1:
            opening.keep(self.cell, self.preset)
            self.study.refresh_from_db()
            self._set_steps(self.preset.round_steps)
        if job.kind == "propose" and self.cell.strategy == "oracle":
            # Imports torch, which those who only ask for a cached result need not wait for.
            from workers.simulation import oracle

            oracle.tell(self.study, self.truths)


def _dtype(values: tuple[int, ...]) -> str:
    # The greatest value of a type means unsure.
    if max(values) < 255:
        return "uint8"
    return "uint16" if max(values) < 65535 else "uint32"


def _names(count: int) -> list[str]:
    return ["cube"] if count == 1 else [f"cube {number}" for number in range(1, count + 1)]


def _from_nothing(truths: Sequence[Truth]) -> float:
    """Seconds to draw every slice from nothing once."""
    planes = (plane for truth in truths for plane in truth.labels)
    return sum(effort(np.zeros_like(plane), plane)[0] for plane in planes)


def _notes(truths: Sequence[Truth], rows: list[RoundFigures]) -> list[str]:
    """What cannot be estimated for these cubes, in plain sentences."""
    slices = sum(len(truth.labels) for truth in truths)
    with_objects = sum(int(truth.labels.any(axis=(1, 2)).sum()) for truth in truths)
    notes = []
    if not with_objects:
        notes.append(
            "The labels hold no object, so Dice says nothing here: a mask without objects counts "
            "as 1, any other as 0."
        )
    elif all(truth.labels.all() for truth in truths):
        notes.append("Every voxel is labelled, so there is no outline that could be wrong.")
    elif slices > 1 and with_objects == 1:
        notes.append("Only one slice holds objects, so Dice hangs on that slice alone.")
    if slices == 1:
        notes.append("The cube has one slice; whoever sees it has seen all, and nothing is saved.")
    if len(rows) < 2:
        notes.append("There was no round after the first, so no score and no audit can be judged.")
    elif not any(row.spearman for row in rows):
        notes.append("The scores or the errors were all alike, so their ranks say nothing.")
    return notes
