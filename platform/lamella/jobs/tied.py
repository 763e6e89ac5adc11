"""``python -m lamella.jobs.tied PROGRAM ARGUMENT…``: runs a program that ends with its parent.

A supervisor that is killed without mercy cannot end what it started; on Linux the kernel does:
each process it started so is sent SIGTERM.
"""

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    # Elsewhere there is no such call: there the program just runs.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 (the supervisor's own commands)


if __name__ == "__main__":
    main()
