"""A job of no kind that the product knows."""

from collections.abc import Callable

import pytest

from lamella.jobs import kinds, services
from lamella.jobs.kinds import Kind
from lamella.jobs.models import Job
from workers import runner
from workers.runner import Handler


@pytest.fixture
def job_of(monkeypatch: pytest.MonkeyPatch) -> Callable[[Handler], Job]:
    """Make a job whose handler is the given function."""
    monkeypatch.setitem(kinds.KINDS, "trial", Kind("trial", "light", "A trial", max_attempts=2))

    def make(handler: Handler) -> Job:
        monkeypatch.setitem(runner._HANDLERS, "trial", handler)
        return services.enqueue("trial", params={"size": 3})

    return make
