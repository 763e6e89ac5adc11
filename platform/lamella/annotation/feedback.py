"""What a volunteer is told about a practice task: how their mask compares with the experts'."""

import numpy as np
from django.utils.translation import gettext as _

from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.rounds.gold import gold_mask
from lamella.rounds.masks import task_proposal
from lamella.studies.classes import class_map
from models.quality.metrics import dice
from models.quality.planting import was_added


def practice_message(correction: Correction) -> str:
    """Encouraging and honest, in a few sentences."""
    task = correction.task
    classes = class_map(task.study)
    gold = gold_mask(task)
    truth = classes.to_classes(gold)
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
    told = told % {"percent": percent}
    if correction.mended is not None:
        added = was_added(task_proposal(task), gold)
        told += " " + _about_planted(added, correction.mended)
    return told


def _about_planted(added: bool, mended: bool) -> str:
    """What became of the error that was planted in what was shown."""
    if added:
        if mended:
            return _("We had added an object that is not there, and you took it away.")
        return _("We had added an object that is not there, and it is still in your mask.")
    if mended:
        return _("We had taken an object away, and you found it.")
    return _("We had taken an object away, and it is still missing in your mask.")
