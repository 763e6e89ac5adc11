"""Consensus as a pure function of (corrections in order, proposal, skills): replay agrees."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.annotation.proven import is_expert
from lamella.consensus.models import Consensus, SkillVersion
from lamella.consensus.snapshots import latest_version, snapshot
from lamella.consensus.standing import bits_of
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.models import Study
from lamella.studies.policy import aggregator_of, config_of
from models.config import CrowdConfig
from models.crowd.aggregator import Aggregator, CrowdMask
from models.crowd.registry import aggregator


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
    risk: float | None = None
    skills: SkillVersion | None = None
    holds: int = 0
    """Classes that the mask or the proposal holds, a bit each (standing.bits_of)."""


def aggregate(task: Task, corrections: Sequence[Correction]) -> Agreed:
    """The consensus of some corrections of a task, by the study's aggregator and today's skills."""
    return _agreed(task, corrections, aggregator_of(task.study), latest_version())


def replay(consensus: Consensus) -> Agreed:
    """A stored consensus made again, from its corrections and the skills of that time.

    Raises LookupError where a correction that it used is gone.
    """
    found = Correction.objects.select_related("task__study").in_bulk(consensus.corrections)
    by_key = {str(key): correction for key, correction in found.items()}
    missing = [key for key in consensus.corrections if key not in by_key]
    if missing:
        raise LookupError(
            f"The correction {missing[0]} is gone, so {consensus} cannot be replayed."
        )
    corrections = [by_key[key] for key in consensus.corrections]
    return _agreed(consensus.task, corrections, consensus.aggregator, consensus.skills)


def method_of(study: Study, name: str, redundancy: int) -> Aggregator:
    """An aggregator with the study's settings."""
    config = config_of(study, CrowdConfig, "crowd")
    return aggregator(name, replace(config, redundancy=redundancy, instances=study.instances))


def crowd_masks(corrections: Sequence[Correction]) -> list[CrowdMask]:
    return [CrowdMask(str(c.volunteer_id), mask_of(c), c.active_seconds) for c in corrections]


def _agreed(
    task: Task, corrections: Sequence[Correction], name: str, version: SkillVersion | None
) -> Agreed:
    redundancy = 1 if _expert_drew(task, corrections) else task.redundancy
    proposal = task_proposal(task)
    known = snapshot(version, {c.volunteer_id for c in corrections})
    result = method_of(task.study, name, redundancy).aggregate(
        crowd_masks(corrections), proposal, known
    )
    return Agreed(
        aggregator=name,
        mask=result.mask,
        probability=pack_probability(result.probability),
        agreement=float(result.agreement),
        changed_share=float(np.mean(result.mask != proposal)),
        action=result.decision.action,
        reason=result.decision.reason,
        risk=result.risk,
        skills=version,
        holds=bits_of(task.study, (result.mask, proposal)),
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
