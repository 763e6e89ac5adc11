"""Every setting of the models, as frozen dataclasses: data that is stored with the run that used it."""

from dataclasses import dataclass


# --- propagation, selection, audit, crowd -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PropagationConfig:
    """How known slices reach their neighbours: log-odds += weight * signed distance * exp(-slices away / decay)."""

    weight: float = 1.5
    """a: log-odds per pixel of signed distance, next to a known slice."""
    decay: float = 5.0
    """tau: slices over which a known mask's word fades to 1/e."""
    trust: float = 1.0
    """b: factor on the model's own log-odds (below 1 where the model is too sure of itself)."""
    cap: float = 12.0
    """Signed distances are clipped to +-cap pixels; also the distance given to a class absent from a slice."""
    reach: int = 40
    """Slices beyond which a known mask says nothing."""
    cached_slices: int = 8
    """Known slices whose distances are kept in memory at once."""
    min_examples: int = 3
    """Held-out slices below which the defaults stand and nothing is fitted."""


@dataclass(frozen=True, slots=True)
class SelectionConfig:
    """How candidates become tasks."""

    spread: float = 3.0
    """Slices over which a corrected slice is taken to have helped its neighbours (e-folding)."""
    feature_weight: float = 1.0
    """Round 0: weight of differences in looks against differences in z."""
    spread_limit: int = 2048
    """Round 0: candidates compared with each other at most; more are sampled."""
    tile: int = 512
    """Side of a tile in pixels, where slices are larger than `slice_limit`."""
    slice_limit: int = 1024
    """Longest side in pixels that a volunteer is given whole."""


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """The random sample that certifies, beside the chosen tasks."""

    fraction: float = 0.01
    """Share of all candidates audited each round."""
    minimum: int = 1
    """Audit tasks a round has at least."""
    foreground_bands: int = 3
    """Bands of predicted foreground in which the sample is stratified."""
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class CrowdConfig:
    """When volunteers' masks of one task are enough."""

    redundancy: int = 3
    """Masks after which a task retires whatever they say."""
    early: int = 2
    """Masks after which a task may retire because they agree; not below 2."""
    agreement: float = 0.97
    """Mean pairwise Dice above which `early` masks suffice."""
    instances: bool = False
    """Values are object ids: new objects are matched between volunteers by overlap before they vote."""
