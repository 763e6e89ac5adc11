"""Bob starts training elsewhere than usual, on a laptop and on a phone, by day and by night."""

import pytest
from playwright.sync_api import Page, expect

from lamella.learning.models import ModelVersion, TrainingRun
from tests import factories as make
from tests.e2e.conftest import People, axe
from tests.scene import Scene

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def kidney(scene: Scene) -> ModelVersion:
    """The third version of another study of Bob's; Liver 3 has a pretrained one besides."""
    title = "Kidney, mouse, with a title that needs its room"
    study = make.make_study(title, bob=scene.bob, slug="kidney")
    make.make_version(
        scene.study,
        3,
        kind=ModelVersion.Kind.PRETRAINED,
        state=ModelVersion.State.ORIGIN,
        checkpoint="models/1/run-9.safetensors",
        training_run=make.make_run(
            scene.study,
            kind=TrainingRun.Kind.PRETRAIN,
            curves=[{"step": s, "seconds": s, "cross_entropy": 1 / s} for s in (1, 2, 3)],
        ),
    )
    return make.make_version(study, 3, checkpoint="models/2/run-3.safetensors")


def opened(page: Page) -> Page:
    page.goto("/studies/liver-3/training/")
    page.get_by_text("Start differently…").click()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_open_form_has_no_fault_and_fits_a_phone(
    scene: Scene, kidney: ModelVersion, people: People, scheme: str
) -> None:
    page = opened(people.page("bob", color_scheme=scheme, viewport={"width": 360, "height": 740}))
    expect(page.get_by_label("Start from")).to_be_visible()
    assert axe(page) == []
    root = "document.documentElement"
    assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")


def test_bob_starts_from_another_studys_version_and_the_row_says_so(
    scene: Scene, kidney: ModelVersion, people: People
) -> None:
    page = opened(people.page("bob"))
    page.get_by_label("Start from").select_option(str(kidney.pk))
    page.get_by_label("Take", exact=True).select_option("encoder")
    page.get_by_label("Train", exact=True).select_option("decoder")
    page.get_by_role("button", name="Start from there").click()
    run = TrainingRun.objects.order_by("-pk").first()
    assert run is not None
    assert run.origin == kidney
    row = page.locator("#runs tr", has_text=f"Run {run.pk}")
    expect(row).to_contain_text("from version 3 of Kidney")
    opened(page).get_by_role("button", name="Pretrain without labels").click()
    expect(page.locator(".banner").first).to_contain_text("under way already")
