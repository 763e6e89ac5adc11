"""Which code made a model: the release, and the commit where the code lies in a checkout."""

import os
import subprocess
from functools import lru_cache

from django.conf import settings

RELEASE = "0.1.0"


@lru_cache(maxsize=1)
def code_version() -> str:
    """For instance "0.1.0+1a2b3c4"; LAMELLA_CODE_VERSION overrides it (images without git)."""
    if given := os.environ.get("LAMELLA_CODE_VERSION"):
        return given[:60]
    try:
        commit = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=settings.ROOT,
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return RELEASE
    return f"{RELEASE}+{commit}"
