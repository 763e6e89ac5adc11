"""What a server has loaded once stays: garbage collection need not go through it again and again.

A full collection over all that a process of this platform has loaded takes about 150 ms, in the
middle of somebody's page.
"""

import gc
from importlib import import_module

from django.conf import settings


def settle() -> None:
    """Load what the first request would, and leave all that there is now out of collections."""
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
