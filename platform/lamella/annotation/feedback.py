"""What a volunteer is told about a practice task: how their mask compares with the experts'."""

import numpy as np
from django.utils.translation import gettext as _

from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.rounds.gold import gold_mask
from lamella.studies.classes import class_map
from models.quality.metrics import dice


def practice_message(correction: Correction) -> str:
    """Encouraging and honest, in one or two sentences."""
    classes = class_map(correction.task.study)
    truth = classes.to_classes(gold_mask(correction.task))
    mine = classes.to_classes(mask_of(correction))
    score = dice(mine, truth, classes.count)
    if np.isnan(score):
        return _("This was a practice slice; the experts were not sure about it either.")
    percent = round(100 * score)
    if percent >= 95:
        told = _(
            "This was a practice slice: your mask matches the experts' to %(percent)s %%. Superb."
        )
    elif percent >= 85:
        told = _(
            "This was a practice slice: your mask matches the experts' to %(percent)s %%. "
            "Well done."
        )
    else:
        told = _(
            "This was a practice slice: your mask matches the experts' to %(percent)s %%. "
            "The guide shows what to look for."
        )
    return told % {"percent": percent}
