"""What a finished task says about the people who drew it, in one class."""

import numpy as np
from numpy.typing import NDArray

from models.config import SkillConfig
from models.crowd.layer import Layer, Solved, nearest
from models.crowd.outlines import BAND, FEWEST, REACH, SCALE, signed_distance
from models.crowd.skills import Tally
from models.labels import Mask


def tallies(layer: Layer, solved: Solved, truth: Mask | None, config: SkillConfig) -> list[Tally]:
    """Of each person in order, and last of the proposal.

    Without gold, only objects count that are settled without the person's own word; what people
    left as it was says nothing of how they draw, and whether all draw too wide cannot be seen.
    """
    presence, shown = solved.presence, solved.shown
    without = presence.without
    there = (without > config.sure) & solved.voted
    absent = (without < 1 - config.sure) & solved.voted
    people, worth = len(layer.masks), solved.candidates.worth
    squares, gold = solved.square, np.full(people, np.nan)
    if truth is not None:
        squares, gold = _against(layer, solved, truth)
    result = []
    for i in range(people):
        if solved.flooded[i]:
            result.append(Tally(invented=float(worth.sum())))
            continue
        drew = solved.drew[i]
        outline = {}
        if people > 1 or truth is not None:
            if np.isfinite(squares[i]):
                outline = {"edges": 1.0, "edge_square": float(squares[i])}
            if np.isfinite(gold[i]):
                outline |= {"gold": 1.0, "gold_sum": float(gold[i])}
        result.append(
            Tally(
                looked=float(presence.looked[i]),
                stamped=float(1 - presence.looked[i]),
                found=_sum(there[i] & drew & ~shown, worth),
                missed=_sum(there[i] & ~drew & ~shown, worth),
                invented=_sum(absent[i] & drew & ~shown, worth * presence.author[i]),
                joined=_sum(absent[i] & drew & ~shown, worth * (1 - presence.author[i])),
                spared=_sum(absent[i] & ~drew & ~shown, worth),
                kept=_sum(there[i] & drew & shown, worth),
                dropped=_sum(there[i] & ~drew & shown, worth),
                passed=_sum(absent[i] & drew & shown, worth),
                struck=_sum(absent[i] & ~drew & shown, worth),
                **outline,
            )
        )
    settled = solved.presence.there
    real, false = settled > config.sure, settled < 1 - config.sure
    result.append(
        Tally(
            found=_sum(real & shown, worth),
            missed=_sum(real & ~shown, worth),
            invented=_sum(false & shown, worth),
            spared=_sum(false & ~shown, worth),
        )
    )
    return result


def _sum(which: NDArray[np.bool_], worth: NDArray[np.float64]) -> float:
    return float(worth[which].sum())


def _against(
    layer: Layer, solved: Solved, truth: Mask
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(n,) spread of each person's outlines about the true ones, and how much too wide they are."""
    people = len(layer.masks)
    spread, wide = np.full(people, np.nan), np.full(people, np.nan)
    true = signed_distance(truth).astype(np.float32) / SCALE
    places = np.flatnonzero(np.abs(true) <= BAND)
    if not len(places) or not solved.candidates.count:
        return spread, wide
    zone = nearest(solved.candidates, places)
    shown = layer.shown_distance.ravel()[places]
    at_edge = true.ravel()[places]
    for i in range(people):
        kept = layer.distances[i].ravel()[places]
        counted = solved.drew[i][zone] & ~((kept == shown) & bool(layer.shown.any()))
        if int(counted.sum()) < FEWEST:
            continue
        off = kept[counted].astype(np.float32) / SCALE - at_edge[counted]
        off = off[np.abs(off) < REACH - BAND]
        if len(off) >= FEWEST:
            wide[i], spread[i] = float(off.mean()), float(off.var())
    return spread, wide
