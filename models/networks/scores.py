"""Patch scores: for every patch of a proposal, how doubtful it looks and how much there is."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from models.networks.discriminator import PatchDiscriminator
from models.networks.resample import resize

SCORES = (
    "discriminator",
    "discriminator_binary",
    "discriminator_focus",
    "focus",
    "entropy",
    "foreground",
)
"""Names of the scores, all in [0, 1], one value a patch:

discriminator: mean realness of the soft proposal beside the image; 1 looks real, 0 unreal.
discriminator_binary: the same of the binarised proposal.
discriminator_focus: realness where the proposal is uncertain or foreground; 1 where it is neither.
    The weights are `focus`, so over larger regions: 1 - mean(focus * (1 - it)) / mean(focus).
focus: mean of max(foreground, uncertainty), the weight of discriminator_focus.
entropy: mean entropy of the classes, 1 where all are equally likely.
foreground: mean probability of foreground, the share of the area.
"""
ROWS = 1024
"""Rows of a slice judged at once, so that large slices take little memory."""


def patch_grid(height: int, width: int, patch: int) -> tuple[int, int]:
    """Patches along y and x; the last ones may be cut off by the edge."""
    return -(-height // patch), -(-width // patch)


def patch_scores(
    discriminator: PatchDiscriminator, image: Tensor, shares: Tensor, patch: int
) -> dict[str, NDArray[np.float32]]:
    """Scores of one slice, each (PY, PX) float32: see SCORES.

    image: (H, W) scaled to [-1, 1]; shares: (K, H, W) probabilities of the foreground classes.
    """
    stride = discriminator.stride
    if patch % stride:
        raise ValueError(f"A score patch is a multiple of {stride} pixels, not {patch}.")
    background = (1.0 - shares.sum(dim=0)).clamp(0.0, 1.0)
    foreground = 1.0 - background
    entropy = uncertainty(shares, background)
    focus = torch.maximum(foreground, entropy)
    certain = torch.cat([background[None], shares]).argmax(dim=0)
    binary = torch.stack([certain == k + 1 for k in range(len(shares))]).to(shares.dtype)
    soft_real = realness(discriminator, image, shares)
    binary_real = realness(discriminator, image, binary)
    coarse = pool(focus, stride)
    focused = pool(coarse * soft_real, patch // stride) / pool(coarse, patch // stride).clamp(
        min=1e-3
    )
    focused = focused + (1.0 - pool(coarse, patch // stride) / 1e-3).clamp(min=0.0)
    scores = {
        "discriminator": pool(soft_real, patch // stride),
        "discriminator_binary": pool(binary_real, patch // stride),
        "discriminator_focus": focused.clamp(0.0, 1.0),
        "focus": pool(focus, patch),
        "entropy": pool(entropy, patch),
        "foreground": pool(foreground, patch),
    }
    return {name: score.float().cpu().numpy() for name, score in scores.items()}


def scores_at_size(
    discriminator: PatchDiscriminator,
    image: Tensor,
    shares: Tensor,
    patch: int,
    size: tuple[int, int],
) -> dict[str, NDArray[np.float32]]:
    """The scores of a slice judged at another height and width, on the grid of its own pixels.

    A discriminator is a judge of what it was shown: where a cube's pixels are not those that the
    model learned from, `size` is the slice's in the model's.
    """
    own = image.shape[0], image.shape[1]
    if size == own:
        return patch_scores(discriminator, image, shares, patch)
    found = patch_scores(
        discriminator, resize(image[None, None], size)[0, 0], resize(shares[None], size)[0], patch
    )
    stacked = torch.from_numpy(np.stack(list(found.values())))[None]
    grid = F.interpolate(stacked, patch_grid(*own, patch), mode="bilinear")[0].numpy()
    return dict(zip(found, grid, strict=True))


def uncertainty(shares: Tensor, background: Tensor) -> Tensor:
    """Entropy over the classes, (H, W), 1 where all K + 1 are equally likely."""
    every = torch.cat([background[None], shares]).clamp(1e-7, 1.0)
    return (-(every * every.log()).sum(dim=0) / math.log(len(every))).clamp(0.0, 1.0)


def realness(discriminator: PatchDiscriminator, image: Tensor, mask: Tensor) -> Tensor:
    """Probability of being real, one for each stride x stride pixels of a slice, in strips of rows.

    Strips overlap by what one output can see, so that they change nothing.
    """
    stride = discriminator.stride
    height = image.shape[0]
    margin = 8 * stride
    strips: list[Tensor] = []
    for top in range(0, height, ROWS):
        first, last = max(0, top - margin), min(height, top + ROWS + margin)
        logits = discriminator(image[None, None, first:last], mask[None, :, first:last])[0, 0]
        skip = (top - first) // stride
        rows = -(-(min(top + ROWS, height) - top) // stride)
        strips.append(logits[skip : skip + rows])
    return torch.sigmoid(torch.cat(strips))


def pool(values: Tensor, size: int) -> Tensor:
    """Means of size x size blocks of (H, W); cut-off blocks average what there is of them."""
    return F.avg_pool2d(values[None, None], size, ceil_mode=True)[0, 0]
