"""What every test shares: the database it runs on, and a cast of people."""

import os


def pytest_configure() -> None:
    # Torch's spinning threads would slow everything else on a small machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
