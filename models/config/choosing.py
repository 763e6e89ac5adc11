"""Settings of what is shown to people, and of what certifies a cube."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PropagationConfig:
    """How known slices reach their neighbours.

    log-odds += weight * signed distance * exp(-slices away / decay)
    """

    weight: float = 1.0
    """a: log-odds per pixel of signed distance, next to a known slice."""
    decay: float = 1.0
    """tau: slices over which a known mask's word fades to 1/e."""
    trust: float = 1.0
    """b: factor on the model's own log-odds (below 1 where the model is too sure of itself)."""
    cap: float = 12.0
    """Signed distances are clipped to +-cap pixels, also where a class is absent from a slice."""
    reach: int = 40
    """Slices beyond which a known mask says nothing."""
    cached_slices: int = 8
    """Known slices whose distances are kept in memory at once; of tiles so many more."""
    min_examples: int = 3
    """Held-out slices below which the defaults stand and nothing is fitted."""


@dataclass(frozen=True, slots=True)
class SelectionConfig:
    """How candidates become tasks."""

    spread: float = 3.0
    """Slices over which a known slice still speaks for its neighbours: see selection/cover.py."""
    spread_power: float = 0.8
    """How the error grows with the way to known slices; measured on gaps of 3 to 6 slices."""
    alike: float = 0.05
    """Share of a look-alike's expected error that a corrected task is taken to remove."""
    foreground_share: float = 0.66
    """`foreground_random`: share of the draws forced onto predicted foreground."""
    noise_until: float = 0.3
    """`clasp_pe`: share of the cubes known at which its noise has faded."""
    feature_weight: float = 1.0
    """Round 0: weight of differences in looks against differences in z."""
    spread_limit: int = 2048
    """Round 0: candidates compared with each other at most; more are sampled."""
    tile: int = 512
    """Side of a tile in pixels, where slices are larger than `slice_limit`."""
    slice_limit: int = 1024
    """Longest side in pixels that a volunteer is given whole; 0: always tiles."""


@dataclass(frozen=True, slots=True)
class ExpectedErrorConfig:
    """How a task's error is learned from those corrected: see selection/expected_error.py."""

    minimum: int = 12
    """Corrected tasks below which the fixed combination stands."""
    folds: int = 5
    """Blocks along z in which it is cross-validated."""
    purge: int = 2
    """Slices on either side of a block that are not learned from when it is foretold."""
    patience: float = 2.0
    """How much worse, in examples, a fit nearer to the fixed combination may be and still stand."""


@dataclass(frozen=True, slots=True)
class EffortConfig:
    """What a correction takes, until enough were made to tell: see selection/effort.py."""

    look: float = 20.0
    """Seconds to look a task over, whatever is wrong with it."""
    change: float = 0.02
    """Seconds for a voxel changed."""
    minimum: int = 10
    """Corrections from which the pace is fitted."""


@dataclass(frozen=True, slots=True)
class AuditConfig:
    """The random sample that is corrected like chosen tasks, and judges new models."""

    foreground_bands: int = 3
    """Bands of predicted foreground in which the sample is stratified."""


@dataclass(frozen=True, slots=True)
class BlindConfig:
    """Tiles drawn from nothing, from which a cube's quality is certified."""

    share: float = 0.5
    """Share of the audited area that is drawn blind; the rest is corrected as usual, for the
    gate."""
    planned: float = 0.08
    """Share of a cube's area that a certificate is planned to rest on at the end."""
    early: float = 0.0
    """Factor on the blind part of a round before the certificate is due: what is drawn late
    certifies as well, and what is drawn early a mask that is not good enough yet."""
    last_rounds: int = 4
    """Rounds in which the planned share is drawn: from when the target is in reach, or the last."""
    across: float = 6.0
    """Tiles across a slice: many small tiles tell more than few large ones of the same area."""
    smallest: int = 8
    """Shortest side of a tile in pixels."""
    largest: int = 128
    """Longest side of a tile in pixels."""
    spread_share: float = 0.3
    """Share of the audit spread evenly, also over what the model does not doubt."""
    patience_hours: float = 1.0
    """Hours after which a blind tile that nobody proven took is offered to everybody."""
