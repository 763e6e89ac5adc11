"""The one script that stands in a page itself: a file would come a whole round trip later.

It is the same for everybody, so that the policy can name it by its hash and forbid all others.
"""

import base64
import hashlib
from pathlib import Path

FIRST_TASK = (Path(__file__).parent / "first-task.js").read_text(encoding="utf-8")


def source_of(script: str) -> str:
    """How a content security policy names a script that stands in a page."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
