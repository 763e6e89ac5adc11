"""The segmenter: a cube as a sequence of slices.

A 2D U-Net (Ronneberger et al. 2015, arXiv 1505.04597) sees each slice by itself; at its deepest
levels a bidirectional ConvLSTM along z lets slices speak to each other, after TCuPGAN
(arXiv 2311.14177). Features are normalised by running statistics or within a slice, so slices
depend on each other through the ConvLSTM alone.
"""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.config import NetworkConfig
from models.networks.convlstm import BidirectionalConvLSTM
from models.networks.neighbours import channels as channels_of_a_side

EXPECTED_BACKGROUND = 2.0
"""Logit of background before anything is learned: about 12 % of a labelled crop is foreground."""


NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "slice": lambda channels: nn.GroupNorm(channels, channels),
}


class Block(nn.Sequential):
    """Two 3 x 3 convolutions, each normalised: (N, C, H, W) to (N, D, H, W)."""

    def __init__(self, channels: int, out: int, norm: Callable[[int], nn.Module]) -> None:
        layers: list[nn.Module] = []
        for given in (channels, out):
            layers += [
                nn.Conv2d(given, out, 3, padding=1, bias=False),
                norm(out),
                nn.ReLU(inplace=True),
            ]
        super().__init__(*layers)


class Segmenter(nn.Module):
    """Intensities (B, Z, H, W), scaled to [-1, 1], to logits (B, K + 1, Z, H, W).

    Any number of slices, any height and width. Channel 0 is background.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        channels = config.channels
        if not 1 <= config.recurrent_levels <= len(channels):
            raise ValueError(
                f"A segmenter of {len(channels)} levels has 1 to {len(channels)} recurrent levels, "
                f"not {config.recurrent_levels}."
            )
        if config.norm not in NORMS:
            raise ValueError(
                f'There is no normalisation "{config.norm}"; choose one of {", ".join(NORMS)}.'
            )
        norm = NORMS[config.norm]
        self.config = config
        self.stride = 2 ** (len(channels) - 1)
        ups = range(len(channels) - 1)
        self.down = nn.ModuleList(
            Block(given, out, norm)
            for given, out in zip((1, *channels[:-1]), channels, strict=True)
        )
        self.narrow = nn.ModuleList(nn.Conv2d(channels[i + 1], channels[i], 1) for i in ups)
        self.up = nn.ModuleList(Block(channels[i], channels[i], norm) for i in ups)
        self.first_recurrent = len(channels) - config.recurrent_levels
        memory = config.memory / max(config.anisotropy, 0.25)
        self.along_z = nn.ModuleList(
            BidirectionalConvLSTM(width, config.recurrent_channels, memory)
            for width in channels[self.first_recurrent :]
        )
        shown = 1 + 2 * channels_of_a_side(config.classes)
        self.beside = nn.ModuleList(
            Block(given, out, norm)
            for given, out in zip((shown, *channels[:-1]), channels, strict=True)
            if config.neighbours
        )
        self.head = nn.Conv2d(channels[0], config.classes + 1, 1)
        self._start()
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def _start(self) -> None:
        """Starting weights: Kaiming's for what a ReLU follows, and background expected first.

        A network that has to find out first that most of a cube is background spends the first
        fifty steps on it: with a budget of two minutes that is a large share.
        """
        for block in (*self.down, *self.up, *self.beside):
            for layer in block.modules():
                if isinstance(layer, nn.Conv2d):
                    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        for layer in self.narrow.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
        nn.init.normal_(self.head.weight, std=0.1)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)
        nn.init.constant_(self.head.bias[:1], EXPECTED_BACKGROUND)

    def freeze_encoder(self) -> None:
        """Let the encoder stay as it is, its normalisation statistics too."""
        self.down.requires_grad_(False).eval()

    def outer_layers(self) -> set[nn.Module]:
        """The layers that first meet image and masks, and the head."""
        first = [
            next(next(side.children()).children()) for side in (self.down, self.beside) if side
        ]
        return {*first, self.head}

    @property
    def encoder_frozen(self) -> bool:
        return not any(parameter.requires_grad for parameter in self.down.parameters())

    def forward(self, image: Tensor) -> Tensor:
        batch, depth, height, width = image.shape
        every = torch.arange(batch * depth, device=image.device)
        sides = 2, channels_of_a_side(self.config.classes)
        nothing = image.new_zeros(len(every), *sides, height, width)
        logits = self.select(image, every // depth, every % depth, nothing)
        return logits.reshape(batch, depth, *logits.shape[1:]).transpose(1, 2)

    def select(self, image: Tensor, windows: Tensor, slices: Tensor, beside: Tensor) -> Tensor:
        """Logits (M, K + 1, H, W) of M chosen slices: of window windows[i] the slice slices[i].

        beside: (M, 2, K + 2, H, W), what is known on either side of them (neighbours.py).
        The others are encoded for the ConvLSTM, but neither decoded nor given gradients: they
        share the encoder with the chosen ones, and a step takes less than half the time.
        """
        batch, depth, height, width = image.shape
        flat = image.reshape(batch * depth, 1, height, width)
        chosen = windows * depth + slices
        others = torch.ones(batch * depth, dtype=torch.bool, device=image.device)
        others[chosen] = False
        levels = self.encode(flat[chosen])
        with torch.no_grad():
            context = self.encode(flat[others])[self.first_recurrent :] if others.any() else []
        for i, along_z in enumerate(self.along_z):
            level = self.first_recurrent + i
            features = levels[level].new_empty(batch * depth, *levels[level].shape[1:])
            if context:
                features[others] = context[i]
            features[chosen] = levels[level]
            related = along_z(features.reshape(batch, depth, *features.shape[1:]))
            levels[level] = related.flatten(0, 1)[chosen]
        return self.decode(self.look_beside(levels, flat[chosen], beside), height, width)

    def encode(self, slices: Tensor) -> list[Tensor]:
        """Features of single slices (N, 1, H, W), one tensor a level, finest first."""
        return self._through(self.down, slices)

    def look_beside(self, levels: list[Tensor], slices: Tensor, beside: Tensor) -> list[Tensor]:
        """Features of N slices with what their known neighbours tell added to them.

        slices: (N, 1, H, W); beside: (N, 2, K + 2, H, W). What the ConvLSTM carries along z is of
        the image alone: a known slice speaks to its neighbours directly.
        """
        if not self.config.neighbours:
            return levels
        told = self._through(self.beside, torch.cat([slices, beside.flatten(1, 2)], dim=1))
        return [level + more for level, more in zip(levels, told, strict=True)]

    def _through(self, blocks: nn.ModuleList, slices: Tensor) -> list[Tensor]:
        height, width = slices.shape[-2:]
        # At least two pixels at the deepest level: one alone has no spread to be normalised by.
        least = 2 * self.stride
        missing = (
            0,
            max(-width % self.stride, least - width),
            0,
            max(-height % self.stride, least - height),
        )
        x = F.pad(slices, missing, mode="replicate") if any(missing) else slices
        x = x.contiguous(memory_format=torch.channels_last)
        levels: list[Tensor] = []
        for i, block in enumerate(blocks):
            x = block(F.max_pool2d(x, 2) if i else x)
            levels.append(x)
        return levels

    def decode(self, levels: list[Tensor], height: int, width: int) -> Tensor:
        """Logits (N, K + 1, height, width) from the features of N slices, all levels."""
        x = levels[-1]
        for i in reversed(range(len(self.up))):
            x = F.interpolate(self.narrow[i](x), scale_factor=2, mode="bilinear")
            x = self.up[i](levels[i] + x)
        logits = cast(Tensor, self.head(x))
        return logits[..., :height, :width].float()
