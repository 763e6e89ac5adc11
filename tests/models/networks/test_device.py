"""Where and how the networks compute."""

import torch

from models.networks.device import compiled


def test_a_cpu_never_compiles() -> None:
    def double(value: torch.Tensor) -> torch.Tensor:
        return 2.0 * value

    assert compiled(double, torch.device("cpu"), wanted=True) is double
    assert compiled(double, torch.device("cuda"), wanted=False) is double
