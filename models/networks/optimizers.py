"""What moves a segmenter's weights: Muon for its kernels, AdamW for all else."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn

from models.networks.ranks import ALONE, Ranks
from models.networks.segmenter import Segmenter

LARGEST_GRADIENT = 1.0
"""Norm to which the gradient of all weights together is cut."""
MOMENTUM = 0.9
ITERATIONS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
LIKE_ADAM = 0.2
"""Root mean square of an AdamW step at rate 1, to which Muon's steps are scaled, so that both go by
the same learning rate (Liu et al. 2025, arXiv 2502.16982)."""


class Muon(torch.optim.Optimizer):
    """Momentum whose steps are made orthogonal: no direction of a kernel outweighs the others.

    After Jordan et al. 2024 (kellerjordan.github.io/posts/muon). torch's own takes matrices alone,
    and computes in bfloat16, which most processors only emulate; here a kernel (D, C, h, w) is the
    matrix (D, C h w).
    """

    def __init__(self, params: Iterable[Tensor], *, lr: float, weight_decay: float) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step along the gradients that are there."""
        loss = None if closure is None else closure()
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is None:
                    continue
                state = self.state[kernel]
                if not state:
                    state["momentum"] = torch.zeros_like(kernel)
                state["momentum"].lerp_(kernel.grad, 1.0 - MOMENTUM)
                ahead = kernel.grad.lerp(state["momentum"], MOMENTUM)
                matrix = orthogonal(ahead.flatten(1))
                kernel.mul_(1.0 - group["lr"] * group["weight_decay"])
                size = LIKE_ADAM * max(matrix.shape) ** 0.5
                kernel.add_(matrix.view_as(kernel), alpha=-group["lr"] * size)
        return loss


def orthogonal(matrix: Tensor) -> Tensor:
    """The nearest (half-)orthogonal matrix, roughly: singular values between about .7 and 1.2.

    By a Newton-Schulz iteration with coefficients that trade exactness for few steps. A matrix of
    zeros stays one.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=1e-12)
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


def optimizers_of(
    segmenter: Segmenter, rate: float, weight_decay: float
) -> dict[str, torch.optim.Optimizer]:
    """The optimizers of a segmenter's weights, by name; frozen ones have none.

    The layers that first meet the image and the one that gives the classes are left to AdamW, as
    Muon's authors advise.
    """
    outer = segmenter.outer_layers()
    kernels: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for layer in segmenter.modules():
        for weight in layer.parameters(recurse=False):
            if not weight.requires_grad:
                continue
            inner = isinstance(layer, nn.Conv2d) and layer not in outer
            (kernels if inner and weight.ndim == 4 else others).append(weight)
    found: dict[str, torch.optim.Optimizer] = {
        "optimizer": torch.optim.AdamW(others, lr=rate, weight_decay=weight_decay)
    }
    if kernels:
        found["kernel_optimizer"] = Muon(kernels, lr=rate, weight_decay=weight_decay)
    return found


def descend(
    network: nn.Module,
    optimizers: Mapping[str, torch.optim.Optimizer],
    loss: Tensor,
    rate: float,
    here: Ranks = ALONE,
) -> None:
    """One step of a network at a learning rate; a broken gradient is skipped."""
    network.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    here.sum_gradients(network.parameters())
    norm = nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
    if not torch.isfinite(norm):
        return
    for optimizer in optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
