"""The client: addresses, lists, refusals, retries."""

from pathlib import Path

import pytest

from napari_lamella.client import Client, server_address
from napari_lamella.errors import LamellaError
from napari_lamella.retry import Retry
from tests.frontend.napari.fake_server import TOKEN, FakeServer


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://lamella.example.org/", "https://lamella.example.org"),
        ("lamella.example.org", "https://lamella.example.org"),
        (" localhost:8000 ", "http://localhost:8000"),
        ("127.0.0.1:8000/api/v1/", "http://127.0.0.1:8000"),
        ("https://example.org/lamella", "https://example.org/lamella"),
    ],
)
def test_an_address_may_be_typed_as_in_a_browser(typed: str, address: str) -> None:
    assert server_address(typed) == address


@pytest.mark.parametrize(
    "typed", ["", "ftp://example.org", "https://", "https://me:secret@example.org", "h:port"]
)
def test_what_is_no_address_gives_one_sentence(typed: str) -> None:
    with pytest.raises(LamellaError, match=r"address"):
        server_address(typed)


def test_studies_and_cubes_are_listed(dana: Client) -> None:
    studies = dana.studies()
    assert [(s.slug, s.may_send) for s in studies] == [("liver", True), ("embryo", False)]
    first, second = dana.cubes("liver")
    assert first.ready
    assert first.shape == (6, 128, 192)
    assert first.voxel_size == (50.0, 4.0, 4.0)
    assert first.classes[0].name == "droplet"
    assert not second.ready
    assert second.unit == ""


def test_relative_addresses_become_absolute(dana: Client) -> None:
    cube = dana.cubes("liver")[0]
    for url in (cube.image, cube.proposal, cube.patch_scores):
        assert url is not None
        assert url.startswith(f"{dana.server}/api/v1/cubes/1/zarr/")
    assert cube.consensus is None


def test_an_address_of_the_same_server_keeps_the_scheme_that_reached_it() -> None:
    client = Client("https://lamella.example.org", TOKEN)
    assert client._resolved("http://lamella.example.org/api/v1/x").startswith("https://")
    assert client._resolved("http://elsewhere.org/x").startswith("http://")


def test_a_wrong_token_gives_one_sentence(server: FakeServer) -> None:
    client = Client(server.address, "guessed")
    with pytest.raises(LamellaError) as refused:
        client.studies()
    assert str(refused.value) == (
        "The server refused the token; make a new one on your account page and enter it here."
    )


@pytest.mark.parametrize("token", ["", "  ", "schlüssel"])
def test_a_token_that_cannot_be_one_is_not_sent(server: FakeServer, token: str) -> None:
    with pytest.raises(LamellaError, match="token"):
        Client(server.address, token)
    assert not server.asked


def test_the_servers_own_sentence_is_shown(dana: Client) -> None:
    with pytest.raises(LamellaError, match="Only members see the cubes of “Nuclei"):
        dana.cubes("embryo")


def test_a_busy_server_is_asked_again(dana: Client, server: FakeServer) -> None:
    server.trouble = [503, 429]
    assert len(dana.studies()) == 2
    assert server.asked["/api/v1/studies"] == 3


def test_a_server_that_stays_busy_gives_one_sentence(dana: Client, server: FakeServer) -> None:
    server.trouble = [503] * 9
    with pytest.raises(LamellaError, match=r"status 503.*try again"):
        dana.studies()
    assert server.asked["/api/v1/studies"] == 3


def test_a_fault_of_the_server_is_not_repeated(dana: Client, server: FakeServer) -> None:
    server.trouble = [500]
    with pytest.raises(LamellaError, match="status 500"):
        dana.studies()
    assert server.asked["/api/v1/studies"] == 1


def test_a_silent_server_gives_one_sentence() -> None:
    client = Client("http://127.0.0.1:9", TOKEN, retry=Retry(attempts=2, first_wait=0.01))
    with pytest.raises(LamellaError, match=r"127\.0\.0\.1:9 did not answer"):
        client.studies()


def test_another_kind_of_server_is_recognised(dana: Client, server: FakeServer) -> None:
    server.trouble = [404]
    with pytest.raises(LamellaError, match="not as a Lamella server"):
        dana.studies()


def test_a_redirect_asks_for_the_right_address(dana: Client, server: FakeServer) -> None:
    server.trouble = [301]
    with pytest.raises(LamellaError, match="another address"):
        dana.studies()


def test_an_answer_of_another_version_gives_one_sentence(dana: Client, server: FakeServer) -> None:
    server.extra = {"label_dtype": "int64"}
    with pytest.raises(LamellaError, match="different versions"):
        dana.cubes("liver")


def test_the_token_goes_to_no_other_server(dana: Client) -> None:
    with pytest.raises(LamellaError, match=r"elsewhere\.org, which is another server"):
        dana.store("https://elsewhere.org/api/v1/cubes/1/zarr/image")


def test_labels_are_not_sent_twice_by_themselves(
    dana: Client, server: FakeServer, tmp_path: Path
) -> None:
    tiff = tmp_path / "labels.tif"
    tiff.write_bytes(b"II*\0")
    server.trouble = [503]
    with pytest.raises(LamellaError, match="status 503"):
        dana.send_labels("1", tiff, role="gold", name="mine")
    assert server.asked["/api/v1/cubes/1/labels"] == 1


@pytest.mark.parametrize(
    ("address", "encrypted"),
    [("https://example.org", True), ("http://example.org", False), ("localhost", True)],
)
def test_a_connection_in_the_clear_is_known(address: str, encrypted: bool) -> None:
    assert Client(address, TOKEN).encrypted is encrypted
