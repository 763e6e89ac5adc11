"""Install what the browser and desktop tests drive, where this machine lets us.

Debian's Chromium, WebKit and Xvfb if we may install packages, else Playwright's own Chromium. What
cannot be had makes the tests skip and say so, so this script never fails.
"""

import os
import shutil
import subprocess
import sys

PACKAGES = {
    "chromium": "chromium",
    "WebKitWebDriver": "webkit2gtk-driver",
    "xvfb-run": "xvfb",
    "xauth": "xauth",
}
# Libraries that napari's window needs under Xvfb.
LIBRARIES = [
    "libgl1",
    "libegl1",
    "libxcb-cursor0",
    "libxkbcommon-x11-0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
]


def main() -> None:
    missing = [package for command, package in PACKAGES.items() if shutil.which(command) is None]
    missing += [library for library in LIBRARIES if not _has(library)]
    if missing and shutil.which("apt-get") and os.geteuid() == 0:
        print(f"Installing {', '.join(missing)} …", flush=True)  # noqa: T201
        quiet = ["-qq", "-o=Dpkg::Use-Pty=0"]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", *quiet],
            ["apt-get", "install", "-y", *quiet, *missing],
        ):
            if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL).returncode:
                break
    if shutil.which("chromium") is None and shutil.which("google-chrome") is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])


def _has(library: str) -> bool:
    """Whether a Debian package is installed; True where nobody can tell."""
    if shutil.which("dpkg-query") is None:
        return True
    query = ["dpkg-query", "-W", "-f=${Status}", library]
    found = subprocess.run(query, capture_output=True, text=True)
    return found.stdout.endswith(" installed")


if __name__ == "__main__":
    main()
