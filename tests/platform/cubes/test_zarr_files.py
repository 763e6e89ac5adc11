"""The zarr files of a cube over HTTP."""

from pathlib import Path

import numpy as np
import pytest
from django.test import Client, RequestFactory

from lamella.cubes.files import file_response, inside
from lamella.cubes.models import Cube, LabelsRole
from lamella.cubes.store import cube_location
from lamella.studies.access import NotVisibleError
from lamella.volumes.storage import Location
from tests.factories import make_cube, make_labels, make_study, make_user, write_voxels

pytestmark = pytest.mark.django_db

VOXELS = np.random.default_rng(1).integers(0, 255, (4, 70, 60), dtype=np.uint8)


@pytest.fixture
def cube() -> Cube:
    study = make_study(alice=make_user("alice"), dana=make_user("dana"))
    return make_cube(study, "liver", voxels=VOXELS)


@pytest.fixture
def alice(client: Client, cube: Cube) -> Client:
    client.force_login(cube.study.memberships.get(role="volunteer").user)
    return client


def body(response: object) -> bytes:
    streamed = getattr(response, "streaming_content", None)
    return b"".join(streamed) if streamed is not None else response.content  # type: ignore[attr-defined]


def shard(cube: Cube) -> tuple[str, bytes]:
    """The address of a shard, and its bytes."""
    root = Path(cube_location(cube).url)
    file = next(p for p in sorted((root / "0" / "c").rglob("*")) if p.is_file())
    return f"/api/v1/cubes/{cube.pk}/zarr/{file.relative_to(root)}", file.read_bytes()


def test_a_whole_file_and_its_metadata_are_served(alice: Client, cube: Cube) -> None:
    metadata = alice.get(f"/api/v1/cubes/{cube.pk}/zarr/zarr.json")
    assert metadata["Content-Type"] == "application/json"
    assert "ome" in metadata.json()["attributes"]
    url, data = shard(cube)
    answer = alice.get(url)
    assert (answer.status_code, body(answer)) == (200, data)
    assert answer["Accept-Ranges"] == "bytes"
    assert answer["Cache-Control"].startswith("private")


@pytest.mark.parametrize(
    ("wanted", "cut"),
    [
        ("bytes=0-9", slice(0, 10)),
        ("bytes=5-", slice(5, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=3-99999999", slice(3, None)),
    ],
)
def test_a_range_of_bytes_is_served(alice: Client, cube: Cube, wanted: str, cut: slice) -> None:
    url, data = shard(cube)
    answer = alice.get(url, headers={"Range": wanted})
    start, stop, _ = cut.indices(len(data))
    assert (answer.status_code, body(answer)) == (206, data[cut])
    assert answer["Content-Range"] == f"bytes {start}-{stop - 1}/{len(data)}"
    assert answer["Content-Length"] == str(stop - start)


def test_a_range_beyond_the_end_is_refused_and_an_odd_one_means_everything(
    alice: Client, cube: Cube
) -> None:
    url, data = shard(cube)
    beyond = alice.get(url, headers={"Range": f"bytes={len(data)}-"})
    assert (beyond.status_code, beyond["Content-Range"]) == (416, f"bytes */{len(data)}")
    for odd in ("bytes=1-2,5-6", "lines=1-2", "bytes=-", "bytes=9-3"):
        assert alice.get(url, headers={"Range": odd}).status_code == 200
    changed = alice.get(url, headers={"Range": "bytes=0-3", "If-Range": '"older"'})
    assert (changed.status_code, len(body(changed))) == (200, len(data))


def test_a_head_request_tells_the_size_and_sends_nothing(alice: Client, cube: Cube) -> None:
    url, data = shard(cube)
    answer = alice.head(url)
    assert (answer.status_code, body(answer)) == (200, b"")
    assert answer["Content-Length"] == str(len(data))
    known = alice.get(url, headers={"If-None-Match": answer["ETag"]})
    assert known.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "../../../secret-key",
        "0/../../../../secret-key",
        "%2e%2e/%2e%2e/%2e%2e/secret-key",
        "..%2f..%2f..%2fsecret-key",
        "/etc/passwd",
        "0//zarr.json",
        "0",
        "nothing.json",
        ".lamella/0.json",
        "0/c/0\\..\\0",
        "zarr.json/",
        "zarr.json%00",
    ],
)
def test_nothing_beside_the_files_of_the_hierarchy_is_served(
    alice: Client, cube: Cube, path: str
) -> None:
    assert alice.get(f"/api/v1/cubes/{cube.pk}/zarr/{path}").status_code == 404


def test_a_link_that_leads_out_of_a_registered_store_is_not_followed(
    alice: Client, cube: Cube, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret")
    link = Path(cube_location(cube).url) / "leak"
    link.symlink_to(tmp_path)
    assert alice.get(f"/api/v1/cubes/{cube.pk}/zarr/leak/secret").status_code == 404
    link.unlink()


def test_outsiders_read_no_file_and_in_a_public_study_only_members_do(
    client: Client, cube: Cube
) -> None:
    url, _ = shard(cube)
    assert client.get(url).status_code == 404
    client.force_login(make_user("charlie"))
    assert client.get(url).status_code == 404
    type(cube.study).objects.filter(pk=cube.study.pk).update(public=True)
    assert client.get(url).status_code == 403


def test_volunteers_never_read_label_volumes_and_managers_do(client: Client, cube: Cube) -> None:
    write_voxels("labels/zarr-files.zarr", VOXELS, "label")
    gold = make_labels(cube, LabelsRole.GOLD, uri="labels/zarr-files.zarr")
    url = f"/api/v1/labels/{gold.pk}/zarr/zarr.json"
    assert client.get(url).status_code == 404
    client.force_login(cube.study.memberships.get(role="volunteer").user)
    assert client.get(url).status_code == 403
    client.force_login(cube.study.memberships.get(role="manager").user)
    assert client.get(url).status_code == 200


def test_files_of_a_store_elsewhere_are_streamed_by_range_too() -> None:
    root = Location("memory://zarr-files-test")
    data = bytes(range(256)) * 10_000
    (root / "0" / "c" / "0").write(data)
    place = inside(root, "0/c/0")
    whole = file_response(RequestFactory().get("/"), place)
    assert whole.streaming
    assert body(whole) == data
    part = RequestFactory().get("/", headers={"Range": "bytes=1000-1999"})
    answer = file_response(part, place)
    assert (answer.status_code, body(answer)) == (206, data[1000:2000])
    assert [name for name in root.files() if name.startswith("0/")] == ["0/c/0"]
    for missing in ("0/c/1", "0/c", "0/../0"):
        with pytest.raises(NotVisibleError):
            file_response(part, inside(root, missing))
