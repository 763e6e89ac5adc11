"""Each role's main work, as a person would do it."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from playwright.sync_api import Route, expect

from lamella.accounts.models import User
from lamella.annotation.models import Correction
from lamella.cubes.models import Cube
from lamella.jobs.models import Job, JobState
from lamella.learning.models import TrainingRun
from lamella.studies.models import Study, StudyState
from tests.e2e.conftest import People
from tests.factories import PASSWORD
from tests.processes import wait_until
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_alice_corrects_a_slice_and_gets_the_next(scene: Scene, people: People) -> None:
    before = Correction.objects.count()
    page = people.page("alice")
    page.goto("/studies/liver-3/")
    page.get_by_role("link", name="Correct a slice").click()
    page.get_by_role("button", name="I agree, start").click()
    canvas = page.get_by_role("application")
    expect(page.locator(".pane")).to_have_attribute("data-complete", "true")
    box = canvas.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 70, y + 20, steps=5)
    page.mouse.up()
    page.keyboard.press("Control+Enter")
    wait_until(lambda: Correction.objects.count() > before, seconds=15, what="her correction")
    expect(page.locator(".app")).to_have_attribute("data-phase", "work")
    made = Correction.objects.order_by("created").last()
    assert Correction.objects.count() == before + 1
    assert made is not None
    assert made.volunteer.user == scene.alice
    assert made.changed_voxels > 0


def test_somebody_without_an_account_tries_a_slice_from_the_first_page_and_signs_up_later(
    scene: Scene, people: People
) -> None:
    before = Correction.objects.count()
    page = people.page()
    page.goto("/")
    page.get_by_role("link", name="Try a slice").click()
    page.get_by_role("button", name="I agree, start").click()
    expect(page.get_by_role("application")).to_be_visible()
    page.get_by_role("button", name="Already right").click()
    wait_until(
        lambda: Correction.objects.count() > before,
        seconds=15,
        what="the correction of somebody without an account",
    )
    assert Correction.objects.count() == before + 1
    page.goto("/accounts/signup/")
    page.fill("#id_username", "eve")
    page.fill("#id_password1", PASSWORD)
    page.fill("#id_password2", PASSWORD)
    page.click("main button.primary")
    page.goto("/profile/")
    expect(page.get_by_role("cell", name="Liver 3")).to_be_visible()
    assert Correction.objects.filter(volunteer__user__username="eve").count() == 1


def test_bob_starts_a_training_run_and_cancels_it(scene: Scene, people: People) -> None:
    page = people.page("bob")
    page.goto("/studies/liver-3/training/")
    page.get_by_role("button", name="Start a training run").click()
    run = TrainingRun.objects.order_by("-pk").first()
    assert run is not None
    assert run.job_id is not None
    row = page.locator("#runs tr", has_text=f"Run {run.pk}")
    expect(row).to_contain_text("waiting")
    # A worker takes it: the page shows it without being reloaded.
    Job.objects.filter(pk=run.job_id).update(state=JobState.RUNNING, progress=0.4)
    TrainingRun.objects.filter(pk=run.pk).update(
        state=TrainingRun.State.RUNNING, curves=[{"step": 10, "cross_entropy": 0.5}]
    )
    expect(row).to_contain_text("running", timeout=15_000)
    page.get_by_role("button", name=f"Cancel run {run.pk}").click()
    expect(page.get_by_role("status").first).to_contain_text("told to stop")
    assert Job.objects.get(pk=run.job_id).cancel_requested


def test_bob_sees_what_a_rollback_marks_before_it_happens(scene: Scene, people: People) -> None:
    page = people.page("bob")
    page.goto("/studies/liver-3/training/")
    page.get_by_role("link", name="Roll back to version 1").click()
    expect(page.get_by_role("heading", name="Roll back to version 1?")).to_be_visible()
    page.get_by_role("button", name="Roll back and mark").click()
    expect(page.get_by_role("status").first).to_contain_text("marked for review")
    page.goto("/studies/liver-3/")
    expect(page.get_by_role("link", name="after a rollback")).to_be_visible()


def test_charlie_founds_a_study_from_the_browser_alone(
    scene: Scene, people: People, tmp_path: Path
) -> None:
    source = tmp_path / "stack.tif"
    voxels = np.random.default_rng(0).integers(0, 255, (6, 40, 50)).astype(np.uint8)
    tifffile.imwrite(source, voxels, imagej=True, metadata={"axes": "ZYX"})
    page = people.page("charlie")
    page.goto("/")
    page.get_by_role("link", name="New study").first.click()
    page.get_by_label("Title").fill("Kidney")
    page.get_by_label("The question in one sentence").fill("Where are the tubules?")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Name of class 1").fill("tubule")
    for _ in range(4):
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create the study").click()
    page.wait_for_url("**/cubes/add/")

    # The first piece is lost on the way; sending goes on by itself.
    lost: list[str] = []

    def lose_once(route: Route) -> None:
        if route.request.method == "PATCH" and not lost:
            lost.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/uploads/**", lose_once)
    page.set_input_files("input[type=file]", source)
    expect(page.get_by_role("heading", name="Is this what you mean?")).to_be_visible()
    assert lost
    people.faults.clear()
    expect(page.get_by_text("6 × 40 × 50")).to_be_visible()
    page.get_by_role("button", name="Read it in").click()
    page.wait_for_url("**/cubes/*/")
    expect(page.get_by_text("The cube is being read")).to_be_visible()
    cube = Cube.objects.get(study__slug="kidney")
    assert cube.name == "stack"
    assert Job.objects.filter(kind="ingest_cube", scope="kidney").exists()

    page.goto("/studies/kidney/")
    page.get_by_role("button", name="Open the study").click()
    expect(page.get_by_role("status").first).to_contain_text("The study is open")
    assert Study.objects.get(slug="kidney").state == StudyState.OPEN
    assert User.objects.get(username="charlie").memberships.get().role == "admin"
