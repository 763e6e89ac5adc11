"""Skills, agreement and suspicious behaviour: for managers; one's own work: for oneself alone."""

import uuid
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from numpy.typing import NDArray

from lamella.accounts.models import User, Volunteer
from lamella.annotation.models import Ability, Correction, Participation
from lamella.consensus.models import Contested, Skill, SkillVersion
from lamella.jobs.models import Job
from models.crowd.skills import Tally, estimate
from tests import factories as make
from tests.platform.pages.conftest import World

As = Callable[[User | None], Client]


def url(world: World, name: str, *args: object) -> str:
    return reverse(f"pages:{name}", args=[world.study.slug, *args])


def able(volunteer: Volunteer, tally: Tally) -> None:
    found = estimate(tally)
    Ability.objects.create(
        volunteer=volunteer,
        hit=found.hit,
        false_alarm=found.false_alarm,
        spread=found.spread,
        edge=found.edge,
        tasks=found.weight,
        needed=tally.found + tally.missed,
        left=tally.missed,
        skill=found.hit - found.false_alarm,
    )


@pytest.fixture
def bot(world: World) -> Volunteer:
    """Somebody without a name who accepts what is wrong, and hardly looks."""
    volunteer = make.make_volunteer()
    Participation.objects.create(
        study=world.study,
        volunteer=volunteer,
        corrections=40,
        unedited=40,
        quick=38,
        last=timezone.now(),
    )
    able(volunteer, Tally(found=1, missed=19, spared=20, tasks=20))
    return volunteer


@pytest.fixture
def alice(world: World) -> Volunteer:
    volunteer = make.make_volunteer(world.alice)
    able(volunteer, Tally(found=30, missed=2, spared=20, invented=1, tasks=16))
    version = SkillVersion.objects.create(tasks=1)
    Skill.objects.create(version=version, volunteer=volunteer, tally={"found": 30, "tasks": 16})
    return volunteer


def test_dana_sees_skills_with_their_uncertainty_and_members_by_name(
    world: World, as_: As, alice: Volunteer, bot: Volunteer
) -> None:
    html = as_(world.dana).get(url(world, "skills")).content.decode()
    assert "alice" in html
    assert f"volunteer {str(bot.pk)[:8]}" in html
    ability = Ability.objects.get(volunteer=alice)
    assert f"{ability.skill:.2f}"[1:] in html
    assert "±" in html
    for order in ("skill", "unsure", "masks", "left", "nonsense"):
        assert as_(world.dana).get(url(world, "skills"), {"order": order}).status_code == 200


def test_what_is_odd_is_said_with_what_to_do_and_one_button_does_it(
    world: World, as_: As, bot: Volunteer
) -> None:
    dana = as_(world.dana)
    html = dana.get(url(world, "skills")).content.decode()
    assert "with hardly a look: 95\u202f% of the masks" in html
    assert "Quarantine takes their masks out of use" in html
    answer = dana.post(
        url(world, "hold_volunteer", bot.pk),
        {"kind": "quarantine", "reason": "Hardly looks.", "from": "list"},
        follow=True,
    )
    html = answer.content.decode()
    assert "their tasks are asked again" in html
    assert "in quarantine" in html
    assert "Hardly looks." in html
    assert "Worth a look" not in html
    answer = dana.post(url(world, "let_volunteer_go", bot.pk), {"from": "list"}, follow=True)
    assert "what they made counts" in answer.content.decode()
    assert "Worth a look" in dana.get(url(world, "skills")).content.decode()


def test_pausing_is_told_to_the_volunteer_in_kind_words(
    world: World, as_: As, alice: Volunteer
) -> None:
    as_(world.dana).post(
        url(world, "hold_volunteer", alice.pk), {"kind": "pause", "reason": "Take a break."}
    )
    html = as_(world.alice).get(url(world, "mine")).content.decode()
    assert "Take a break." in html
    assert "Nothing of yours is lost" in html


def test_one_volunteer_over_time_with_a_table_beside_the_chart(
    world: World, as_: As, alice: Volunteer
) -> None:
    html = as_(world.dana).get(url(world, "skill", alice.pk)).content.decode()
    assert 'class="c-band"' in html
    assert "As a table" in html
    assert "block 1, slice 7" in html
    assert as_(world.dana).get(url(world, "skill", uuid.uuid4())).status_code == 404


def test_agreement_shows_where_people_differ_and_on_what(world: World, as_: As) -> None:
    task = world.consensus[1].task
    second = make.make_correction(task, mask=make.disk(task, radius=5))
    agreed = world.consensus[1]
    agreed.corrections = [*agreed.corrections, str(second.pk)]
    agreed.save()
    Contested.objects.create(
        consensus=agreed,
        study=world.study,
        value=1,
        y=30,
        x=20,
        area=77,
        shown=False,
        drawn=1,
        views=2,
        false_positive=0.45,
        doubt=0.9,
    )
    html = as_(world.dana).get(url(world, "agreement")).content.decode()
    assert 'class="c-bar"' in html
    assert "60\u202f% alike, 2 people" in html
    assert "lipid droplet, 77 voxels at y 30, x 20" in html
    assert "1 of 2" in html


@pytest.mark.parametrize("page", ["skills", "agreement"])
def test_pages_of_people_are_for_managers_alone(world: World, as_: As, page: str) -> None:
    assert as_(world.alice).get(url(world, page)).status_code == 403
    assert as_(world.charlie).get(url(world, page)).status_code == 404
    assert as_(None).get(url(world, page)).status_code == 404


def test_no_skill_is_told_to_anybody_but_managers(
    world: World, as_: As, alice: Volunteer, bot: Volunteer
) -> None:
    """Whatever pages and API answer to a volunteer, a passer-by or the volunteer themselves."""
    world.study.public = world.study.anonymous = True
    world.study.save()
    paths = ["/", url(world, "study"), url(world, "mine"), "/profile/"]
    paths += [
        f"/api/v1/studies/{world.study.slug}",
        "/api/v1/studies",
        "/api/v1/account",
        f"/api/v1/studies/{world.study.slug}/cubes",
    ]
    secrets = [f"{Ability.objects.get(volunteer=v).skill:.3f}"[1:] for v in (alice, bot)]
    words = ["false_alarm", "hit", '"skill"', "quarantine", str(bot.pk)[:8], *secrets]
    for user in (world.alice, world.charlie, None):
        for path in paths:
            body = as_(user).get(path).content.decode()
            told = [word for word in words if word in body]
            assert told == [], f"{path} tells {user} {told}"
    for path in ("skills", f"skills/{alice.pk}", "contested"):
        answer = as_(world.alice).get(f"/api/v1/studies/{world.study.slug}/{path}")
        assert answer.status_code == 403


def test_alice_sees_her_own_work_in_kind_words(world: World, as_: As) -> None:
    html = as_(world.alice).get(url(world, "mine")).content.decode()
    assert "Thank you: you have looked at 2 slices here." in html
    assert "2 of them are agreed on by now" in html
    assert "block 1, slice 7" in html
    assert "how it goes" in as_(world.alice).get("/profile/").content.decode()


def test_alice_withdraws_one_slice_and_nobody_elses(world: World, as_: As) -> None:
    mine = Correction.objects.filter(volunteer__user=world.alice).order_by("task__z")
    first, second = mine
    html = as_(world.alice).get(url(world, "mine")).content.decode()
    assert "Withdraw it for good: block 1, slice 3" in html
    answer = as_(world.alice).post(url(world, "withdraw_mask", first.pk), follow=True)
    assert "others are asked" in answer.content.decode()
    assert [bool(one.withdrawn) for one in mine.all()] == [True, False]
    assert Job.objects.filter(kind="recount", scope=world.study.slug).exists()
    for other in (world.dana, world.bob):
        assert as_(other).post(url(world, "withdraw_mask", second.pk)).status_code == 404
    assert as_(world.dana).delete(f"/api/v1/corrections/{second.pk}").status_code == 404
    assert as_(world.alice).delete(f"/api/v1/corrections/{second.pk}").status_code == 204
    assert not mine.counting().exists()


def test_who_has_done_nothing_is_invited(world: World, as_: As) -> None:
    html = as_(world.dana).get(url(world, "mine")).content.decode()
    assert "Your first slice is waiting" in html


def test_the_api_holds_back_and_lets_go(world: World, as_: As, bot: Volunteer) -> None:
    client = as_(world.dana)
    base = f"/api/v1/studies/{world.study.slug}/skills"
    listed = client.get(base, {"order": "skill"}).json()
    assert listed["people"][0]["id"] == str(bot.pk)
    assert listed["people"][0]["suspicions"][0]["remedy"] == "quarantine"

    def post(kind: str) -> Any:
        return client.post(
            f"{base}/{bot.pk}/hold", {"kind": kind, "reason": "x"}, content_type="application/json"
        )

    assert post("quarantine").status_code == 201
    assert post("quarantine").status_code == 409
    assert client.get(f"{base}/{bot.pk}").json()["held"]["kind"] == "quarantine"
    assert client.delete(f"{base}/{bot.pk}/hold").status_code == 204
    assert client.delete(f"{base}/{bot.pk}/hold").status_code == 409
    assert post("pause").status_code == 201
    assert client.get(f"{base}/{bot.pk}").json()["held"]["kind"] == "pause"


def test_ten_thousand_volunteers_take_no_more_queries(
    world: World, as_: As, django_assert_max_num_queries: Any
) -> None:
    rows = [make.make_volunteer() for _ in range(120)]
    Participation.objects.bulk_create(
        Participation(study=world.study, volunteer=v, corrections=20, quick=19, last=timezone.now())
        for v in rows
    )
    client = as_(world.dana)
    client.get(url(world, "skills"))
    with django_assert_max_num_queries(15):
        html = client.get(url(world, "skills"), {"page": "2"}).content.decode()
    assert "page 2 of 3" in html


def test_a_picture_of_the_disagreement_is_drawn(settings: Any, db: None) -> None:
    dana = make.make_user("dana")
    study = make.make_study(dana=dana)
    voxels = np.random.default_rng(0).integers(0, 255, (2, 40, 60)).astype(np.uint8)
    task = make.make_task(make.make_cube(study, voxels=voxels), make.make_round(study, 1))
    votes = np.where(make.disk(task, radius=9) > 0, 0.5, 0.0)
    agreed = make.make_consensus(task, mask=make.disk(task, radius=9), votes=votes)
    client = Client()
    client.force_login(dana, backend="django.contrib.auth.backends.ModelBackend")

    def picture(asked: str) -> NDArray[np.uint8]:
        answer = client.get(f"/api/v1/consensus/{agreed.pk}/disagreement.png?{asked}")
        assert answer.headers["Content-Type"] == "image/png"
        return np.asarray(cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR))

    drawn = picture("max=120")
    assert drawn.shape == (80, 120, 3)
    red = drawn[..., 2].astype(int) - drawn[..., 0]
    assert red[40, 60] > 100, "half of the people differ in the middle"
    assert abs(red[4, 4]) < 5, "nobody differs at the corner"
    assert picture("max=128&y=0&x=59").shape == (128, 128, 3)
