"""Which files an entry of the built front end needs, in which order."""

import json
from pathlib import Path

import pytest
from django.conf import settings

from lamella.pages import vite


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "FRONTEND_DIST", tmp_path)
    return tmp_path


def test_what_entries_share_comes_before_an_entrys_own_styles(built: Path) -> None:
    chunks = {
        "src/ui/main.ts": {"file": "ui.js", "css": ["shared.css"]},
        "src/pages/main.ts": {"file": "pages.js", "css": ["own.css", "shared.css"]},
    }
    (built / "manifest.json").write_text(json.dumps(chunks))
    entry = vite.entry("src/pages/main.ts")
    assert entry is not None
    assert entry.styles == ("/static/web/shared.css", "/static/web/own.css")


def test_styles_of_imports_come_first_and_once(built: Path) -> None:
    chunks = {
        "src/ui/main.ts": {"file": "ui.js", "css": ["shared.css"]},
        "src/pages/main.ts": {
            "file": "pages.js",
            "imports": ["src/ui/main.ts", "src/ui/main.ts"],
            "css": ["own.css"],
        },
    }
    (built / "manifest.json").write_text(json.dumps(chunks))
    entry = vite.entry("src/pages/main.ts")
    assert entry is not None
    assert entry.styles == ("/static/web/shared.css", "/static/web/own.css")
    assert entry.preloads == ("/static/web/ui.js",)


def test_without_a_build_there_is_nothing(built: Path) -> None:
    assert vite.entry("src/pages/main.ts") is None
