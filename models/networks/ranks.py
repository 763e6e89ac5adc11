"""Several processes that train one model: data parallelism under torchrun.

    torchrun --nproc-per-node 2 SCRIPT

torchrun starts the processes and tells each its place by the environment (RANK, WORLD_SIZE,
LOCAL_RANK, MASTER_ADDR, MASTER_PORT). Each learns from its share of a step's windows; gradients are
summed in one message (the networks have half a million parameters, 2 MB). Started without it a
process is alone, and nothing here does anything.
"""

import atexit
import importlib
import os
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TypeVar, cast

import torch
from torch import Tensor, distributed, nn

from models.networks.device import pick_device

Network = TypeVar("Network", bound=nn.Module)

PATIENCE = timedelta(minutes=30)
"""How long a process waits for the others, which may be reading a cube, before it gives up."""


class Ranks:
    """This process among those that train together.

    rank: its place, 0 for the first, which alone writes files and is asked to stop; world: how many
    there are; device: what it computes on.
    """

    def __init__(self, rank: int, world: int, device: torch.device) -> None:
        self.rank, self.world, self.device = rank, world, device

    @property
    def first(self) -> bool:
        return self.rank == 0

    def total(self, value: Tensor) -> Tensor:
        """The sum of a tensor over all processes.

        Its gradient is this process's own part: those of all processes, summed by
        `sum_gradients`, are the gradient of what was made of the total.
        """
        if self.world == 1:
            return value
        summed = value.detach().clone()
        distributed.all_reduce(summed)
        return value + (summed - value.detach())

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace gradients by their sums over all processes."""
        if self.world == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        together = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(together)
        start = 0
        for gradient in gradients:
            gradient.copy_(together[start : start + gradient.numel()].view_as(gradient))
            start += gradient.numel()

    def mean(self, values: Sequence[float]) -> list[float]:
        """Means of some numbers over all processes."""
        if self.world == 1:
            return list(values)
        shared = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(shared)
        return [value / self.world for value in shared.tolist()]

    def from_first(self, values: Sequence[float]) -> list[float]:
        """What the first process says of some numbers: clocks and wishes differ."""
        if self.world == 1:
            return list(values)
        shared = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.broadcast(shared, 0)
        return [float(value) for value in shared.tolist()]

    def agree(self, value: float) -> None:
        """Raise ValueError in every process where they do not all say the same number."""
        if self.world == 1:
            return
        extremes = torch.tensor([value, -value], dtype=torch.float64, device=self.device)
        distributed.all_reduce(extremes, distributed.ReduceOp.MAX)
        most, least = extremes.tolist()
        if most != -least:
            raise ValueError(
                "The processes that train together do not see the same files; give all of them the "
                "same checkpoint folder."
            )

    def wait(self) -> None:
        """Wait until every process is here."""
        if self.world > 1:
            distributed.barrier()


ALONE = Ranks(0, 1, torch.device("cpu"))
"""A process by itself, for what is never split."""

Total = Callable[[Tensor], Tensor]
"""A sum over all processes, as Ranks.total."""


def synchronised(network: Network, here: Ranks) -> Network:
    """A network whose batch statistics are of all processes' windows, on several GPUs.

    On CPUs each normalises by its own windows, for PyTorch synchronises statistics on GPUs alone.
    """
    if here.world == 1 or here.device.type != "cuda":
        return network
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    return cast(Network, converted)


def find_ranks(device: str) -> Ranks:
    """This process among its fellows, found in the environment.

    device: as for models.networks.device.pick_device; with CUDA each process takes the GPU of its
    place on the machine. Raises ValueError where there is no such device.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    chosen = pick_device(device)
    if world <= 1 or "RANK" not in os.environ:
        return Ranks(0, 1, chosen)
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(chosen)
    if not distributed.is_initialized():
        # Imported while a group exists, its functions keep that group as their default argument:
        # it is never freed, and its threads run into the interpreter's end and abort the process.
        importlib.import_module("torch.distributed.nn.functional")
        backend = "nccl" if chosen.type == "cuda" else "gloo"
        distributed.init_process_group(backend, timeout=PATIENCE)
        # Once for the process's life: a second group would meet the addresses of the first one.
        atexit.register(distributed.destroy_process_group)
    return Ranks(distributed.get_rank(), distributed.get_world_size(), chosen)
