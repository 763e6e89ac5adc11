"""What jobs said while they ran, line by line, for those who run the machines."""

import uuid
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from lamella.jobs.models import JobLog

FIRST, LAST = 100, 400
"""Lines kept of a log: how it began, and how it goes."""
WIDTH = 1000
"""Characters of a line."""


def add_lines(job_id: uuid.UUID, lines: Sequence[str]) -> None:
    """Add lines to a job's log; of one that grows long the middle is left out.

    Called by the one worker that has the job. What a job said in earlier attempts stays.
    """
    cut = [_storable(line) for line in lines]
    with transaction.atomic():
        JobLog.objects.get_or_create(job_id=job_id)
        log = JobLog.objects.select_for_update().get(job_id=job_id)
        head, tail = list(log.first), list(log.last)
        room = FIRST - len(head)
        head, tail = head + cut[:room], tail + cut[room:]
        dropped = max(0, len(tail) - LAST)
        JobLog.objects.filter(pk=log.pk).update(
            first=head, last=tail[dropped:], left_out=log.left_out + dropped
        )


def _storable(line: str) -> str:
    """No database takes a NUL or half a character."""
    return line[:WIDTH].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def log_of(job_id: uuid.UUID | None) -> str:
    """A job's log as text; empty where it said nothing. One query."""
    log = JobLog.objects.filter(job_id=job_id).first() if job_id else None
    if log is None:
        return ""
    between = [_("… %(lines)s lines left out …") % {"lines": log.left_out}] if log.left_out else []
    return "\n".join([*log.first, *between, *log.last])
