"""Fills the database that the settings name."""

import time

import numpy as np
from django.apps import apps
from django.db import models

from benchmarks.desks.bulk import Say, recount, settle, unindexed
from benchmarks.desks.gold import make_gold, practised
from benchmarks.desks.moments import Moments
from benchmarks.desks.people import make_members, make_people
from benchmarks.desks.plan import StudyPlan, plans
from benchmarks.desks.sizes import Sizes
from benchmarks.desks.studies import make_studies
from benchmarks.desks.work import make_work
from lamella.annotation.models import Assignment, Correction
from lamella.consensus.models import Consensus, Evidence, Verdict
from lamella.rounds.models import Task

LARGE: tuple[type[models.Model], ...] = (
    Task, Assignment, Correction, Consensus, Verdict, Evidence,
)  # fmt: skip


def fill(sizes: Sizes, *, seed: int = 0, say: Say = print, bare: bool = True) -> list[StudyPlan]:
    """Rows of everything into an empty, migrated database.

    bare: indexes of the large tables are dropped and made again, which is quicker for millions of
    rows; not possible within a transaction.
    """
    rng = np.random.default_rng(seed)
    moments, began = Moments(), time.monotonic()
    planned = plans(sizes)
    say(f"{sizes.tasks:,} tasks, {sizes.corrections:,} corrections, {sizes.volunteers:,} people …")
    make_people(sizes, moments, rng, say)
    make_studies(planned, moments, rng, say)
    make_members(sizes, moments, rng, say)
    if bare:
        with unindexed([model._meta.db_table for model in LARGE], say):
            make_work(planned, sizes, moments, rng, say)
    else:
        make_work(planned, sizes, moments, rng, say)
    recount([m for m in apps.get_models() if m._meta.managed])
    make_gold(planned, sizes, moments)
    practised(planned[0], sizes, moments, say)
    if bare:
        settle()
    say(f"filled in {time.monotonic() - began:.0f} s")
    return planned
