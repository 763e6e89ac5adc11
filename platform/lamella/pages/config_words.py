"""What settings of training are called, and their choices: a form made from a dataclass asks here.

What each of them does is told by the dataclass itself (models/config).
"""

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

LABELS: dict[str, StrOrPromise] = {
    "max_seconds": _("Longest time, in seconds"),
    "max_steps": _("Most steps"),
    "crop": _("Side of a crop, in pixels"),
    "window": _("Slices in a window"),
    "windows": _("Windows in a step"),
    "pixels": _("Pixels in a step"),
    "foreground_share": _("Share of crops on foreground"),
    "soft_targets": _("Learn from vote fractions"),
    "learning_rate": _("Learning rate from scratch"),
    "warm_learning_rate": _("Learning rate from a version"),
    "taken": _("Taken of a version chosen by name"),
    "trainable": _("What is trained"),
    "weight_decay": _("Weight decay"),
    "averaging": _("Averaging of weights"),
    "adversarial_loss": _("Loss of the discriminator"),
    "adversarial_weight": _("Weight of the discriminator"),
    "adversarial_start": _("When the discriminator begins to count"),
    "critic_start": _("When the discriminator begins to learn"),
    "critic_learning_rate": _("Learning rate of the discriminator"),
    "critic_floor": _("Loss below which the discriminator rests"),
    "validation_share": _("Share of slices held out"),
    "validation_minimum": _("Slices from which some are held out"),
    "validations": _("Validations in a run"),
    "checkpoint_seconds": _("Seconds between checkpoints"),
    "cache_megabytes": _("Memory for slices, in MB"),
    "seed": _("Seed of the random numbers"),
    "threads": _("Threads of the processor"),
    "device": _("Device"),
    "precision": _("Precision"),
    "compile": _("Compile for the GPU"),
    "rotation": _("Rotation, in degrees"),
    "zoom": _("Zoom"),
    "quarter_turns": _("Quarter turns"),
    "flips": _("Mirroring"),
    "intensity": _("Changes of brightness"),
    "noise": _("Noise"),
    "made_neighbours": _("Share of made neighbours"),
    "hidden_neighbours": _("Share of hidden neighbours"),
    "slice_faults": _("Chance of faulty slices"),
    "new_tasks": _("After so many newly agreed tasks"),
    "at_hour": _("Every day at this hour"),
}

CHOICES: dict[str, dict[str, StrOrPromise]] = {
    "taken": {"everything": _("all but its head"), "encoder": _("its encoder alone")},
    "trainable": {"everything": _("everything"), "decoder": _("the decoder alone")},
    "adversarial_loss": {
        "bce": _("cross-entropy (BCE)"),
        "hinge": _("hinge"),
        "wgan-gp": _("Wasserstein with gradient penalty"),
        "lsgan": _("least squares (LSGAN)"),
    },
    "device": {"auto": _("a GPU if there is one"), "cpu": _("the processor"), "cuda": _("the GPU")},
    "precision": {"auto": _("what suits the device"), "bfloat16": "bfloat16", "float32": "float32"},
}
