"""The random sample that certifies: drawn beside the chosen tasks, with known chances."""

from dataclasses import dataclass

import numpy as np

from models.config import AuditConfig
from models.selection.pool import Ints, Pool


@dataclass(frozen=True, slots=True)
class AuditDraw:
    """One audited candidate.

    probability: chance with which it was drawn (its stratum's drawn over its size); weigh by 1 over
                 it.
    """

    identity: int
    stratum: int
    probability: float
    reason: str


def strata(pool: Pool, draws: int, config: AuditConfig | None = None) -> Ints:
    """(N,) stratum of every open candidate, -1 for the rest: bands of foreground, then of z.

    Foreground is scores["foreground"] (predicted share) where the pool has it. There are at most
    half as many strata as draws, so that each has two and its own spread can be seen.
    """
    settings = config or AuditConfig()
    result = np.full(len(pool), -1, dtype=np.int64)
    free = np.flatnonzero(pool.open())
    most = max(1, min(draws // 2, len(free)))
    by_foreground = "foreground" in pool.scores
    bands = min(settings.foreground_bands, most) if by_foreground else 1
    foreground = np.zeros(len(pool))
    if by_foreground:
        foreground = np.nan_to_num(pool.scores["foreground"].astype(np.float64))
    order = free[np.lexsort((pool.z[free], pool.cube[free], foreground[free]))]
    number = 0
    for band in np.array_split(order, bands):
        along = band[np.lexsort((pool.z[band], pool.cube[band]))]
        for part in np.array_split(along, max(1, most // bands)):
            if len(part):
                result[part] = number
                number += 1
    return result


def draw_audit(
    pool: Pool, n: int, rng: np.random.Generator, config: AuditConfig | None = None
) -> list[AuditDraw]:
    """n audited candidates (fewer where fewer are open), drawn at random within strata.

    Equal shares of every stratum, the odd ones given by lot, so that no slice has no chance.
    """
    stratum = strata(pool, n, config)
    numbers = [int(s) for s in np.unique(stratum) if s >= 0]
    sizes = {s: int((stratum == s).sum()) for s in numbers}
    share = _allocate(sizes, min(n, sum(sizes.values())), rng)
    draws: list[AuditDraw] = []
    for s in numbers:
        members = np.flatnonzero(stratum == s)
        for i in rng.choice(members, share[s], replace=False):
            draws.append(
                AuditDraw(
                    int(pool.identity[i]),
                    s,
                    share[s] / sizes[s],
                    f"Slice {int(pool.z[i]) + 1}: drawn at random to measure quality.",
                )
            )
    return draws


def _allocate(sizes: dict[int, int], n: int, rng: np.random.Generator) -> dict[int, int]:
    """How many to draw from each stratum: in proportion, the rest by lot; sums to n."""
    total = sum(sizes.values())
    if total == 0:
        return {}
    wished = {s: n * size / total for s, size in sizes.items()}
    share = {s: min(int(w), sizes[s]) for s, w in wished.items()}
    while (rest := n - sum(share.values())) > 0:
        room = [s for s in sizes if share[s] < sizes[s]]
        odds = np.array([max(wished[s] - share[s], 1e-9) for s in room])
        chosen = rng.choice(len(room), min(rest, len(room)), replace=False, p=odds / odds.sum())
        for i in chosen:
            share[room[int(i)]] += 1
    return share
