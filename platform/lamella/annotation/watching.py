"""What a volunteer hands in, counted as it comes in; a bot is stopped within the minute."""

import contextlib
import datetime
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone
from numpy.typing import NDArray

from lamella.annotation.holding import HoldError, quarantine
from lamella.annotation.models import Correction
from lamella.annotation.participation import note
from lamella.studies.policy import config_of
from lamella.volumes import codec
from models.config import GuardConfig

# Masks of the same person that one is compared with.
_LOOK_BACK = 20


@dataclass(frozen=True)
class Seen:
    """What one mask is, as far as behaviour goes."""

    unedited: bool
    quick: bool
    flood: bool
    copy: bool


def watch(correction: Correction, mask: NDArray[Any]) -> None:
    """Count a new mask, and put its volunteer in quarantine if they hand in like a machine.

    mask: (H, W) label values. Three short queries, one more where something was drawn.
    """
    config = config_of(correction.task.study, GuardConfig, "guard")
    before = list(
        Correction.objects.filter(volunteer_id=correction.volunteer_id)
        .exclude(pk=correction.pk)
        .order_by("-created")
        .values_list("created", "changed_voxels", "mask_hash")[
            : max(_LOOK_BACK, 2 * config.accepts)
        ]
    )
    seen = _seen(correction, mask, before, config)
    note(
        correction.task.study_id,
        correction.volunteer_id,
        seconds=correction.active_seconds,
        practice=correction.assignment.practice,
        unedited=seen.unedited,
        quick=seen.quick,
        floods=seen.flood,
        copies=seen.copy,
    )
    if config.accepts and seen.unedited:
        _stop_a_bot(correction, [created for created, changed, _ in before if not changed], config)


def _seen(
    correction: Correction,
    mask: NDArray[Any],
    before: list[tuple[datetime.datetime, int, str]],
    config: GuardConfig,
) -> Seen:
    unedited = correction.changed_voxels == 0
    # A program may say that it looked for long: since its last mask it cannot have looked longer.
    looked = correction.active_seconds
    if before:
        looked = min(looked, (correction.created - before[0][0]).total_seconds())
    filled = np.count_nonzero((mask != 0) & (mask != codec.unsure_of(mask.dtype))) / mask.size
    drawn = bool(not unedited and filled > 0)
    return Seen(
        unedited=unedited,
        quick=unedited and looked < config.quick,
        flood=bool(not unedited and filled >= config.flood),
        copy=drawn
        and (
            any(changed and same == correction.mask_hash for _, changed, same in before)
            or _drawn_by_others(correction)
        ),
    )


def _drawn_by_others(correction: Correction) -> bool:
    return (
        Correction.objects.filter(task_id=correction.task_id, mask_hash=correction.mask_hash)
        .filter(changed_voxels__gt=0)
        .exclude(volunteer_id=correction.volunteer_id)
        .exists()
    )


def _stop_a_bot(
    correction: Correction, accepted: list[datetime.datetime], config: GuardConfig
) -> None:
    since = timezone.now() - datetime.timedelta(seconds=config.window)
    many = 1 + sum(moment >= since for moment in accepted)
    if many < config.accepts or correction.quarantine_id is not None:
        return
    # Another of their masks may do it in the same moment.
    with contextlib.suppress(HoldError, IntegrityError), transaction.atomic():
        quarantine(
            correction.task.study,
            correction.volunteer,
            reason=f"{many} masks were handed in unedited within {config.window:.0f} seconds.",
        )
