"""Simulated volunteers at work: they take and hand in tasks by the services behind the API."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.accounts.models import Volunteer as Pseudonym
from lamella.annotation.offers import next_assignment
from lamella.annotation.submission import Submission, submit
from lamella.rounds.masks import task_proposal
from lamella.studies.classes import ClassMap
from lamella.studies.models import Study
from lamella.volumes import codec
from models.simulate.cast import Realised
from models.simulate.volunteers import Volunteer
from workers.simulation.inline import AT_ONCE, drain


@dataclass
class Person:
    """A volunteer of the study and how they draw."""

    pseudonym: Pseudonym
    hand: Volunteer


@dataclass
class Crowd:
    """Everybody who works in a study.

    truths: of each cube by its number, (Z, H, W) uint8 classes 0..K, theirs alone.
    """

    people: Sequence[Person]
    classes: ClassMap
    truths: Mapping[int, NDArray[np.uint8]]
    rng: np.random.Generator
    realised: Realised = field(default_factory=Realised)

    def work(self, study: Study) -> int:
        """Draw until nothing of the open round is left for anybody; masks handed in.

        Who comes next is drawn at random, so that no task belongs to one group of people.
        """
        waiting = list(self.people)
        masks = 0
        while waiting:
            person = waiting[int(self.rng.integers(len(waiting)))]
            if self._one(study, person):
                masks += 1
            else:
                waiting.remove(person)
        return masks

    def _one(self, study: Study, person: Person) -> bool:
        assignment = next_assignment(study, person.pseudonym, beyond_round=False)
        if assignment is None:
            return False
        task = assignment.task
        proposal = task_proposal(task)
        rows, columns = (
            slice(task.y0, task.y0 + task.height),
            slice(task.x0, task.x0 + task.width),
        )
        wanted = self.truths[task.cube_id][task.z, rows, columns]
        shown = self.classes.to_classes(proposal)
        drawn = person.hand.correct(wanted, shown)
        self.realised.add(person.hand, wanted, shown, drawn, self.classes.count)
        mask: NDArray[Any] = self.classes.to_values(drawn.mask)
        submit(
            assignment,
            Submission(
                id=uuid.uuid4(),
                proposal_hash=codec.mask_hash(proposal),
                mask_hash=codec.mask_hash(mask),
                difference=codec.pack(codec.xor(mask, proposal)),
                active_seconds=drawn.seconds,
                strokes=drawn.strokes,
                consent_version=study.consent_version,
            ),
        )
        # Whether another person is asked is decided before one comes.
        drain(kinds=AT_ONCE)
        return True
