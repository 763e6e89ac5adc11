"""The places of a task: filled with leases and freed again.

Every claim is one conditional UPDATE whose row count is checked, so that however many ask at once a
task never has more live leases and submissions than its redundancy.
"""

import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import F

from lamella.accounts.models import Volunteer
from lamella.annotation.models import Assignment
from lamella.rounds.models import Task


def lease(task_id: int, volunteer: Volunteer, until: datetime.datetime) -> Assignment | None:
    """Fill one of an open task's places with a lease for a volunteer, if one is free.

    None too where the volunteer was given this task by another request a moment ago.
    """
    made = Assignment(task_id=task_id, volunteer=volunteer, lease_until=until)
    try:
        if connection.vendor == "postgresql" and not connection.in_atomic_block:
            taken = _in_one_statement(made)
        else:
            taken = _in_a_transaction(made)
    except IntegrityError:
        return None
    return made if taken else None


def _in_a_transaction(made: Assignment) -> bool:
    with transaction.atomic():
        if not take_place(made.task_id):
            return False
        made.save(force_insert=True)
    return True


def _in_one_statement(made: Assignment) -> bool:
    """The same, without a way to the database for each step: while the row of a task that many
    want is locked, nobody waits for this process."""
    fields = Assignment._meta.concrete_fields
    values = [field.get_db_prep_save(field.pre_save(made, True), connection) for field in fields]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    slots = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH place AS (UPDATE {Task._meta.db_table} SET places_taken = places_taken + 1 "  # noqa: S608
            "WHERE id = %s AND state = %s AND places_taken < redundancy RETURNING id) "
            f"INSERT INTO {Assignment._meta.db_table} ({columns}) SELECT {slots} FROM place",
            [made.task_id, Task.State.OPEN.value, *values],
        )
        taken: int = cursor.rowcount
    made._state.adding = False
    made._state.db = connection.alias
    return bool(taken)


def take_place(task_id: int) -> bool:
    """Fill one of an open task's places, if one is free."""
    return bool(
        Task.objects.filter(
            pk=task_id, state=Task.State.OPEN, places_taken__lt=F("redundancy")
        ).update(places_taken=F("places_taken") + 1)
    )


def free_place(task_id: int) -> None:
    Task.objects.filter(pk=task_id, places_taken__gt=0).update(places_taken=F("places_taken") - 1)
