"""Moments of the work, as text that both databases read: UTC, without a zone."""

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks.desks.sizes import DAYS


class Moments:
    """From DAYS ago until now, which is when the database was made."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC).replace(tzinfo=None)
        self.begin = self.now - timedelta(days=DAYS)

    def at(self, shares: NDArray[np.floating]) -> list[str]:
        """0 is the beginning, 1 is now."""
        begin = np.datetime64(self.begin, "us")
        passed = (np.asarray(shares) * DAYS * 86_400e6).astype("timedelta64[us]")
        texts: list[str] = np.datetime_as_string(begin + passed).tolist()
        return [text.replace("T", " ") for text in texts]

    def one(self, share: float) -> str:
        return self.at(np.array([share]))[0]

    def spread(self, count: int, rng: np.random.Generator) -> list[str]:
        """So many moments, one after the other."""
        return self.at(np.sort(rng.random(count)))

    def in_minutes(self, minutes: float) -> str:
        return (self.now + timedelta(minutes=minutes)).isoformat(sep=" ", timespec="microseconds")
