"""What people agreed to stays on record, version by version."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from lamella.studies.models import Study
from lamella.studies.services import change_settings, create_study
from tests.factories import make_study, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study("Liver", bob=make_user("bob"), consent_text="We keep your marks.")


def texts(study: Study) -> dict[str, str]:
    return dict(study.consent_texts.values_list("version", "text"))


def test_a_new_text_gets_the_next_version_and_the_old_one_is_kept(study: Study) -> None:
    change_settings(study, {"consent_text": "We keep your marks for ten years."})
    change_settings(study, {"consent_text": "We keep nothing."})
    study.refresh_from_db()
    assert study.consent_version == "3"
    assert texts(study) == {
        "1": "We keep your marks.",
        "2": "We keep your marks for ten years.",
        "3": "We keep nothing.",
    }


def test_the_same_text_keeps_its_version(study: Study) -> None:
    change_settings(study, {"consent_text": " We keep your marks. ", "title": "Liver 4"})
    study.refresh_from_db()
    assert study.consent_version == "1"
    assert list(texts(study)) == ["1"]


def test_a_version_can_be_named_but_never_says_two_things(study: Study) -> None:
    change_settings(study, {"consent_text": "We keep nothing.", "consent_version": "May 2027"})
    study.refresh_from_db()
    assert study.consent_version == "May 2027"
    with pytest.raises(ValidationError, match="Version 1 of the consent text said something else"):
        change_settings(study, {"consent_text": "We keep all.", "consent_version": "1"})
    change_settings(study, {"consent_text": "We keep all."})
    assert study.consent_version == "May 2027.2"
    assert texts(study)["May 2027"] == "We keep nothing."


def test_going_back_to_an_old_text_by_its_version_is_fine(study: Study) -> None:
    change_settings(study, {"consent_text": "We keep nothing."})
    change_settings(study, {"consent_text": "We keep your marks.", "consent_version": "1"})
    study.refresh_from_db()
    assert study.consent_version == "1"


def test_a_study_remembers_its_first_text() -> None:
    study = create_study(title="Kidney", question="Where?", by=None, consent_text="Be kind.")
    assert texts(study) == {"1": "Be kind."}


def test_bob_reads_on_the_settings_page_what_people_agreed_to(study: Study, client: Client) -> None:
    change_settings(study, {"consent_text": "We keep nothing."})
    client.force_login(study.memberships.get().user)
    page = client.get(f"/studies/{study.slug}/settings/").content.decode()
    assert "Version 1" in page
    assert "We keep your marks." in page
    kept = client.get(f"/api/v1/studies/{study.slug}/settings").json()["consent_texts"]
    assert [(one["version"], one["text"]) for one in kept] == [
        ("2", "We keep nothing."),
        ("1", "We keep your marks."),
    ]


def test_the_settings_page_says_in_the_readers_language_why_a_version_is_refused(
    study: Study, client: Client
) -> None:
    change_settings(study, {"consent_text": "We keep nothing."})
    client.force_login(study.memberships.get().user)
    address = f"/studies/{study.slug}/settings/"
    form = client.get(address).context["form"]
    fields = {name: form[name].value() for name in form.fields}
    sent = {**fields, "consent_text": "We keep all.", "consent_version": "1"}
    answer = client.post(address, sent, headers={"accept-language": "de"})
    assert "Fassung 1 des Einwilligungstexts hat etwas anderes gesagt" in answer.content.decode()
