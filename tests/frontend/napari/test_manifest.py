"""The package as napari sees it."""

import tomllib
from pathlib import Path

from npe2 import PluginManifest

import napari_lamella

PACKAGE = Path(napari_lamella.__file__).parent
PROJECT = PACKAGE.parent.parent


def test_the_manifest_is_valid_and_its_commands_can_be_imported() -> None:
    manifest = PluginManifest.from_file(PACKAGE / "napari.yaml")
    manifest.validate_imports()
    widgets = manifest.contributions.widgets or []
    assert [widget.display_name for widget in widgets] == ["Lamella"]


def test_the_package_names_its_manifest() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    manifest = PluginManifest.from_file(PACKAGE / "napari.yaml")
    assert project["name"] == manifest.name
    assert project["version"] == napari_lamella.__version__
    entry = project["entry-points"]["napari.manifest"][manifest.name]
    assert entry == "napari_lamella:napari.yaml"
