"""Consensus: a pure function of corrections in order, proposal, skills and terms, so it replays."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.annotation.masks import mask_of
from lamella.annotation.models import Correction
from lamella.annotation.proven import is_expert
from lamella.consensus.models import Consensus, SkillVersion
from lamella.consensus.snapshots import latest_version, snapshot
from lamella.consensus.standing import bits_of
from lamella.learning.version import code_version
from lamella.rounds.masks import task_proposal
from lamella.rounds.models import Task
from lamella.studies.models import Study
from lamella.studies.policy import aggregator_of, config_of
from lamella.volumes.codec import MaskError
from models.config import CrowdConfig
from models.crowd.aggregator import CrowdMask, CrowdObject
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
    objects: tuple[CrowdObject, ...] = ()
    views: int = 0
    alike: Mapping[str, float] = field(default_factory=dict)
    terms: dict[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    holds: int = 0
    """Classes that the mask or the proposal holds, a bit each (standing.bits_of)."""


@dataclass(frozen=True)
class Usable:
    """masks: of the corrections that can be read; left_out: a sentence for each other."""

    masks: list[CrowdMask]
    left_out: list[str]


def aggregate(task: Task, corrections: Sequence[Correction]) -> Agreed | None:
    """The consensus of some corrections of a task, by the study's aggregator and today's skills.

    None where not one of them can be read.
    """
    redundancy = 1 if _expert_drew(task, corrections) else task.redundancy
    config = crowd_config(task.study, redundancy)
    return _agreed(task, corrections, aggregator_of(task.study), latest_version(), config)


def replay(consensus: Consensus) -> Agreed | None:
    """A stored consensus made again, from its corrections, and the skills and terms of that time.

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
    terms = consensus.terms.get("crowd")
    # Those that were made before terms were kept: what holds today.
    task = consensus.task
    config = CrowdConfig(**terms) if terms else crowd_config(task.study, task.redundancy)
    return _agreed(task, corrections, consensus.aggregator, consensus.skills, config)


def crowd_config(study: Study, redundancy: int) -> CrowdConfig:
    """A study's settings of consensus, for a task that asks so many people."""
    config = config_of(study, CrowdConfig, "crowd")
    return replace(config, redundancy=redundancy, instances=study.instances)


def usable(corrections: Sequence[Correction]) -> Usable:
    """The masks of some corrections. One that is damaged or lost does not stop the others."""
    masks, left_out = [], []
    for c in corrections:
        try:
            mask = mask_of(c)
        except (MaskError, FileNotFoundError) as error:
            left_out.append(
                f"The mask {str(c.pk)[:8]} of volunteer {str(c.volunteer_id)[:8]} in task "
                f"{c.task_id} was left out: {str(error)[:160]}"
            )
        else:
            masks.append(CrowdMask(str(c.volunteer_id), mask, c.active_seconds))
    return Usable(masks, left_out)


def _agreed(
    task: Task,
    corrections: Sequence[Correction],
    name: str,
    version: SkillVersion | None,
    config: CrowdConfig,
) -> Agreed | None:
    given = usable(corrections)
    if not given.masks:
        return None
    proposal = task_proposal(task)
    known = snapshot(version, {c.volunteer_id for c in corrections})
    result = aggregator(name, config).aggregate(given.masks, proposal, known)
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
        objects=result.objects,
        views=result.views,
        alike=result.reliability,
        terms={"crowd": asdict(config), "code": code_version()},
        left_out=given.left_out,
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
