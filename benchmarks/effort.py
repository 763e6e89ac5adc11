"""How little people need to see: the rows that simulated studies give.

The quick set plays, with three seeds each: the brain tumour by every strategy; the last ten
hippocampus cases as one study, the embryo and the tiles of the electron micrographs by
expected_error, a fifth of the tiles by random too with one seed; the pinned cast on the brain
tumour; and, in rounds of 6.5 %, the brain tumour by every strategy and the oracle. The full set
adds every other strategy everywhere, and whole slices of the micrographs.
"""

from collections.abc import Sequence

from benchmarks.data import BRATS, EMBRYO, VNC, VNC_SLICES, Volume, hippocampus
from benchmarks.rows import Row, row
from benchmarks.studies import Plan, Result, best_interpolation, mean, mean_rank, play, shown
from workers.simulation.result import area, at_share

OURS = "expected_error"
BASE = "foreground_random"
BOUND = "oracle"
OTHERS = ("discriminator", "entropy", "clasp_pe", "random", "uniform", "bisection")
SEEDS = 3
LOW, HIGH = 0.05, 0.30
"""Shares shown between which curves are compared."""
STRIDES = {"round_share": 0.065}
"""Larger rounds, for curves that have to be played to their end."""
PACES = {"round_share": 0.07}
"""Larger ones too where each round reads much: of large slices."""
STEPS = {"round_share": 0.015, "audit_share": 0.005}
"""Smaller ones, where the share shown to a Dice is asked for to the percent."""
MANY = 24
"""Rounds at most where they are small and the Dice takes a larger share."""
CAST_SHARE = 0.15
RANDOM_SHARE = 0.2
"""Share of random tiles that is played."""
SCORES = ("discriminator", "entropy", "flip_disagreement")
NEVER = 1.0
"""A study that does not reach its Dice counts as if everything had been shown."""


def plans(quick: bool, seed: int) -> dict[str, Plan]:
    """What is played, by name; the longest studies first, so that the end is short.

    Where only the share shown to a Dice is asked for, a study ends once it has it. The full set
    plays every study to the end of its budget.
    """
    seeds = tuple(range(seed, seed + SEEDS))
    others = () if quick else OTHERS

    def until(volume: Volume) -> str | None:
        return volume.target if quick else None

    cases = hippocampus()
    made = {
        "vnc": Plan(VNC, (OURS, *others), seeds, until=until(VNC), pace=PACES),
        # Only its Dice where ours has got there is asked for.
        "vnc random": Plan(VNC, ("random",), (seed,), budget=RANDOM_SHARE, pace=PACES),
        "hippocampus": Plan(
            cases, (OURS, *others), seeds, until=until(cases), rounds=MANY, pace=STEPS
        ),
        # Compared up to HIGH shown, so that these go on.
        "curves": Plan(BRATS, (OURS, BASE, BOUND, *OTHERS), seeds, pace=STRIDES),
        "cast": Plan(BRATS, (OURS,), seeds, volunteers="cast", budget=CAST_SHARE),
        "brats": Plan(BRATS, (OURS, BASE, *OTHERS), seeds, until=until(BRATS), pace=STEPS),
        "embryo": Plan(EMBRYO, (OURS, *others), seeds, until=until(EMBRYO)),
    }
    if not quick:
        made["vnc slices"] = Plan(VNC_SLICES, (OURS,), seeds, pace=PACES)
    return made


def rows(quick: bool, seed: int) -> list[Row]:
    """All rows of the module; see its description."""
    asked = plans(quick, seed)
    found = dict(zip(asked, play(list(asked.values())), strict=True))
    beside = _random_tiles(found["vnc"], found["vnc random"], seed)
    if "vnc slices" in found:
        beside["slices"] = _mean_shown(found["vnc slices"], OURS, VNC_SLICES)
    ranked = ("brats", "embryo", "vnc", "hippocampus")
    return [
        *_volume(BRATS, found["brats"], "<= 0.1"),
        *_volume(asked["hippocampus"].volume, found["hippocampus"], "<= 0.3"),
        *_volume(EMBRYO, found["embryo"], "<= 0.2"),
        *_volume(VNC, found["vnc"], "<= 0.3", beside),
        _area(found["curves"]),
        _rank([found[name] for name in ranked]),
        *_cast(found["cast"], asked["cast"].seeds),
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


def _random_tiles(ours: Result, random: Result, seed: int) -> dict[str, float | None]:
    """Dice of random tiles at the share at which the same seed of ours had its Dice."""
    share = ours["strategies"][OURS]["seeds"][str(seed)]["shown_at_dice"][VNC.target]
    curve = random["strategies"]["random"]["seeds"][str(seed)]["rounds"]
    known = share is not None and curve[-1]["shown_fraction"] >= share - 1e-9
    return {"random tiles: their Dice there": at_share(curve, share) if known else None}


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


def _cast(result: Result, seeds: Sequence[int]) -> list[Row]:
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
