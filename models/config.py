"""Every setting of the models, as frozen dataclasses: data stored with the run that used it."""

from dataclasses import dataclass

# --- propagation, selection, audit, crowd ---------------------------------------------------------


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
    """Values are object ids: new objects are matched between volunteers before they vote."""
    risk: float = 0.05
    """`skill`: a task retires once its expected error (1 - Dice) is at most this."""
    gain: float = 0.0
    """`skill`: a task retires once one more mask is expected to lower its error by less."""


@dataclass(frozen=True, slots=True)
class SkillConfig:
    """What is taken of a volunteer whom nobody knows, and how fast they become known.

    Pairs are pseudo-counts (for, against) of Beta distributions, in objects.
    """

    hit: tuple[float, float] = (2.4, 0.6)
    """Changes made of those that were needed."""
    false_alarm: tuple[float, float] = (0.5, 2.5)
    """Places changed of those that should have stayed, as people are told of their skill."""
    join: tuple[float, float] = (0.2, 3.8)
    """What somebody else invented, drawn too."""
    invent: tuple[float, float] = (0.15, 2.0)
    """Objects a task that somebody draws and that are not there; tasks' worth of evidence in it."""
    look: tuple[float, float] = (3.6, 0.4)
    """Tasks that somebody looked at, of those that they handed back as they were."""
    kept: tuple[float, float] = (4.5, 0.5)
    """Shown objects that are there, left."""
    passed: tuple[float, float] = (1.0, 1.0)
    """Shown objects that are not there, left."""
    shown_pure: tuple[float, float] = (4.0, 1.0)
    """Shown objects that are there."""
    mends: float = 0.5
    """How likely somebody who looks mends an outline that all others mend."""
    arrive: tuple[float, float] = (1.0, 1.0)
    """Objects that are there and not shown, and in how many tasks."""
    arrive_weight: float = 0.5
    """Tasks' worth of evidence in that number at most: tasks differ."""
    most: float = 4.0
    """Bound of one person's word on an object, in log-odds."""
    edge: float = 1.7
    """Root mean square error of a newcomer's outline, in pixels."""
    edge_weight: float = 4.0
    """Tasks' worth of evidence in that."""
    bias_weight: float = 0.05
    """Gold tasks' worth of evidence that people draw neither too wide nor too narrow."""
    reach: float = 4.0
    """Distances to an outline are clipped to so many pixels: further off is not louder."""
    floor: float = 0.1
    """Error of an outline, in pixels, that no number of people removes."""
    apart: float = 0.8
    """Mean distance to the agreed outline, in pixels, at which somebody's weight has halved."""
    accepting: float = 0.15
    """Correlation of people who left a shown outline alone: n of them are worth
    n / (1 + (n - 1) * accepting)."""
    sure: float = 0.9
    """People are judged on objects whose probability, without their own word, is beyond this or
    below one minus this."""
    forgetting: float = 0.98
    """Factor on older evidence with each task."""


@dataclass(frozen=True, slots=True)
class MarkConfig:
    """Points and boxes of many people."""

    reach: float = 15.0
    """Pixels from an object's middle within which a point means it."""


@dataclass(frozen=True, slots=True)
class PracticeConfig:
    """How often a volunteer is given a slice that experts drew."""

    every: int = 10
    """One slice in so many is practice, for somebody whose skill is not known yet."""
    sure_every: int = 40
    """One in so many for somebody who is known to be good."""
    doubted_every: int = 5
    """One in so many for somebody who is known to be no better than chance."""
    good: tuple[float, float] = (0.4, 0.9)
    """Skill (hit - false alarm, less its standard deviation) from which practice gets rarer, and at
    which it is as rare as it gets."""


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """What in a volunteer's behaviour is called suspicious, and what is acted on at once."""

    accepts: int = 30
    """Masks handed in unedited within `window` seconds that put somebody in quarantine; 0: none
    ever does."""
    window: float = 60.0
    """Seconds."""
    quick: float = 2.0
    """Seconds that an unedited mask was looked at, below which it counts as quick."""
    least: int = 10
    """Masks of somebody before anything is said of them."""
    unedited: float = 0.9
    """Share of masks left as they were shown, from which what was left wrong is looked at."""
    left: float = 0.7
    """Share of what was wrong and left so, from which somebody is said to nod things through."""
    needed: float = 3.0
    """Changes that were needed, in objects, before that is said."""
    often: float = 0.3
    """Share of masks from which quick ones, floods and copies are mentioned."""
    flood: float = 0.95
    """Share of a task's pixels that a mask which floods it fills."""
    skill: float = 0.2
    """Skill (hit - false alarm) below which, by twice its standard deviation, somebody is said to
    do no better than chance."""


# --- networks -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The shape of segmenter and discriminator; stored in every checkpoint."""

    classes: int = 1
    """K foreground classes; background is implied."""
    channels: tuple[int, ...] = (16, 32, 64, 96)
    """Feature channels of each level, finest first; each level halves height and width."""
    norm: str = "batch"
    """How features are normalised: "batch", by running statistics of the training crops, so that a
    slice's output depends on nothing but its own pixels (and, through the ConvLSTM, its
    neighbours), or "slice", each channel within its slice (or tile, or crop)."""
    recurrent_levels: int = 1
    """How many of the deepest levels carry a bidirectional ConvLSTM along z."""
    recurrent_channels: int = 32
    """Hidden channels of the ConvLSTM in each direction."""
    memory: float = 4.0
    """Slices over which an untrained ConvLSTM remembers, where voxels are isotropic."""
    anisotropy: float = 1.0
    """Distance between slices over pixel size; thick slices are remembered for fewer of them."""
    critic_channels: tuple[int, ...] = (16, 32, 64)
    """Feature channels of the discriminator; each level halves height and width."""
    neighbours: bool = True
    """Whether the network is also shown the image and masks of the known slices on either side."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How a model is trained. A run ends with whichever budget is used up first."""

    max_seconds: float | None = 120.0
    """Seconds after which a run ends; empty: no matter how long."""
    max_steps: int | None = None
    """Steps after which a run ends; empty: no matter how many."""
    crop: int = 128
    """Side of the square training crops in pixels."""
    window: int = 3
    """Consecutive slices in one training window."""
    windows: int = 8
    """Windows in one step, at least; with fewer the running statistics are too noisy."""
    pixels: int = 131_072
    """Pixels of the windows' labelled slices in one step: where slices are small there are more
    windows, twice as many at most."""
    foreground_share: float = 0.7
    """Share of crops that are placed on foreground; the others fall anywhere that is labelled."""
    soft_targets: bool = False
    """Aim at the volunteers' vote fractions where two or more of them differ, not at what they
    agreed on. Off until short runs are known not to learn the agreed mask worse for it."""
    learning_rate: float = 1e-2
    """Peak rate where training starts from nothing."""
    warm_learning_rate: float = 4e-3
    """Peak rate where training starts from a parent's weights."""
    taken: str = "everything"
    """What a run takes of a version that it is told to start from."""
    trainable: str = "everything"
    """The whole network, or its decoder (with ConvLSTM and head) alone: the encoder stays as the
    version has it that the run starts from."""
    weight_decay: float = 1e-2
    """How strongly weights are drawn towards zero."""
    averaging: float = 0.98
    """Decay of the averaged weights, which are the ones saved for use."""
    adversarial_loss: str = "bce"
    """How the discriminator's judgement becomes a loss."""
    adversarial_weight: float = 0.02
    """Weight of that loss beside the others; 0: without a discriminator."""
    adversarial_start: float = 0.3
    """Share of the budget after which the segmenter begins to feel the discriminator."""
    critic_start: float = 0.1
    """Share of the budget after which the discriminator begins to learn."""
    critic_learning_rate: float = 1e-3
    """The same from the first step to the last."""
    critic_floor: float = 0.25
    """The discriminator rests while its running loss is below this: saturated, it ranks nothing."""
    validation_share: float = 0.12
    """Share of a cube's known slices held out as one block."""
    validation_minimum: int = 16
    """Known slices of a cube below which none is held out."""
    validations: int = 8
    """How often in a run the held-out slices are predicted."""
    checkpoint_seconds: float = 20.0
    """Seconds between state checkpoints, from which a killed run continues."""
    cache_megabytes: int = 512
    """Memory for slices read from the cubes."""
    seed: int = 0
    """What is drawn at random is drawn alike by runs of the same seed, data and code."""
    threads: int | None = None
    """Empty: as many as torch thinks right."""
    device: str = "auto"
    """Where a run computes."""
    precision: str = "auto"
    """bfloat16 is faster where the device computes in it; float32 works everywhere."""
    compile: bool = False
    """Whether the segmenter is compiled by torch.compile on a GPU; a CPU never compiles."""
    rotation: float = 15.0
    """Degrees either way by which crops are turned."""
    zoom: float = 0.15
    """Share by which crops are enlarged or shrunk at most."""
    quarter_turns: bool = False
    """Whether crops are also turned by 90, 180 and 270 degrees: for images that know no upright."""
    flips: bool = True
    """Whether windows are mirrored in x, and in z."""
    intensity: float = 0.2
    """Size of random changes of gain, offset and gamma."""
    noise: float = 0.04
    """Largest standard deviation of added noise, as a share of the robust range."""
    made_neighbours: float = 0.9
    """Share of the known neighbours shown in training that are made of the slice itself."""
    hidden_neighbours: float = 0.1
    """Share of the neighbours that are not shown, so that the network does without."""
    slice_faults: float = 0.1
    """Chance that a window holds a missing slice; likewise a misaligned one, a contrast jump."""


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """When training starts by itself, beside the end of each round."""

    new_tasks: int = 0
    """Tasks agreed on since the last run began, from which another one starts; 0: never."""
    at_hour: int | None = None
    """Hour of the day, in the server's time zone, at which one starts if anything is new."""


@dataclass(frozen=True, slots=True)
class PretrainConfig:
    """How a segmenter learns from cubes without labels: see networks/pretext.py."""

    max_seconds: float | None = 180.0
    max_steps: int | None = None
    crop: int = 128
    window: int = 3
    windows: int = 8
    """Windows in one step, at least."""
    pixels: int = 131_072
    """Pixels of the slices asked for in one step: where slices are small there are more windows,
    twice as many at most."""
    reach: int = 8
    """Slices to a neighbour at most."""
    blur_least: float = 1.0
    blur_most: float = 2.5
    """Standard deviation of the blur in which objects are looked for, in pairs of pixels."""
    smallest: float = 0.01
    """Least share of a crop that an object takes."""
    largest: float = 0.45
    """Largest share of a crop that an object takes."""
    learning_rate: float = 1e-2
    weight_decay: float = 1e-2
    averaging: float = 0.98
    """Decay of the averaged weights, which are the ones saved for use."""
    rotation: float = 15.0
    zoom: float = 0.15
    intensity: float = 0.2
    noise: float = 0.04
    checkpoint_seconds: float = 20.0
    cache_megabytes: int = 512
    seed: int = 0
    threads: int | None = None
    device: str = "auto"
    precision: str = "auto"


@dataclass(frozen=True, slots=True)
class PredictConfig:
    """How a cube is predicted, block of slices by block."""

    block: int = 16
    """Slices in a block; fewer where slices are large (see `block_megabytes`)."""
    halo: int = 4
    """Slices read on either side of a block for the ConvLSTM alone."""
    block_megabytes: int = 256
    """Memory that the probabilities of one block may take."""
    tile: int = 320
    """Largest side of a tile in pixels."""
    overlap: int = 48
    """Pixels shared by neighbouring tiles and blended."""
    patch: int = 32
    """Side of a score patch in pixels."""
    mirrors: int = 2
    """Views of the image that are averaged: 1, as it is; 2, also mirrored in x and z together; 4,
    also in x and in z alone. More than one gives `flip_disagreement`. A model that was trained
    without flips has one view."""
    threads: int | None = None
    device: str = "auto"
    precision: str = "auto"
