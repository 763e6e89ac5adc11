"""Seconds of one more mask on a large slice."""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks.consensus.scenes import crew, draw, make_scene, propose
from benchmarks.rows import Row, row
from models.config import CrowdConfig
from models.crowd.aggregator import CrowdMask
from models.crowd.registry import aggregator
from models.crowd.skills import SkillSnapshot


def rows(*, seed: int, repeats: int = 15) -> Iterator[Row]:
    """The seventh mask of 1024 × 1024 pixels, taken and made part of a new result; median."""
    rng = np.random.default_rng((seed, 31))
    scene = make_scene(rng, 1024)
    proposal = propose(rng, scene)
    nothing = np.zeros_like(proposal)
    for where, shown in (("from nothing", None), ("all see one proposal", proposal)):
        masks = [CrowdMask(p.name, draw(rng, scene, p, shown)) for p in crew([1.5] * 7)]
        base = nothing if shown is None else shown
        taken = {}
        for name in ("skill", "majority", "staple"):
            running = aggregator(name, CrowdConfig(redundancy=7)).start(base, SkillSnapshot())
            for mask in masks:
                running.add(mask)
            seconds, computed = [], []
            for _ in range(repeats if name != "staple" else 1):
                began, own = time.perf_counter(), time.process_time()
                running.add(masks[-1])
                running.result()
                seconds.append(time.perf_counter() - began)
                computed.append(time.process_time() - own)
            taken[name] = 1000 * float(np.median(seconds))
            taken[f"{name}_least"] = 1000 * min(seconds)
            # On a machine that does other work too this says more than the clock.
            taken[f"{name}_processor"] = 1000 * float(np.median(computed))
            taken[f"{name}_processor_least"] = 1000 * min(computed)
        yield row(
            f"one more mask of 1024², {where}",
            taken["skill"],
            "ms",
            "<= 50",
            {k: round(v, 1) for k, v in taken.items() if k != "skill"},
        )
