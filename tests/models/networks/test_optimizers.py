"""Muon for kernels, AdamW for all else."""

import pytest
import torch
from torch import Tensor

from models.networks.optimizers import LIKE_ADAM, Muon, descend, optimizers_of, orthogonal
from models.networks.segmenter import Segmenter
from tests.models.networks.toys import SMALL


@pytest.mark.parametrize("shape", [(16, 144), (144, 16), (32, 32), (8, 9)])
def test_an_orthogonal_step_has_no_direction_that_outweighs_the_others(
    shape: tuple[int, int],
) -> None:
    torch.manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    lopsided = left @ torch.diag(torch.logspace(0, -1.5, min(shape))) @ right
    after = torch.linalg.svdvals(orthogonal(lopsided))
    assert after.max() < 1.3
    assert after.min() > 0.3


def test_a_gradient_of_nothing_moves_nothing() -> None:
    assert torch.equal(orthogonal(torch.zeros(4, 9)), torch.zeros(4, 9))
    kernel = torch.nn.Parameter(torch.ones(4, 3, 3, 3))
    kernel.grad = torch.zeros_like(kernel)
    Muon([kernel], lr=0.1, weight_decay=0.0).step()
    assert torch.equal(kernel.detach(), torch.ones(4, 3, 3, 3))


def test_a_step_of_a_kernel_is_as_large_as_adams_would_be() -> None:
    torch.manual_seed(0)
    kernel = torch.nn.Parameter(torch.zeros(64, 32, 3, 3))
    kernel.grad = torch.randn_like(kernel)
    Muon([kernel], lr=1e-2, weight_decay=0.0).step()
    size = float(kernel.detach().square().mean().sqrt())
    assert size == pytest.approx(LIKE_ADAM * 1e-2, rel=0.3)


def test_memory_format_makes_no_difference_to_a_step() -> None:
    torch.manual_seed(0)
    gradient = torch.randn(16, 8, 3, 3)
    moved: list[Tensor] = []
    for layout in (torch.contiguous_format, torch.channels_last):
        kernel = torch.nn.Parameter(torch.zeros(16, 8, 3, 3).to(memory_format=layout))
        kernel.grad = gradient.to(memory_format=layout)
        Muon([kernel], lr=0.1, weight_decay=0.1).step()
        moved.append(kernel.detach().contiguous())
    assert torch.allclose(moved[0], moved[1], atol=1e-6)


def test_every_weight_that_learns_has_one_optimizer_and_frozen_ones_have_none() -> None:
    segmenter = Segmenter(SMALL)
    segmenter.freeze_encoder()
    found = optimizers_of(segmenter, 1e-3, 1e-2)
    held = [p for o in found.values() for group in o.param_groups for p in group["params"]]
    learning = [p for p in segmenter.parameters() if p.requires_grad]
    assert len(held) == len({id(p) for p in held}) == len(learning)
    assert {id(p) for p in held} == {id(p) for p in learning}


def test_the_head_and_what_first_meets_the_image_are_left_to_adamw() -> None:
    segmenter = Segmenter(SMALL)
    kernels = optimizers_of(segmenter, 1e-3, 1e-2)["kernel_optimizer"].param_groups[0]["params"]
    left = {id(p) for p in kernels}
    assert id(segmenter.head.weight) not in left
    assert id(next(segmenter.down.parameters())) not in left
    assert id(next(segmenter.beside.parameters())) not in left
    assert all(kernel.ndim == 4 for kernel in kernels)


def test_a_broken_gradient_is_skipped() -> None:
    segmenter = Segmenter(SMALL)
    before = [p.detach().clone() for p in segmenter.parameters()]
    loss = segmenter(torch.zeros(1, 2, 16, 16)).sum() * float("nan")
    descend(segmenter, optimizers_of(segmenter, 1e-3, 1e-2), loss, 1e-3)
    assert all(torch.equal(a, b) for a, b in zip(before, segmenter.parameters(), strict=True))
