"""Settings of the networks: how they are built, train, and predict."""

from dataclasses import dataclass


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
