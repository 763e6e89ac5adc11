"""Only what the configuration allows is read, by path and by address."""

from pathlib import Path

import pytest

from lamella.cubes.readers import SourceError, check_path, check_url, open_source


def test_an_address_of_another_scheme_is_refused() -> None:
    for url in ("file:///etc/passwd", "ftp://example.org/a.zarr", "github://a:b@c/d"):
        with pytest.raises(SourceError, match="http, https or s3"):
            open_source(url)


def test_a_path_inside_an_allowed_folder_is_real(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.tif").write_bytes(b"x")
    assert check_path(tmp_path / "data" / "a.tif", [tmp_path / "data"]).name == "a.tif"
    with pytest.raises(SourceError, match="does not exist"):
        check_path(tmp_path / "data" / "b.tif", [tmp_path / "data"])


def test_a_path_outside_of_the_allowed_folders_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "database").mkdir()
    (tmp_path / "data" / "link").symlink_to("/etc")
    for path in ("/etc/passwd", "data/../database", "data/link/passwd", "database", "nothing"):
        with pytest.raises(SourceError, match="outside of the folders"):
            check_path(tmp_path / path, [tmp_path / "data"])
    with pytest.raises(SourceError, match="outside"):
        check_path(tmp_path, [])


ALLOWED = ["https://data.example.org/pub/", "s3://bucket/open", "http://127.0.0.1:9000"]
PUBLIC = {"data.example.org": ["93.184.216.34"]}


def lookup(host: str) -> list[str]:
    return PUBLIC[host]


@pytest.mark.parametrize(
    "url",
    [
        "https://data.example.org/pub/a.zarr",
        "https://data.example.org:443/pub",
        "https://DATA.example.org/pub/a%20b.zarr",
        "s3://bucket/open/a.zarr",
        "http://127.0.0.1:9000/b/a.zarr",
    ],
)
def test_an_address_below_an_allowed_prefix_passes(url: str) -> None:
    assert check_url(url, ALLOWED, resolve=lookup) == url


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "https://data.example.org/public/a.zarr",
        "https://data.example.org/pub/../secret",
        "https://data.example.org/pub/%2e%2e/secret",
        "https://data.example.org/pub/%252e%252e/secret",
        "https://data.example.org.evil.org/pub/a.zarr",
        "https://data.example.org@evil.org/pub/a.zarr",
        "https://user:pass@data.example.org/pub/a.zarr",
        "https://data.example.org:8443/pub/a.zarr",
        "http://data.example.org/pub/a.zarr",
        "https://data.example.org/pub/a.zarr::file:///etc",
        "https://data.example.org\\@evil.org/pub/",
        "http://127.0.0.1:22/",
        "http://[::1]:9000/",
        "s3://bucket/opened",
        "http://169.254.169.254/latest/meta-data",
        "memory://a",
        "nonsense",
        "https://[bad/pub",
    ],
)
def test_an_address_outside_of_the_allowed_prefixes_is_refused(url: str) -> None:
    with pytest.raises(SourceError):
        check_url(url, ALLOWED, resolve=lookup)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1%eth0", "0.0.0.0", "::ffff:169.254.169.254"]
)
def test_an_allowed_name_that_leads_to_a_machines_own_credentials_is_refused(address: str) -> None:
    with pytest.raises(SourceError, match="may not be read from"):
        check_url("https://data.example.org/pub/a", ALLOWED, resolve=lambda _: [address])
    url = "https://data.example.org/pub/a"
    assert check_url(url, ALLOWED, resolve=lambda _: [address], allow_link_local=True) == url
