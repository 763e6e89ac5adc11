"""Consensus as a pure function of (corrections in order, proposal): replay gives the same."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.annotation.proven import is_expert
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.policy import config_of
from models.config import CrowdConfig
from models.crowd.aggregator import CrowdMask
from models.crowd.registry import aggregator
from models.crowd.skills import SkillSnapshot


@dataclass(frozen=True)
class Agreed:
    """What an aggregator made of a task, ready to be stored. ``probability`` is packed uint8."""

    aggregator: str
    mask: NDArray[Any]
    probability: bytes
    agreement: float
    changed_share: float
    action: str
    reason: str


def aggregate(task: Task, corrections: Sequence[Correction]) -> Agreed:
    """The consensus of some corrections of a task, by the study's aggregator."""
    study = task.study
    config = replace(
        config_of(study, CrowdConfig, "crowd"),
        redundancy=1 if _expert_drew(task, corrections) else task.redundancy,
        instances=study.instances,
    )
    proposal = task_proposal(task)
    name = str(study.settings.get("aggregator", "majority"))
    masks = [CrowdMask(str(c.volunteer_id), mask_of(c), c.active_seconds) for c in corrections]
    result = aggregator(name, config).aggregate(masks, proposal, SkillSnapshot())
    return Agreed(
        aggregator=name,
        mask=result.mask,
        probability=pack_probability(result.probability),
        agreement=float(result.agreement),
        changed_share=float(np.mean(result.mask != proposal)),
        action=result.decision.action,
        reason=result.decision.reason,
    )


def _expert_drew(task: Task, corrections: Sequence[Correction]) -> bool:
    """Of a blind tile one expert's mask is enough."""
    return task.blind and any(is_expert(task.study, c.volunteer) for c in corrections)


def pack_probability(probability: NDArray[np.float32]) -> bytes:
    """(H, W) probabilities as zlib-packed uint8, 255 is certain."""
    return zlib.compress(np.round(probability * 255).astype(np.uint8).tobytes(), 6)


def unpack_probability(packed: bytes, shape: tuple[int, int]) -> NDArray[np.float32]:
    flat = np.frombuffer(zlib.decompress(packed), dtype=np.uint8)
    return (flat.reshape(shape) / np.float32(255)).astype(np.float32)
