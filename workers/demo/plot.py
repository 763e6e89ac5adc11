"""The picture of a simulated study: quality against the share of slices that people saw."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot

from workers.simulation.figures import RoundFigures


def draw(rounds: Sequence[RoundFigures], path: Path, *, title: str) -> None:
    """Final mask, interpolation of the same slices, and the audit's estimate, as PNG or SVG."""
    shown = [100 * r.shown_fraction for r in rounds]
    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    axes.plot(shown, [r.dice_final for r in rounds], "o-", color="#009E73", label="final mask")
    axes.plot(
        shown,
        [r.dice_interpolation for r in rounds],
        "s--",
        color="#0072B2",
        label="interpolation of the same slices",
    )
    audited = [(x, r.audit) for x, r in zip(shown, rounds, strict=True) if r.audit]
    for place, (x, audit) in enumerate(audited):
        low, high, dice = audit["low"], audit["high"], audit["dice"]
        if low is None or high is None:
            continue
        # A label that begins with an underscore is left out of the legend.
        label = "audit estimate of the proposal, 95 %" if place == 0 else "_again"
        axes.vlines(x, low, high, color="#D55E00", alpha=0.6, label=label)
        if dice is not None:
            axes.plot([x], [dice], "_", color="#D55E00", markersize=12)
    axes.set_xlabel("slices shown to people, %")
    axes.set_ylabel("Dice of the whole cube")
    axes.set_title(title)
    axes.grid(alpha=0.25)
    axes.legend(loc="lower right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
