"""The discriminator: how real an image and a mask look together, patch by patch.

A conditional patch discriminator (Isola et al. 2017, arXiv 1611.07004), with spectral
normalisation of its weights (Miyato et al. 2018, arXiv 1802.05957). Features are not normalised:
a patch's score must not depend on what else is in the slice, nor on the tile it was computed in,
which is why MONAI's PatchDiscriminator is not used.
"""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from models.config import NetworkConfig


class PatchDiscriminator(nn.Module):
    """Image (N, 1, H, W) and mask (N, K, H, W) to logits (N, 1, ceil(H/s), ceil(W/s)), s = stride.

    The mask holds each foreground class's probability, soft or binarised. Higher is more real.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        widths = config.critic_channels
        self.stride = 2 ** len(widths)
        layers: list[nn.Module] = []
        for given, out in zip((config.classes + 1, *widths[:-1]), widths, strict=True):
            layers += [
                spectral_norm(nn.Conv2d(given, out, 4, stride=2, padding=1)),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        layers.append(spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1)))
        self.layers = nn.Sequential(*layers)
        # Spectral normalisation keeps the map 1-Lipschitz; without a scale its logits stay near 0.
        self.scale = nn.Parameter(torch.tensor(4.0))

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        pair = torch.cat([image, 2.0 * mask - 1.0], dim=1)
        height, width = pair.shape[-2:]
        missing = (0, -width % self.stride, 0, -height % self.stride)
        if any(missing):
            pair = F.pad(pair, missing, mode="replicate")
        return cast(Tensor, self.scale * self.layers(pair)).float()
