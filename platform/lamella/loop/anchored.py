"""What audits that were drawn over a proposal can say, where nothing was drawn blind: no
certificate.

Whoever sees a proposal tends to agree with it, so they tell how good a cube may be, and nothing of
how good it is at least.
"""

import math

import numpy as np

from lamella.consensus.models import Consensus
from lamella.cubes.models import Cube
from lamella.loop.candidate_table import table_of
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Round, Task
from lamella.rounds.services import CertificateFigures
from lamella.studies.classes import class_map
from lamella.volumes import codec
from models.quality.audit import AuditFrame, AuditSample, estimate_dice

METHOD = "audit over the proposal, no lower bound"
CAVEAT = (
    "Every audited mask was drawn over the proposal, which flatters it, so there is no lower "
    "bound; it takes masks drawn blind."
)


def anchored_certificate(closing: Round, cube: Cube) -> CertificateFigures | None:
    """Estimate and upper bound from a round's audits of a cube; None where it has none."""
    tasks = list(
        closing.tasks.filter(
            kind=Task.Kind.AUDIT, blind=False, cube=cube, proposal__isnull=False
        ).select_related("cube__study", "proposal", "study")
    )
    table = table_of(closing)
    if not tasks or table is None:
        return None
    rows = table.auditable(cube.pk)
    places = {(z, y0, x0): i for i, (z, y0, x0) in enumerate(table.place[rows, 1:4].tolist())}
    index, both, true = [], [], []
    predicted = table.labelled[rows]
    classes = class_map(cube.study)
    for task in tasks:
        consensus = Consensus.objects.filter(task=task, current=True).first()
        place = places.get((task.z, task.y0, task.x0))
        if consensus is None or place is None:
            continue
        mask = codec.unpack(bytes(consensus.mask), shape=(task.height, task.width))
        agreed = classes.to_classes(mask)
        proposed = classes.to_classes(task_proposal(task))
        sure = agreed != codec.unsure_of(np.uint8)
        index.append(place)
        both.append(float(((agreed == proposed) & (agreed > 0) & sure).sum()))
        true.append(float(((agreed > 0) & sure).sum()))
        # What people could not tell is neither right nor wrong.
        predicted[place] -= float(((proposed > 0) & ~sure).sum())
    estimate = estimate_dice(
        AuditFrame(
            stratum=table.stratum[rows],
            predicted=np.maximum(predicted, 0.0),
            expected_error=table.doubt[rows],
            known_true=float(closing.selection.get("known_true", {}).get(str(cube.pk), 0.0)),
        ),
        AuditSample(
            np.array(index, dtype=np.int64),
            np.array(both, dtype=np.float64),
            np.array(true, dtype=np.float64),
        ),
    )
    proposal = tasks[0].proposal
    assert proposal is not None
    note = f"{estimate.note} {CAVEAT}"
    if classes.count > 1:
        note += " Over all classes together."
    return CertificateFigures(
        cube=cube,
        proposal=proposal,
        method=METHOD,
        dice=None if math.isnan(estimate.dice) else estimate.dice,
        low=0.0,
        high=estimate.high,
        tasks=estimate.tasks,
        note=note,
    )
