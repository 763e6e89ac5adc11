"""A bidirectional convolutional LSTM along z.

Shi et al. 2015, Convolutional LSTM Network (arXiv 1506.04214), without peephole connections.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ConvLSTM(nn.Module):
    """One direction: (B, Z, C, H, W) features to (B, Z, hidden, H, W), from z = 0 upwards."""

    def __init__(self, channels: int, hidden: int, memory: float) -> None:
        super().__init__()
        self.hidden = hidden
        # Deep features have looked around already: what enters needs no kernel of its own.
        self.inward = nn.Conv2d(channels, 4 * hidden, 1)
        self.recurrent = nn.Conv2d(hidden, 4 * hidden, 3, padding=1, bias=False)
        nn.init.orthogonal_(self.recurrent.weight)
        with torch.no_grad():
            assert self.inward.bias is not None
            self.inward.bias.zero_()
            # sigmoid(bias) ** memory = 1 / e: how far an untrained cell looks along z.
            keep = math.exp(-1.0 / max(memory, 0.1))
            self.inward.bias[hidden : 2 * hidden] = math.log(keep / (1.0 - keep))

    def forward(self, features: Tensor) -> Tensor:
        batch, depth, channels, height, width = features.shape
        # What a slice says to the gates waits for no neighbour: one convolution for all slices.
        said = self.inward(features.reshape(batch * depth, channels, height, width))
        said = said.reshape(batch, depth, 4 * self.hidden, height, width)
        cell = said.new_zeros(batch, self.hidden, height, width)
        state: Tensor | None = None
        states: list[Tensor] = []
        for z in range(depth):
            gates = said[:, z] if state is None else said[:, z] + self.recurrent(state)
            enter, keep, leave, new = gates.chunk(4, dim=1)
            cell = torch.sigmoid(keep) * cell + torch.sigmoid(enter) * torch.tanh(new)
            state = torch.sigmoid(leave) * torch.tanh(cell)
            states.append(state)
        return torch.stack(states, dim=1)


class BidirectionalConvLSTM(nn.Module):
    """(B, Z, C, H, W) to the same shape: each slice's features plus what both directions add."""

    def __init__(self, channels: int, hidden: int, memory: float) -> None:
        super().__init__()
        self.upward = ConvLSTM(channels, hidden, memory)
        self.downward = ConvLSTM(channels, hidden, memory)
        self.merge = nn.Conv2d(2 * hidden, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        up = self.upward(features)
        down = self.downward(features.flip(1)).flip(1)
        both = torch.cat([up, down], dim=2).flatten(0, 1)
        return features + F.relu(self.merge(both)).reshape(features.shape)
