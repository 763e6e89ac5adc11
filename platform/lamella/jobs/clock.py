"""The one clock that leases are measured by."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """The database's time, so that machines whose clocks differ agree on when a lease lapsed.

    SQLite lives on one machine: there it is this machine's time.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        # Not CURRENT_TIMESTAMP, which stands still within a transaction.
        cursor.execute("SELECT statement_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment
