"""Every setting of the models, as frozen dataclasses: data stored with the run that used it."""

from models.config.choosing import (
    AuditConfig,
    BlindConfig,
    EffortConfig,
    ExpectedErrorConfig,
    PropagationConfig,
    SelectionConfig,
)
from models.config.networks import (
    NetworkConfig,
    PredictConfig,
    PretrainConfig,
    ScheduleConfig,
    TrainConfig,
)
from models.config.people import CrowdConfig, GuardConfig, MarkConfig, PracticeConfig, SkillConfig

__all__ = [
    "AuditConfig",
    "BlindConfig",
    "CrowdConfig",
    "EffortConfig",
    "ExpectedErrorConfig",
    "GuardConfig",
    "MarkConfig",
    "NetworkConfig",
    "PracticeConfig",
    "PredictConfig",
    "PretrainConfig",
    "PropagationConfig",
    "ScheduleConfig",
    "SelectionConfig",
    "SkillConfig",
    "TrainConfig",
]
