"""Take the pictures of the documents: pages of a study of the phantom, in Chromium.

    python scripts/screenshots.py [FOLDER]

A throw-away data folder, a server of its own on a free port; nothing of an installation is
touched. The study is played by `tests.scene`: no waiting for a training run.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.scene import Scene

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "platform"), str(ROOT)]

WIDTH, HEIGHT = 1366, 820
SHAPE = (48, 512, 512)
LARGE = 250_000
"""Bytes from which a picture is made smaller."""


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="lamella-screenshots-") as data:
        os.environ["LAMELLA_DATA"] = data
        os.environ["LAMELLA_BROKER_URL"] = "memory://"
        os.environ["DJANGO_SETTINGS_MODULE"] = "lamella.config.settings"
        # Playwright keeps a loop in this thread, and a scene is added to between pictures.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        played = prepare()
        port = free_port()
        server = subprocess.Popen(
            [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(port)
            take(f"http://127.0.0.1:{port}", folder, played)
        finally:
            server.terminate()
            server.wait(20)


def prepare() -> "Scene":
    """A database with a study of the phantom in full swing."""
    import django

    django.setup()
    from django.core.management import call_command

    from lamella.jobs.models import JobState
    from lamella.learning.models import TrainingRun
    from models.simulate.phantom import make_phantom
    from tests import desk, scene
    from tests import factories as make

    call_command("migrate", verbosity=0)
    phantom = make_phantom(SHAPE)
    played = scene.build(
        volume=(phantom.image, phantom.labels),
        question="Where are the lipid droplets?",
        guide=GUIDE,
    )
    scene.catalogued(played)
    run = make.make_run(
        played.study, state=TrainingRun.State.RUNNING, finished=None, parent=played.serving
    )
    run.curves = run.curves[:20]
    run.job = make.make_job(
        played.study,
        queue="heavy",
        title="Train on 12 slices",
        state=JobState.RUNNING,
        progress=0.62,
        message="step 190, validation Dice .921",
        started=run.started,
    )
    run.save()
    desk.fill(played, run)
    return played


GUIDE = """\
## What to mark

Lipid droplets are round, smooth and evenly grey. Mark the whole droplet up to its **outer rim**.

## What to leave out

- Nuclei are larger and mottled.
- Vessels are bright inside and open at the edge of the slice.
"""


def take(address: str, folder: Path, played: "Scene") -> None:
    """Each picture as the person sees it who works on that page."""
    from playwright.sync_api import sync_playwright

    from lamella.notices.announcements import announce
    from lamella.notices.invitations import invite
    from lamella.studies.models import Role
    from tests.crowd_scene import build_crowd

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        camera = Camera(browser, address, folder)
        camera.shoot(camera.page(), "landing", "/")
        dana = camera.page("dana")
        camera.shoot(dana, "study", "/studies/liver-3/", height=1000)
        dana.goto("/studies/liver-3/review/")
        dana.locator(".viewer").wait_for()
        dana.keyboard.press("5")
        camera.shoot(dana, "review")
        dana.goto("/new-study/")
        dana.fill("#id_title", "Liver 4")
        dana.fill("#id_question", "Where are the lipid droplets?")
        dana.get_by_role("button", name="Next").click()
        dana.fill("#id_classes-0-name", "lipid droplet")
        camera.shoot(dana, "new-study")
        dana.goto("/studies/liver-3/cubes/1/")
        dana.locator(".explorer").wait_for()
        dana.locator("tbody button").first.click()
        camera.shoot(dana, "cube", height=1180)
        bob = camera.page("bob")
        camera.shoot(bob, "training", "/studies/liver-3/training/", height=1240)
        camera.shoot(camera.page("root"), "health", "/health/", height=1000)
        alice = camera.page("alice")
        alice.goto("/studies/liver-3/correct/")
        alice.get_by_role("button", name="I agree").click()
        alice.get_by_role("application").wait_for()
        alice.get_by_role("button", name="Skip").click()
        camera.shoot(alice, "correct")
        # Last, for it makes the scene's agreements anew.
        build_crowd(played)
        invite(played.study, Role.VOLUNTEER, by=played.dana, places=20)
        announce(played.study, "Leave out droplets that the edge cuts.", by=played.dana)
        camera.shoot(dana, "people", "/studies/liver-3/people/", height=960)
        camera.shoot(dana, "skills", "/studies/liver-3/skills/", height=1180)
        browser.close()


class Camera:
    """Pages of a browser, signed in as somebody or as nobody, and pictures of them."""

    def __init__(self, browser: "Browser", address: str, folder: Path) -> None:
        self.browser = browser
        self.address = address
        self.folder = folder

    def page(self, username: str | None = None) -> "Page":
        from tests.factories import PASSWORD

        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="light",
        )
        page = context.new_page()
        if username is not None:
            page.goto("/accounts/login/")
            page.fill("#id_login", username)
            page.fill("#id_password", PASSWORD)
            page.click("main button.primary")
            page.wait_for_url("**/")
        return page

    def shoot(self, page: "Page", name: str, address: str = "", height: int = HEIGHT) -> None:
        """From the top of the page, so many pixels of it. Large pictures have 256 colours."""
        from PIL import Image

        if address:
            page.goto(address)
        page.set_viewport_size({"width": WIDTH, "height": height})
        page.wait_for_load_state("networkidle")
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(800)
        file = self.folder / f"{name}.png"
        page.screenshot(path=file)
        with Image.open(file) as shot:
            whole = shot.convert("RGB")
        if file.stat().st_size > LARGE:
            # The method that keeps colours of which there is little: badges beside micrographs.
            few = whole.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
            few.save(file, optimize=True)
        print(file)  # noqa: T201


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=5).close()
        except OSError:
            time.sleep(0.25)
        else:
            return
    raise SystemExit("The server did not start; run “python manage.py check” to see why.")


if __name__ == "__main__":
    main()
