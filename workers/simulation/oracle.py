"""Gives the oracle what it alone may know: the true error of every proposal, as a patch score."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lamella.learning import proposals
from lamella.learning.models import Proposal
from lamella.studies.classes import class_map
from lamella.studies.models import Study
from lamella.volumes.slabs import create_array
from models.config import PredictConfig
from models.networks.scores import patch_grid
from workers.plane_scores import patch_means

SCORE = "error"


def tell(study: Study, truths: Mapping[int, NDArray[np.uint8]]) -> None:
    """Write the share of wrong voxels of each patch beside every ready proposal's scores.

    truths: of each cube by its number, (Z, H, W) classes 0..K.
    """
    classes = class_map(study)
    patch = int(study.settings.get("predict", {}).get("patch", PredictConfig().patch))
    for proposal in Proposal.objects.filter(
        cube__study=study, state=Proposal.State.READY
    ).select_related("cube"):
        names = list(proposal.blend.get("scores", []))
        if SCORE in names:
            continue
        truth = truths[proposal.cube_id]
        labels = proposals.labels_reader(proposal).array()
        grid = patch_grid(truth.shape[1], truth.shape[2], patch)
        array = create_array(
            proposals.root_of(proposal),
            f"{proposals.SCORES}/{SCORE}",
            shape=(len(truth), *grid),
            dtype=np.float32,
            depth=len(truth),
            attrs={"patch": patch},
        )
        wrong = [
            patch_means(
                (classes.to_classes(np.asarray(labels[z])) != plane).astype(np.float32), patch
            )
            for z, plane in enumerate(truth)
        ]
        array.write(0, np.stack(wrong))
        array.finish()
        blend = {**proposal.blend, "scores": [*names, SCORE]}
        Proposal.objects.filter(pk=proposal.pk).update(blend=blend)
