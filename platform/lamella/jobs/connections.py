"""Database connections of processes that live for hours without a request."""

from django.db import connections


def drop_dead_connections() -> None:
    """Close connections that are too old or have failed; the next query opens new ones.

    What Django does between two requests, for code that serves none. A connection within a
    transaction is left alone.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
