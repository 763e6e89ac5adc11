"""Files from a browser: in pieces, resumed, bounded, and gone again."""

import os
from collections import namedtuple
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from lamella.cubes import uploads
from lamella.cubes.models import Upload, VolumeState
from lamella.studies.models import Study
from tests.factories import make_cube, make_study, make_user

pytestmark = pytest.mark.django_db

DATA = bytes(range(256)) * 5


@pytest.fixture
def study() -> Study:
    return make_study(alice=make_user("alice"), dana=make_user("dana"))


@pytest.fixture
def dana(client: Client, study: Study, settings: Settings, tmp_path: Path) -> Client:
    settings.UPLOAD_DIR = tmp_path / "uploads"
    client.force_login(study.memberships.get(role="manager").user)
    return client


def announce(client: Client, study: Study, name: str = "stack.tif", size: int = len(DATA)) -> Any:
    return client.post(
        f"/api/v1/studies/{study.slug}/uploads",
        {"filename": name, "size": size},
        content_type="application/json",
    )


def send(client: Client, key: str, offset: int, piece: bytes) -> Any:
    return client.patch(
        f"/api/v1/uploads/{key}",
        piece,
        content_type="application/octet-stream",
        headers={"Upload-Offset": str(offset)},
    )


def test_a_file_arrives_in_pieces_and_says_where_to_go_on(dana: Client, study: Study) -> None:
    answer = announce(dana, study)
    assert answer.status_code == 201
    key = answer.json()["id"]
    assert send(dana, key, 0, DATA[:1000]).json() == {
        "received": 1000,
        "complete": False,
        "detail": "",
    }
    # A break: the browser does not know whether its piece arrived.
    assert dana.get(f"/api/v1/uploads/{key}").json()["received"] == 1000
    again = send(dana, key, 0, DATA[:1000])
    assert (again.status_code, again.json()["received"]) == (409, 1000)
    ahead = send(dana, key, 1100, DATA[1100:])
    assert (ahead.status_code, ahead.json()["received"]) == (409, 1000)
    assert send(dana, key, 1000, DATA[1000:]).json()["complete"]
    assert uploads.path_of(Upload.objects.get()).read_bytes() == DATA


def test_bytes_of_a_piece_that_was_cut_off_are_overwritten(dana: Client, study: Study) -> None:
    key = announce(dana, study).json()["id"]
    send(dana, key, 0, DATA[:100])
    with uploads.path_of(Upload.objects.get()).open("ab") as file:
        file.write(b"torn" * 100)
    send(dana, key, 100, DATA[100:])
    assert uploads.path_of(Upload.objects.get()).read_bytes()[: len(DATA)] == DATA


def test_more_than_was_announced_is_refused(dana: Client, study: Study) -> None:
    key = announce(dana, study, size=10).json()["id"]
    answer = send(dana, key, 0, DATA)
    assert answer.status_code == 422
    assert "announced with 10 bytes" in answer.json()["detail"]
    assert not Upload.objects.get().received


def test_files_that_are_empty_too_large_or_have_no_room_are_refused_in_one_sentence(
    dana: Client, study: Study, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert announce(dana, study, size=0).status_code == 422
    settings.MAX_UPLOAD_BYTES = 1000
    large = announce(dana, study, size=1001)
    assert large.status_code == 413
    assert "stack.tif has 1001 bytes" in large.json()["detail"]
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(2**40, 0, 2**30 + 700))
    assert announce(dana, study, size=600).status_code == 201
    # The first one's bytes are promised, though none of them has come.
    full = announce(dana, study, size=600)
    assert full.status_code == 507
    assert "no room" in full.json()["detail"]


def test_a_piece_is_bounded_and_names_its_place(
    dana: Client, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = announce(dana, study).json()["id"]
    assert send(dana, key, "x", DATA).status_code == 422  # type: ignore[arg-type]
    monkeypatch.setattr(uploads, "PIECE", 100)
    assert send(dana, key, 0, DATA[:101]).status_code == 413


def test_only_the_manager_who_sends_a_file_reaches_it(dana: Client, study: Study) -> None:
    key = announce(dana, study).json()["id"]
    for name, role in (("alice", "volunteer"), ("erin", "manager")):
        client = Client()
        user = study.memberships.filter(role=role, user__username=name).first()
        client.force_login(user.user if user else make_user(name))
        assert client.get(f"/api/v1/uploads/{key}").status_code == 404
        assert send(client, key, 0, DATA).status_code == 404
        assert announce(client, study).status_code == (403 if user else 404)
    study.memberships.filter(role="manager").delete()
    assert send(dana, key, 0, DATA).status_code == 404


def test_an_upload_can_be_given_up_unless_it_is_being_read(dana: Client, study: Study) -> None:
    key = announce(dana, study).json()["id"]
    cube = make_cube(study, state=VolumeState.INGESTING, source={"upload": key})
    assert dana.delete(f"/api/v1/uploads/{key}").status_code == 409
    type(cube).objects.update(state=VolumeState.READY)
    place = uploads.path_of(Upload.objects.get())
    assert dana.delete(f"/api/v1/uploads/{key}").status_code == 204
    assert not place.parent.exists()


def test_files_that_nobody_goes_on_with_are_removed_but_not_from_under_a_job(
    dana: Client, study: Study
) -> None:
    keys = [announce(dana, study).json()["id"] for _ in range(3)]
    make_cube(study, state=VolumeState.WAITING, source={"upload": keys[0]})
    Upload.objects.filter(pk__in=keys[:2]).update(touched=timezone.now() - timedelta(days=10))
    assert uploads.clean_stale() == 1
    assert {str(u.pk) for u in Upload.objects.all()} == {keys[0], keys[2]}
    gone = send(dana, keys[1], 0, DATA)
    assert gone.status_code == 404


def test_files_of_a_study_that_was_deleted_go_once_they_are_old(
    dana: Client, study: Study, settings: Settings
) -> None:
    root = Path(settings.UPLOAD_DIR)
    lost, new, live = (root / announce(dana, study).json()["id"] for _ in range(3))
    Upload.objects.exclude(pk=live.name).delete()  # as the deletion of a study does
    (root / "kept-by-hand").mkdir()
    long_ago = (timezone.now() - settings.UPLOAD_KEPT - timedelta(hours=1)).timestamp()
    for folder in (lost, live, root / "kept-by-hand"):
        os.utime(folder, (long_ago, long_ago))
    assert uploads.clean_stale() == 1
    assert sorted(root.iterdir()) == sorted([new, live, root / "kept-by-hand"])
    assert uploads.clean_stale() == 0


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\stack.tif", "stack.tif"),
        (".hidden.nii.gz", "hidden.nii.gz"),
        ("Leber №3 (roh).tif", "Leber No3 (roh).tif"),
        ("a/b\x00c.tif", "b_c.tif"),
    ],
)
def test_names_are_made_safe_and_keep_their_endings(given_name: str, kept: str) -> None:
    assert uploads.safe_name(given_name) == kept


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_name_becomes_one_step_of_a_path(name: str) -> None:
    safe = uploads.safe_name(name)
    assert safe
    assert len(safe.encode()) <= 4 * uploads._LONGEST_NAME
    assert Path(safe).name == safe
    assert not safe.startswith(".")
    assert safe.isprintable()
