"""The first page, and what every answer carries."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lamella.accounts.models import User
from lamella.annotation.models import Correction
from lamella.pages import vite
from lamella.rounds.models import Task
from lamella.studies.markdown import render
from tests.platform.pages.conftest import World

As = Callable[[User | None], Client]


def test_an_empty_installation_says_what_to_do(db: None) -> None:
    html = Client().get("/").content.decode()
    assert "No study is open to everybody" in html
    assert "Nobody has corrected a slice" in html


def test_private_studies_leave_no_trace_on_the_first_page(world: World, as_: As) -> None:
    for outsider in (None, world.charlie):
        html = as_(outsider).get("/").content.decode()
        assert world.study.title not in html
        assert "slices corrected" not in html


def test_members_find_their_studies_there(world: World, as_: As) -> None:
    html = as_(world.alice).get("/").content.decode()
    assert world.study.title in html
    assert "2 of 3 tasks agreed" in html


def test_a_public_study_can_be_tried_at_once_and_the_week_is_counted(world: World, as_: As) -> None:
    world.study.public = world.study.anonymous = True
    world.study.save()
    Correction.objects.filter(pk=Correction.objects.first().pk).update(  # type: ignore[union-attr]
        created=timezone.now() - timedelta(days=8)
    )
    html = as_(None).get("/").content.decode()
    assert "Try a slice" in html
    assert f"/api/v1/cubes/{world.cube.pk}/plane/z/9.jpg" in html
    assert "<dt>slices corrected</dt><dd>1</dd>" in html


def test_a_study_without_an_open_task_is_not_offered_to_try(world: World, as_: As) -> None:
    world.study.public = world.study.anonymous = True
    world.study.save()
    world.study.tasks.update(state=Task.State.RETIRED)
    html = as_(None).get("/").content.decode()
    assert "Try a slice" not in html
    assert "Its next slices are being prepared." in html
    assert f"/studies/{world.study.slug}/correct/" not in html


def test_an_embargoed_cube_is_not_shown(world: World, as_: As) -> None:
    world.study.public = world.study.anonymous = True
    world.study.save()
    world.cube.embargo_until = timezone.localdate() + timedelta(days=3)
    world.cube.save()
    assert f"/cubes/{world.cube.pk}/plane" not in as_(None).get("/").content.decode()


def test_every_page_forbids_scripts_from_elsewhere(db: None) -> None:
    for url in ("/", "/accounts/login/", "/nothing-here/"):
        policy = Client().get(url).headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy


def test_the_policy_names_the_one_script_that_stands_in_a_page(world: World, as_: As) -> None:
    answer = as_(world.alice).get(f"/studies/{world.study.slug}/correct/")
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.content.decode(), re.DOTALL)
    inline = [text for attributes, text in scripts if "src=" not in attributes]
    assert len(inline) == 1
    digest = base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_what_is_not_there_gets_a_page_that_says_what_to_do(db: None) -> None:
    answer = Client().get("/studies/none/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_without_a_built_front_end_pages_say_so(
    db: None, settings: Settings, tmp_path: Path
) -> None:
    settings.FRONTEND_DIST = tmp_path / "missing"
    answer = Client().get("/")
    assert answer.status_code == 200
    assert "have not been built" in answer.content.decode()


def test_an_entry_brings_the_styles_of_what_it_imports_first(
    settings: Settings, tmp_path: Path
) -> None:
    settings.FRONTEND_DIST = tmp_path
    (tmp_path / "manifest.json").write_text(
        '{"src/ui/main.ts": {"file": "ui.js", "css": ["ui.css"]},'
        ' "src/a/main.ts": {"file": "a.js", "css": ["a.css"],'
        ' "imports": ["src/ui/main.ts", "src/ui/main.ts"]}}'
    )
    entry = vite.entry("src/a/main.ts")
    assert entry == vite.Entry(
        "/static/web/a.js",
        ("/static/web/ui.css", "/static/web/a.css"),
        ("/static/web/ui.js",),
    )
    assert vite.entry("src/none/main.ts") is None


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("<img src=x onerror=alert(1)>", "<img"),
        ("[a](javascript:alert(1))", "href"),
        ("![a](data:text/html,x)", "<img"),
        ("<style>*{}</style>", "<style"),
        ('<a href="x" style="position:fixed">a</a>', "<a"),
    ],
)
def test_nothing_in_a_guide_becomes_active(text: str, never: str) -> None:
    assert never not in render(text)


def test_headings_of_a_guide_stand_below_the_pages_own() -> None:
    assert render("# One\n\n## Two") == "<h2>One</h2>\n<h3>Two</h3>\n"
