"""Bob runs the training desk of a study, Root looks after the installation, in a real browser."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from lamella.jobs.logs import add_lines
from lamella.jobs.models import Job, JobState
from lamella.learning.models import TrainingRun
from tests import desk
from tests import factories as make
from tests.e2e.conftest import People, axe
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK = "/studies/liver-3/training/"


@pytest.fixture
def run(scene: Scene) -> TrainingRun:
    """A run that somebody stopped, and all that the desk tells beside it."""
    job = make.make_job(scene.study, state=JobState.CANCELLED, progress=0.4)
    stopped = make.make_run(scene.study, state=TrainingRun.State.CANCELLED, job=job)
    desk.fill(scene, stopped)
    return stopped


def fits(page: Page) -> bool:
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"))


def test_bob_sets_what_the_next_runs_are_trained_with(
    scene: Scene, run: TrainingRun, people: People
) -> None:
    page = people.page("bob")
    page.goto(DESK)
    page.get_by_text("Settings of the next runs…").click()
    page.get_by_label("Longest time, in seconds").fill("0.5")
    page.evaluate("document.querySelectorAll('form').forEach((f) => (f.noValidate = true))")
    page.get_by_role("button", name="Save the settings").click()
    expect(page.locator("#settings")).to_contain_text("greater than or equal to 1")
    expect(page.get_by_label("Longest time, in seconds")).to_have_value("0.5")
    people.faults.clear()  # the console reports the refusal
    page.get_by_label("Longest time, in seconds").fill("900")
    page.get_by_label("Learn from vote fractions").check()
    page.get_by_role("button", name="Save the settings").click()
    expect(page.locator(".banner").first).to_contain_text("The next training run uses these")
    scene.study.refresh_from_db()
    assert scene.study.settings["train"] == {"max_seconds": 900.0, "soft_targets": True}


def test_bob_has_runs_start_by_themselves_and_lets_a_stopped_one_go_on(
    scene: Scene, run: TrainingRun, people: People
) -> None:
    page = people.page("bob")
    page.goto(DESK)
    page.get_by_text("Start by itself…").click()
    page.get_by_label("After so many newly agreed tasks").fill("50")
    page.get_by_role("button", name="Save the rules").click()
    expect(page.locator(".banner").first).to_contain_text("Runs start by themselves")
    page.get_by_role("button", name=f"Go on with run {run.pk}").click()
    expect(page.locator(".banner").first).to_contain_text("goes on from its last checkpoint")
    run.refresh_from_db()
    assert run.state == TrainingRun.State.WAITING


def test_the_desk_shows_pictures_versions_disk_and_who_trains(
    scene: Scene, run: TrainingRun, people: People
) -> None:
    page = people.page("bob")
    page.goto(f"{DESK}?run={run.pk}")
    shot = page.locator(".samples img").first
    shot.scroll_into_view_if_needed()
    expect(shot).to_have_js_property("complete", True)
    assert shot.evaluate("(image) => image.naturalWidth") >= 192
    expect(page.locator("#comparison tbody tr")).to_have_count(2)
    expect(page.locator("#machines")).to_contain_text("NVIDIA H200")
    page.get_by_role("button", name="that nobody needs").click()
    expect(page.locator(".banner").first).to_contain_text("is being deleted")
    assert Job.objects.get(kind="clean_up").params["what"] == "delete"


def test_bob_reads_a_curve_at_the_step_under_the_pointer_and_stretches_it(
    scene: Scene, run: TrainingRun, people: People
) -> None:
    points = [
        {"step": 10 * n, "seconds": n, "cross_entropy": 1 / n, "dice": 0.5, "validation_dice": 0.9}
        for n in range(1, 11)
    ]
    TrainingRun.objects.filter(pk=run.pk).update(curves=points)
    page = people.page("bob")
    page.goto(f"{DESK}?run={run.pk}")
    losses = page.locator("figure", has_text="Losses of the segmenter")
    curves = losses.locator(".curves")
    expect(losses.locator(".chart-at")).to_have_text("at step 100")
    expect(losses.locator(".chart-keys .c0 b")).to_have_text(".100")
    over = curves.locator(".u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 2, middle)
    expect(losses.locator(".chart-at")).to_have_text("at step 10")
    expect(losses.locator(".chart-keys .c0 b")).to_have_text("1.000")
    # The other curves tell of the same step.
    others = page.locator("figure", has_text="Validation Dice")
    expect(others.locator(".chart-at")).to_have_text("at step 10")
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=4)
    page.mouse.up()
    page.mouse.move(box["x"] + box["width"] - 2, middle)
    expect(losses.locator(".chart-at")).not_to_have_text("at step 100")
    over.dblclick()
    page.mouse.move(box["x"] + box["width"] - 2, middle)
    expect(losses.locator(".chart-at")).to_have_text("at step 100")
    # In the table stand the same figures.
    page.get_by_text("As a table").click()
    expect(page.locator("#run-table tbody tr")).to_have_count(10)


def test_bob_reads_the_log_of_a_run_and_sees_new_lines_without_reloading(
    scene: Scene, run: TrainingRun, people: People
) -> None:
    assert run.job_id is not None
    add_lines(run.job_id, ["step 40, 12 s, 20 %: cross_entropy 0.3100"])
    page = people.page("bob")
    page.goto(f"{DESK}?run={run.pk}")
    page.get_by_role("link", name=f"Log of run {run.pk}").click()
    expect(page.locator("pre.log")).to_contain_text("cross_entropy 0.3100")
    assert axe(page) == []
    assert fits(page)
    page.evaluate("window.unreloaded = true")
    add_lines(run.job_id, ["step 80, 24 s, 40 %: cross_entropy 0.2200"])
    make.make_job(scene.study, state=JobState.DONE, finished=timezone.now())
    expect(page.locator("pre.log")).to_contain_text("cross_entropy 0.2200", timeout=20_000)
    assert page.evaluate("window.unreloaded") is True


def test_root_tries_a_failed_job_again_and_sees_a_new_one_without_reloading(
    scene: Scene, run: TrainingRun, people: People
) -> None:
    page = people.page("root")
    page.goto("/health/")
    page.get_by_role("button", name="Try again: Write TIFF of block 1").click()
    expect(page.locator("#failed")).to_contain_text("No job failed")
    page.evaluate("window.unreloaded = true")
    make.make_job(
        scene.study,
        title="Read kidney.tif",
        state=JobState.FAILED,
        finished=timezone.now(),
        error="The disk is full.",
    )
    expect(page.locator("#failed")).to_contain_text("The disk is full.", timeout=20_000)
    assert page.evaluate("window.unreloaded") is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1366, 2560])
def test_both_pages_have_no_fault_and_fit(
    scene: Scene, run: TrainingRun, people: People, scheme: str, width: int
) -> None:
    viewport = {"width": width, "height": 900}
    page = people.page("root", color_scheme=scheme, viewport=viewport)
    page.goto("/health/")
    assert axe(page) == []
    assert fits(page)
    page.goto(f"{DESK}?run={run.pk}")
    for closed in ("Settings of the next runs…", "Start by itself…", "All other settings"):
        page.get_by_text(closed).click()
    assert axe(page) == []
    assert fits(page)
