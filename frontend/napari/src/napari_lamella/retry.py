"""When a request is tried again, and after how long."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx

# The server, or the proxy before it, says that it cannot answer just now.
BUSY_STATUSES = frozenset({429, 502, 503, 504})
LONGEST_WAIT = 10.0


@dataclass(frozen=True)
class Retry:
    """How often a request is sent (`attempts`), and the pause before the second (seconds)."""

    attempts: int = 4
    first_wait: float = 0.4

    def waits(self) -> Iterator[float | None]:
        """The pause after each attempt, doubling; None after the last."""
        for attempt in range(self.attempts - 1):
            yield min(self.first_wait * 2**attempt, LONGEST_WAIT)
        yield None


def wait_asked_for(response: httpx.Response, otherwise: float) -> float:
    """Seconds to wait: the server's Retry-After where it gives one in seconds, bounded."""
    try:
        return min(max(float(response.headers["retry-after"]), 0.0), LONGEST_WAIT)
    except (KeyError, ValueError):
        return otherwise
