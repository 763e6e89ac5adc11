"""How little people need to see: the rows that simulated studies give.

The quick set plays, with three seeds each: the brain tumour by expected_error, foreground_random
and the oracle; the last ten hippocampus cases, the embryo and the tiles of the electron micrographs
by expected_error, the tiles by random too with one seed; the pinned cast on the brain tumour. The
full set adds every other strategy on the four volumes, and whole slices of the micrographs.
"""

from collections.abc import Sequence

from benchmarks.data import BRATS, EMBRYO, VNC, VNC_SLICES, Volume, hippocampus
from benchmarks.rows import Row, row
from benchmarks.studies import Result, best_interpolation, mean, mean_rank, shown, simulate
from workers.simulation.result import area, at_share

OURS = "expected_error"
BASE = "foreground_random"
BOUND = "oracle"
OTHERS = ("discriminator", "entropy", "clasp_pe", "random", "uniform", "bisection")
SEEDS = 3
LOW, HIGH = 0.05, 0.30
"""Shares shown between which curves are compared."""
CAST_SHARE = 0.15
SCORES = ("discriminator", "entropy", "flip_disagreement")
NEVER = 1.0
"""A study that does not reach its Dice counts as if everything had been shown."""


def rows(quick: bool, seed: int) -> list[Row]:
    """All rows of the module; see its description."""
    seeds = range(seed, seed + SEEDS)
    others = () if quick else OTHERS
    brats = simulate(BRATS, (OURS, BASE, BOUND, *others), seeds)
    embryo = simulate(EMBRYO, (OURS, *others), seeds)
    cases = hippocampus()
    small = [simulate(case, (OURS, *others), seeds) for case in cases]
    tiles = simulate(VNC, (OURS, *others), seeds)
    beside = {"random tiles": _mean_shown(simulate(VNC, ("random",), [seed]), "random", VNC)}
    if not quick:
        whole = simulate(VNC_SLICES, (OURS,), seeds)
        beside["slices"] = _mean_shown(whole, OURS, VNC_SLICES)
    return [
        *_volume(BRATS, brats, "<= 0.1"),
        *_hippocampus(cases, small),
        *_volume(EMBRYO, embryo, "<= 0.2"),
        *_volume(VNC, tiles, "<= 0.3", beside),
        _area(brats),
        _rank([brats, embryo, tiles, *small]),
        *_cast(simulate(BRATS, (OURS,), seeds, volunteers="cast", budget=CAST_SHARE), seeds),
    ]


def _volume(
    volume: Volume, result: Result, goal: str, beside: dict[str, float | None] | None = None
) -> list[Row]:
    """Share shown to the volume's Dice, and how much less that is than interpolation needs."""
    target = volume.target
    peers: dict[str, float | None] = {
        f"interpolation, {words}": at[target]
        for words, at in result["interpolation"]["at_dice"].items()
    }
    for name in result["strategies"]:
        if name != OURS:
            peers[name] = _mean_shown(result, name, volume)
    peers |= beside or {}
    ours = _mean_shown(result, OURS, volume)
    seeds = shown(result, OURS, target)
    name = f"{volume.name}.shown_at_{target}"
    best = best_interpolation(result, target)
    saved = None if ours is None or best is None else 1 - ours / best
    return [
        row(name, ours, "share of the cube", goal, peers, seeds=seeds),
        row(
            f"{volume.name}.fewer_than_interpolation",
            saved,
            "share of its slices",
            ">= 0.3",
            {"best interpolation": best},
        ),
    ]


def _hippocampus(cases: Sequence[Volume], results: Sequence[Result]) -> list[Row]:
    """The mean over cases and seeds."""
    target = cases[0].target
    pairs = list(zip(cases, results, strict=True))
    ours = mean([v for c, r in pairs if (v := _mean_shown(r, OURS, c)) is not None])
    best = mean([best_interpolation(r, target) or NEVER for r in results])
    peers: dict[str, float | None] = {"best interpolation": best}
    for name in results[0]["strategies"]:
        if name != OURS:
            peers[name] = mean([_mean_shown(r, name, c) or NEVER for c, r in pairs])
    reached = [s is not None for r in results for s in shown(r, OURS, target)]
    saved = None if ours is None or not best else 1 - ours / best
    peers["seeds that reached it"] = sum(reached) / len(reached)
    return [
        row(f"hippocampus.shown_at_{target}", ours, "share of the cube", "<= 0.3", peers),
        row(
            "hippocampus.fewer_than_interpolation",
            saved,
            "share of its slices",
            ">= 0.3",
            {"best interpolation": best},
        ),
    ]


def _mean_shown(result: Result, strategy: str, volume: Volume) -> float | None:
    return mean([NEVER if s is None else s for s in shown(result, strategy, volume.target)])


def _area(result: Result) -> Row:
    """What expected_error gains over foreground_random, as a share of what the oracle gains."""
    areas = {
        name: area(strategy["rounds"], LOW, HIGH) for name, strategy in result["strategies"].items()
    }
    gained: dict[str, float | None] = {}
    base, bound = areas[BASE], areas[BOUND]
    for name, found in areas.items():
        known = found is not None and base is not None and bound is not None and bound > base
        gained[name] = (found - base) / (bound - base) if known else None  # type: ignore[operator]
    ours = gained.pop(OURS)
    peers = {**gained, **{f"mean Dice, {name}": found for name, found in areas.items()}}
    return row("selection.gain_as_share_of_oracle", ours, "share", ">= 0.8", peers)


def _rank(results: Sequence[Result]) -> Row:
    ranks = [r for result in results if (r := mean_rank(result, OURS)) is not None]
    peers = {}
    for score in SCORES:
        found = [r for result in results if (r := mean_rank(result, OURS, score)) is not None]
        peers[score] = mean(found)
    return row("score.rank_correlation", mean(ranks), "Spearman", ">= 0.85", peers)


def _cast(result: Result, seeds: range) -> list[Row]:
    """Final Dice at CAST_SHARE shown beside the cast's consensus on every slice, and the time."""
    every = result["every_slice"]
    gaps, shares = [], []
    for seed in seeds:
        run = result["strategies"][OURS]["seeds"][str(seed)]
        reference = every["seeds"][str(seed)]
        final = at_share(run["rounds"], CAST_SHARE) or run["rounds"][-1]["dice_final"]
        gaps.append(reference["dice"] - final)
        # The round that reached the share counts whole.
        last = next(
            (r for r in run["rounds"] if r["shown_fraction"] >= CAST_SHARE), run["rounds"][-1]
        )
        shares.append(last["seconds"] / reference["seconds"])
    cast = result["strategies"][OURS]["cast"]
    figures = {f"cast: {name.replace('_', ' ')}": value for name, value in cast.items()}
    nothing = {
        f"from nothing: {name.replace('_', ' ')}": value for name, value in every["cast"].items()
    }
    return [
        row(
            "cast.behind_consensus_on_every_slice",
            mean(gaps),
            "Dice",
            "<= 0.01",
            {"consensus on every slice": every["dice"], **nothing},
        ),
        row(
            "cast.human_seconds",
            mean(shares),
            "share of five people drawing every slice",
            "<= 0.1",
            figures,
        ),
    ]
