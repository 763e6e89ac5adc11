"""Many threads enqueue, claim and end the same work at the same moment; prints what they got.

Run as a process of its own, on the database of its environment.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402

from lamella.jobs import services  # noqa: E402
from lamella.jobs.errors import JobConflictError  # noqa: E402
from lamella.jobs.models import Job  # noqa: E402

THREADS = 8
ROUNDS = 6


def together(action: Callable[[int], Any]) -> list[Any]:
    """What each of the threads got from an action that they all begin at once."""
    gate = threading.Barrier(THREADS)
    got: list[Any] = [None] * THREADS

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            gate.wait()
            got[number] = action(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def enqueue(key: str, **more: Any) -> Any:
    return services.enqueue("trial_quick", params={}, key=key, **more).pk


def retried(job: Job) -> bool:
    try:
        services.retry(job)
    except JobConflictError:
        return False
    return True


def race(key: str) -> dict[str, int]:
    """One round on a fresh key; every count should be one."""
    ids = set(together(lambda number: enqueue(key)))
    job = next(iter(ids))
    claims = together(lambda number: services.claim(job, f"worker {number}"))
    leases = [lease for lease in claims if lease is not None]

    def finish_or_enqueue(number: int) -> Any:
        if number == 0:
            services.finish(leases[0])
            return None
        return enqueue(key)

    together(finish_or_enqueue)
    # Those that came before the end got the job that was ending.
    last = Job.objects.get(pk=enqueue(key))
    waiting = Job.objects.filter(key=key, state="queued").count()
    return {
        "jobs of one key": len(ids),
        "leases of one job": len(leases),
        "jobs after its end": waiting,
        "cancellations of one job": sum(together(lambda number: services.cancel(last))),
        "retries of one job": sum(together(lambda number: retried(last))),
    }


seen: Counter[str] = Counter()
for turn in range(ROUNDS):
    seen |= Counter(race(f"race {turn}"))
print(json.dumps(seen))  # noqa: T201
