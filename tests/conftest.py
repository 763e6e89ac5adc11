"""What every test shares: quiet threads, and a store of its own."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# Readers that are kept open: rows of another test may have had the same ids.
_CACHES = (
    ("lamella.cubes.volumes", "_open"),
    ("lamella.learning.proposals", "_reader"),
    ("lamella.learning.proposals", "_score_map"),
    ("lamella.consensus.known", "_labels_reader"),
)


def pytest_configure() -> None:
    # Torch's spinning threads would slow everything else on a small machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.fixture(autouse=True)
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A store, and a folder for what is under way, that no other test has written to."""
    from django.conf import settings

    # Beside the test's own folder, whose contents some tests list.
    data = tmp_path.with_name(f"{tmp_path.name}-data")
    data.mkdir()
    monkeypatch.setattr(settings, "STORE_URL", str(tmp_path / "store"))
    monkeypatch.setattr(settings, "DATA_DIR", data)
    yield
    for module, name in _CACHES:
        if module in sys.modules:
            getattr(sys.modules[module], name).cache_clear()
