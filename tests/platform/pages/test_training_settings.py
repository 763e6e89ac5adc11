"""Bob sets what runs are trained with and when they start; stopped runs go on."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from lamella.accounts.models import User
from lamella.jobs.models import Job, JobState
from lamella.languages.sentences import said
from lamella.learning.models import TrainingRun
from lamella.pages.config_words import CHOICES as WORDS
from lamella.pages.config_words import LABELS
from lamella.studies.config_fields import settings_of
from lamella.studies.policy import config_of
from models.config import ScheduleConfig, TrainConfig
from models.limits import BOUNDS, CHOICES, faults
from models.networks.losses import ADVERSARIAL_LOSSES
from tests import factories as make
from tests.platform.pages.conftest import World

pytestmark = pytest.mark.django_db

As = Callable[[User], Client]


def sent(**changes: object) -> dict[str, object]:
    """The form as the browser sends it: every setting, switches only where they are on."""
    values = {s.name: s.default for s in settings_of(TrainConfig)} | changes
    return {name: value for name, value in values.items() if value not in (None, False)}


def test_every_bound_and_choice_names_a_setting_and_fits_its_default() -> None:
    for kind in (TrainConfig, ScheduleConfig):
        names = {setting.name for setting in settings_of(kind)}
        assert BOUNDS.get(kind, {}).keys() | CHOICES.get(kind, {}).keys() <= names
        assert faults(kind()) == {}
    assert set(CHOICES[TrainConfig]["adversarial_loss"]) == set(ADVERSARIAL_LOSSES)


def test_the_form_has_every_setting_with_its_words_and_default(world: World, as_: As) -> None:
    html = as_(world.bob).get(reverse("pages:training", args=[world.study.slug])).content.decode()
    for setting in settings_of(TrainConfig):
        assert f'name="{setting.name}"' in html
    assert "all but its head" in html
    assert "Share of crops that are placed on foreground" in html
    assert "Usually 0.01." in html


@pytest.mark.parametrize("kind", [TrainConfig, ScheduleConfig])
@pytest.mark.parametrize("language", ["en", "de"])
def test_no_setting_is_called_by_its_name_in_the_code(kind: type, language: str) -> None:
    with translation.override(language):
        for setting in settings_of(kind):
            label = str(LABELS[setting.name])
            assert label[0].isupper()
            assert "_" not in label
            assert setting.told, f"{setting.name} does not say what it does"
            if language == "de":
                assert said(setting.told) != setting.told
        for choices in CHOICES[TrainConfig].items():
            assert set(WORDS[choices[0]]) == set(choices[1])


def test_what_differs_from_the_default_is_kept_and_nothing_else(world: World, as_: As) -> None:
    world.study.settings = {"aggregator": "majority", "train": {"windows": 4}}
    world.study.save()
    url = reverse("pages:configure", args=[world.study.slug])
    answer = as_(world.bob).post(url, sent(max_seconds=600, soft_targets=True))
    assert answer.status_code == 302
    world.study.refresh_from_db()
    assert world.study.settings == {
        "aggregator": "majority",
        "train": {"max_seconds": 600.0, "soft_targets": True},
    }
    assert config_of(world.study, TrainConfig, "train").max_seconds == 600


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"crop": 4}, "16"),
        ({"learning_rate": "fast"}, "number"),
        ({"adversarial_loss": "magic"}, "Select a valid choice"),
        ({"max_seconds": "", "max_steps": ""}, "A run needs a budget"),
        ({"zoom": 2}, "0.9"),
    ],
)
def test_a_wrong_value_is_told_beside_it_and_nothing_is_kept(
    world: World, as_: As, changes: dict[str, object], told: str
) -> None:
    url = reverse("pages:configure", args=[world.study.slug])
    answer = as_(world.bob).post(url, {**sent(), **changes})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    world.study.refresh_from_db()
    assert "train" not in world.study.settings


def test_rules_are_set_and_taken_back(world: World, as_: As) -> None:
    url = reverse("pages:schedule", args=[world.study.slug])
    as_(world.bob).post(url, {"new_tasks": 40, "at_hour": 3})
    world.study.refresh_from_db()
    assert world.study.settings["schedule"] == {"new_tasks": 40, "at_hour": 3}
    as_(world.bob).post(url, {"new_tasks": "", "at_hour": ""})
    world.study.refresh_from_db()
    assert "schedule" not in world.study.settings


@pytest.mark.parametrize("ended", ["cancelled", "failed"])
def test_a_stopped_run_goes_on(world: World, as_: As, ended: str) -> None:
    assert world.run.job is not None
    Job.objects.filter(pk=world.run.job.pk).update(state=JobState.DONE)
    job = make.make_job(world.study, state=ended, error="It stopped.")
    run = make.make_run(world.study, state=ended, job=job, error="It stopped.")
    page = as_(world.bob)
    html = page.get(reverse("pages:training", args=[world.study.slug])).content.decode()
    assert f'aria-label="Go on with run {run.pk}"' in html
    page.post(reverse("pages:resume_run", args=[world.study.slug, run.pk]))
    run.refresh_from_db()
    job.refresh_from_db()
    assert (run.state, run.error, run.finished) == ("waiting", "", None)
    assert job.state == JobState.QUEUED


def test_a_run_that_ended_well_does_not_go_on(world: World, as_: As) -> None:
    Job.objects.update(state=JobState.DONE)
    run = make.make_run(world.study, job=make.make_job(world.study, state=JobState.DONE))
    url = reverse("pages:resume_run", args=[world.study.slug, run.pk])
    answer = as_(world.bob).post(url, follow=True)
    assert "nothing to go on with" in answer.content.decode()
    run.refresh_from_db()
    assert run.state == TrainingRun.State.DONE


def test_no_run_goes_on_beside_another(world: World, as_: As) -> None:
    live = make.make_run(world.study, state="running", job=make.make_job(world.study))
    stopped = make.make_run(
        world.study, state="cancelled", job=make.make_job(world.study, state="cancelled")
    )
    url = reverse("pages:resume_run", args=[world.study.slug, stopped.pk])
    assert (
        f"Training run {live.pk} is under way"
        in as_(world.bob).post(url, follow=True).content.decode()
    )
