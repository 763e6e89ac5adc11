#!/usr/bin/env python
"""Django's command line, with the platform folder on the path."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT / "platform"), str(ROOT)]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lamella.config.settings")
    # OpenMP threads that spin while they wait slow torch down 7-12 times on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
