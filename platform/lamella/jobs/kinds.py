"""The kinds of job there are, and who wants to know when one ends.

An app that keeps a state of its own beside the job (a training run, a cube being read) registers
a hook in its ``ready()``; the hook is called in the transaction that ends the job, whether the
worker ended it or the reconciler gave it up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from lamella.jobs.models import Job

QueueName = Literal["light", "heavy"]
QUEUES: tuple[QueueName, ...] = ("light", "heavy")


@dataclass(frozen=True)
class Kind:
    """One kind of job.

    Parameters
    ----------
    queue : "light" for work of seconds to minutes without torch, "heavy" for torch.
    title : what people read where the caller gives no title.
    max_attempts : how often a job is started before it is given up.
    """

    name: str
    queue: QueueName
    title: str
    max_attempts: int = 5


EndHook = Callable[["Job"], None]

KINDS: dict[str, Kind] = {}
_END_HOOKS: dict[str, list[EndHook]] = {}


def register(kind: Kind) -> None:
    """Make a kind known; the same name again must mean the same kind."""
    if KINDS.setdefault(kind.name, kind) != kind:
        raise ValueError(f"The job kind {kind.name!r} is registered twice with different settings.")


def on_end(kind: str, hook: EndHook) -> None:
    """Call ``hook(job)`` when a job of this kind is done, failed or cancelled.

    The hook runs inside the transaction that ends the job, in a savepoint of its own: should it
    raise, the fault is logged and the job ends all the same.
    """
    hooks = _END_HOOKS.setdefault(kind, [])
    if hook not in hooks:
        hooks.append(hook)


def end_hooks(kind: str) -> tuple[EndHook, ...]:
    return tuple(_END_HOOKS.get(kind, ()))


for _kind in (
    Kind("consensus", "light", "Agree on a mask"),
    Kind("skills", "light", "Learn volunteers' skills"),
    Kind("ingest_cube", "light", "Read a cube"),
    Kind("import_labels", "light", "Read labels"),
    Kind("export", "light", "Write an export"),
    Kind("catalogue", "light", "List the objects"),
    Kind("advance", "light", "Move a study on"),
    Kind("train", "heavy", "Train a model"),
    Kind("pretrain", "heavy", "Pretrain a model"),
    Kind("propose", "heavy", "Propose masks"),
    Kind("compare", "light", "Compare model versions"),
    Kind("clean_up", "light", "Delete what nobody needs"),
):
    register(_kind)
