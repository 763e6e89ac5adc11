"""What waits for a manager now, in a line for each of their studies."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lamella.accounts.models import User
from lamella.consensus.selectors import MOST_COUNTED, review_counts
from lamella.studies.models import Role, Study, StudyState

MOST = 20
"""Studies that are told of."""


def lines_for(user: User) -> list[str]:
    """For studies that the person manages and that are under way; empty where nothing waits."""
    managed = Study.objects.filter(
        memberships__user=user,
        memberships__role__in=[Role.MANAGER, Role.ADMIN],
        state__in=[StudyState.OPEN, StudyState.PAUSED],
    )
    lines = []
    for study in managed.order_by("title")[:MOST]:
        counts = review_counts(study)
        if not counts["waiting"]:
            continue
        number = counts["waiting"]
        shown = (
            _("more than %(count)s") % {"count": MOST_COUNTED} if number > MOST_COUNTED else number
        )
        lines.append(
            ngettext(
                "“%(title)s”: %(shown)s task waits for review, %(contested)s contested",
                "“%(title)s”: %(shown)s tasks wait for review, %(contested)s contested",
                number,
            )
            % {"title": study.title, "shown": shown, "contested": counts["contested"]}
        )
    return lines
