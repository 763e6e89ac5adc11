"""Making and changing a study over HTTP."""

from typing import Any

import pytest
from django.forms import model_to_dict
from django.test import Client
from django.urls import reverse

from lamella.accounts.models import User
from lamella.studies.models import Role, Study, StudyState
from lamella.studies.plan import DEFAULT_GUIDE
from tests.factories import make_study, make_user

pytestmark = pytest.mark.django_db

QUESTION = "Where are the nuclei?"


def ask(user: User | None, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    kind = "application/json"
    if method == "POST":
        answer = client.post(f"/api/v1/{path}", body or {}, content_type=kind)
    elif method == "PATCH":
        answer = client.patch(f"/api/v1/{path}", body or {}, content_type=kind)
    else:
        answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.content
    return answer.json()


def by_form(user: User, **changes: str) -> Study:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("pages:new_study"))
    form, classes = page.context["form"], page.context["classes"]
    sent = {name: str(field.initial or "") for name, field in form.fields.items()}
    for bound in (classes.management_form, *classes):
        sent.update({part.html_name: str(part.value() or "") for part in bound})
    answer = client.post(reverse("pages:new_study"), {**sent, **changes})
    assert answer.status_code == 302, answer.content.decode()
    return Study.objects.latest("pk")


def contents(study: Study) -> dict[str, Any]:
    fields = model_to_dict(study, exclude=["id", "slug"])
    fields["guide"] = fields["guide"].replace("\r\n", "\n").strip()
    return {
        **fields,
        "classes": list(study.classes.values_list("value", "name", "color")),
        "members": list(study.memberships.values_list("user__username", "role")),
    }


def test_a_study_made_over_the_api_is_the_one_that_the_form_makes() -> None:
    charlie = make_user("charlie")
    drawn = by_form(charlie, title="Liver 4", question=QUESTION)
    made = ask(charlie, "POST", "studies", {"title": "Liver 4", "question": QUESTION}, 201)
    study = Study.objects.get(slug=made["slug"])
    assert (drawn.slug, study.slug) == ("liver-4", "liver-4-2")
    assert contents(study) == contents(drawn)
    assert contents(study)["guide"] == DEFAULT_GUIDE.strip()


def test_a_study_of_objects_with_several_choices_is_the_same_too() -> None:
    charlie = make_user("charlie")
    drawn = by_form(
        charlie,
        title="Liver 4",
        question=QUESTION,
        visibility="accounts",
        redundancy="2",
        target_dice="0.9",
        objects="uint16",
        **{"classes-0-name": "nucleus", "classes-1-name": "vessel"},
    )
    made = ask(
        charlie,
        "POST",
        "studies",
        {
            "title": "Liver 4",
            "question": QUESTION,
            "visibility": "accounts",
            "redundancy": 2,
            "target_dice": 0.9,
            "label_dtype": "uint16",
            "classes": [{"name": "nucleus"}, {"name": "vessel"}],
        },
        201,
    )
    assert made["instances"]
    assert made["role"] == "admin"
    assert contents(Study.objects.get(slug=made["slug"])) == contents(drawn)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"classes": []}, "classes"),
        ({"classes": [{"name": "a"}, {"name": "A "}]}, "Two classes have the same name"),
        ({"classes": [{"name": "a", "color": "red"}]}, "Give the colour as #RRGGBB."),
        ({"title": "  "}, "title: This field cannot be blank."),
        ({"redundancy": 0}, "redundancy: Input should be greater than or equal to 1."),
        ({"visibility": "all"}, "visibility"),
    ],
)
def test_a_study_that_cannot_be_is_refused_with_one_sentence(
    changes: dict[str, Any], sentence: str
) -> None:
    body = {"title": "Liver 4", "question": QUESTION, **changes}
    detail = ask(make_user("charlie"), "POST", "studies", body, 422)["detail"]
    assert sentence in detail
    assert not Study.objects.exists()


def test_a_study_needs_an_account_to_make_it() -> None:
    detail = ask(None, "POST", "studies", {"title": "x", "question": "y"}, 401)["detail"]
    assert "sign in" in detail


def test_managers_open_and_pause_and_volunteers_do_not() -> None:
    alice, dana = make_user("alice"), make_user("dana")
    study = make_study(alice=alice, dana=dana, state=StudyState.DRAFT)
    address = f"studies/{study.slug}/state"
    ask(alice, "POST", address, {"state": "open"}, 403)
    assert ask(dana, "POST", address, {"state": "open"})["state"] == "open"
    ask(dana, "POST", address, {"state": "closed"}, 422)
    assert ask(alice, "GET", f"studies/{study.slug}")["state"] == "open"


def test_settings_change_what_is_given_and_leave_the_rest() -> None:
    bob = make_user("bob")
    study = make_study(bob=bob)
    address = f"studies/{study.slug}/settings"
    before = ask(bob, "GET", address)
    after = ask(bob, "PATCH", address, {"visibility": "everybody", "round_share": 0.1})
    assert after == {**before, "visibility": "everybody", "round_share": 0.1}
    study.refresh_from_db()
    assert (study.public, study.anonymous, study.round_share) == (True, True, 0.1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"strategy": "oracle"}, "There is no strategy “oracle”; choose one of"),
        ({"lease_minutes": 0}, "lease_minutes: Ensure this value is greater than or equal to 1."),
        ({"redundancy": 21}, "redundancy: Input should be less than or equal to 20."),
        ({"consent_text": " "}, "consent_text: This field cannot be blank."),
    ],
)
def test_settings_that_cannot_be_change_nothing(change: dict[str, Any], sentence: str) -> None:
    bob = make_user("bob")
    study = make_study(bob=bob)
    address = f"studies/{study.slug}/settings"
    before = ask(bob, "GET", address)
    assert sentence in ask(bob, "PATCH", address, change, 422)["detail"]
    assert ask(bob, "GET", address) == before


def test_settings_are_for_admins_of_the_study() -> None:
    dana = make_user("dana")
    study = make_study(dana=dana)
    ask(dana, "PATCH", f"studies/{study.slug}/settings", {"redundancy": 1}, 403)
    study.memberships.update(role=Role.ADMIN)
    ask(dana, "PATCH", f"studies/{study.slug}/settings", {"redundancy": 1})
