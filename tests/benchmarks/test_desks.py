"""The large database in small, and every page over it: few queries, few bytes, for every role."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from benchmarks.__main__ import modules
from benchmarks.desks import offers, pages, report
from benchmarks.desks.assets import weigh
from benchmarks.desks.fill import fill
from benchmarks.desks.offers import Load
from benchmarks.desks.plan import StudyPlan
from benchmarks.desks.sizes import STUDIES, Sizes
from benchmarks.desks.store import make_store
from lamella.annotation.models import Assignment, Correction
from lamella.consensus.models import Consensus
from lamella.loop import kept
from lamella.rounds.models import Task
from tests import factories as make

# Hundreds of pages, on a machine that may be busy.
pytestmark = pytest.mark.timeout(1200)

SMALL = Sizes().scaled(0.0005)


def quietly(text: str) -> None:
    """The generator's progress is nobody's business here."""


@pytest.fixture
def plan(db: None) -> StudyPlan:
    """The largest study of a small database with several rows of everything."""
    planned = fill(SMALL, say=quietly, bare=False)
    make_store(planned)
    return planned[0]


def test_there_is_as_much_of_everything_as_was_asked_for(plan: StudyPlan) -> None:
    work = Task.objects.exclude(kind="gold")
    assert work.count() == SMALL.tasks
    made = Correction.objects.exclude(task__kind="gold")
    assert made.count() == pytest.approx(SMALL.corrections, abs=SMALL.tasks * 0.05)
    assert work.values("study").distinct().count() == len(STUDIES)
    assert Consensus.objects.count() == work.exclude(state="open").count()


def test_what_is_made_keeps_the_rules_of_the_platform(plan: StudyPlan) -> None:
    assert offers.over_redundancy() == 0
    for task in Task.objects.exclude(kind="gold")[:40]:
        held = task.assignments.filter(holds_place=True)
        assert held.count() == task.places_taken <= task.redundancy
        assert held.values("volunteer").distinct().count() == held.count()
    some = Consensus.objects.order_by("pk")[len(STUDIES)]
    assert Correction.objects.filter(pk__in=some.corrections, task=some.task).count() == len(
        some.corrections
    )


def asks_too_much(found: list[pages.Seen]) -> dict[str, int]:
    return {
        f"{one.name} as {one.role}": one.queries
        for one in found
        if one.queries > report.MOST_QUERIES
    }


def seen(plan: StudyPlan) -> Iterator[pages.Seen]:
    yield from pages.see_all(plan, repeats=0)


def test_every_page_asks_little_and_weighs_little_for_every_role(plan: StudyPlan) -> None:
    found = list(seen(plan))
    names = {one.name for one in found}
    assert {"study", "cube", "training", "review", "people", "health", "landing"} <= names
    assert asks_too_much(found) == {}
    heavy = {
        f"{one.name} as {one.role}": one.weight.all
        for one in found
        if one.weight and one.weight.all > report.MOST_BYTES
    }
    assert heavy == {}


def test_pages_of_a_large_study_ask_no_more(
    plan: StudyPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LARGE", 20)
    while kept.freshen():
        pass
    assert kept.kept_of(Task.objects.get(pk=1).study) is not None
    assert asks_too_much(list(seen(plan))) == {}


def test_a_task_with_one_lease_too_many_is_found(plan: StudyPlan) -> None:
    task = Task.objects.filter(state="open", kind="work").order_by("places_taken")[0]
    make.make_assignment(task, make.make_volunteer())
    assert offers.over_redundancy() == 1  # held, and not counted
    Task.objects.filter(pk=task.pk).update(places_taken=task.places_taken + 1)
    assert offers.over_redundancy() == 0
    offers.give_back()
    assert not Assignment.objects.filter(state="leased").exists()
    task.refresh_from_db()
    assert task.places_taken == task.assignments.filter(holds_place=True).count()


def test_a_page_is_weighed_with_its_styles_scripts_and_font(settings: Settings) -> None:
    from lamella.pages.templatetags.lamella import vite

    links = str(vite("src/pages/main.ts")).encode()
    if not links:
        pytest.skip("The front end has not been built; run “make web”.")
    weight = weigh(b"<html>" + links)
    assert weight.page == len(links) + 6
    assert weight.linked > 40_000  # the font alone
    assert 0 < weight.script_gz < 40_000


def test_goals_are_held_against_what_was_seen() -> None:
    fast = pages.Seen("study", "dana", [10.0] * 20, queries=9)
    slow = pages.Seen("study", "bob", [10.0] * 10 + [150.0] * 10, queries=16)
    rows = {row["name"]: row for row in report.page_rows([fast, slow], timed=True)}
    assert rows["study, server time p95"]["peers"]["as"] == "bob"
    assert not rows["study, server time p95"]["ok"]
    assert not rows["queries of a page, most"]["ok"]
    load = Load(times=[20.0] * 995 + [80.0] * 5, tasks={1, 2}, seconds=10.0)
    rows = {row["name"]: row for row in report.offer_rows(load, over=0, rate=100)}
    assert rows["next task at 100 a second, p99"]["ok"]
    assert all(row["ok"] for row in rows.values())
    rows = {row["name"]: row for row in report.offer_rows(load, over=1, rate=100)}
    assert not rows["tasks over their redundancy"]["ok"]


def test_the_science_does_not_measure_the_desks() -> None:
    assert not any(name.startswith("desks") for name in modules())
