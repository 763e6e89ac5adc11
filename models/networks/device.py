"""Where and how the networks compute: device, threads, precision."""

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast

import torch

Computation = TypeVar("Computation", bound=Callable[..., Any])

# With another process busy, OpenMP's spinning threads make torch 7 to 12 times slower. The variable
# is read when the first parallel region starts, so it works if torch has not computed yet.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def pick_device(name: str = "auto") -> torch.device:
    """The device to compute on: "auto" is CUDA where there is one, else the CPU."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f'This machine has no CUDA device; set device to "auto", not "{name}".')
    return device


def computes_bfloat16(device: torch.device) -> bool:
    """Whether the processor really computes in bfloat16, where it pays."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(
        torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    )


def autocast(device: torch.device, precision: str = "auto") -> AbstractContextManager[object]:
    """A context in which convolutions run in bfloat16 ("auto": where the processor has it)."""
    if precision not in ("auto", "bfloat16", "float32"):
        raise ValueError(f'Precision is "auto", "bfloat16" or "float32", not "{precision}".')
    wanted = computes_bfloat16(device) if precision == "auto" else precision == "bfloat16"
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=wanted)


def compiled(function: Computation, device: torch.device, wanted: bool) -> Computation:
    """A function of tensors compiled by torch.compile, on CUDA and where wanted; else itself."""
    if not wanted or device.type != "cuda":
        return function
    return cast(Computation, torch.compile(function, dynamic=True))


@contextlib.contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Compute with `count` CPU threads inside the block; None changes nothing."""
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(max(1, count))
    try:
        yield
    finally:
        torch.set_num_threads(before)
