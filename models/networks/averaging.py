"""Averaged weights, which are the ones saved for use."""

from collections.abc import Callable

import torch
from torch import nn

from models.networks.data import Batch
from models.networks.device import autocast
from models.networks.segmenter import Segmenter

SETTLING_BATCHES = 12
"""Batches from which the averaged weights' normalisation statistics are taken."""


@torch.no_grad()
def follow(averaged: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move averaged weights towards a network's. Early on they follow quickly, or they would
    remember the untrained weights."""
    share = min(decay, (1.0 + step) / (10.0 + step))
    torch._foreach_lerp_(list(averaged.parameters()), list(network.parameters()), 1.0 - share)


def settle(
    averaged: Segmenter,
    batch: Callable[[int], Batch],
    precision: str,
    *,
    keep_encoder: bool = False,
) -> None:
    """Give averaged weights statistics of their own: those of the steps are of weights long gone,
    and averaging statistics does not give those of the averaged weights.

    batch: gives the i-th one.
    keep_encoder: leave the statistics of an encoder that does not learn.
    """
    kept = set(averaged.down.modules()) if keep_encoder else set()
    norms = [m for m in averaged.modules() if isinstance(m, nn.BatchNorm2d) and m not in kept]
    if not norms:
        return
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        for i in range(SETTLING_BATCHES):
            drawn = batch(i)
            with autocast(drawn.image.device, precision):
                averaged.select(drawn.image, drawn.windows, drawn.slices, drawn.beside)
    for norm in norms:
        norm.eval()
