"""What a volunteer is told about their own work: honest, and in words that make one go on."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lamella.consensus.own import Own

LATEST = 5
"""Practice slices that say how it goes now."""
SUPERB, GOOD = 0.95, 0.85
BETTER = 0.03
"""Gain in Dice that is worth a word."""


def words_for(own: Own) -> list[str]:
    """A few sentences, the kindest true ones."""
    return list(_words(own))


def _words(own: Own) -> Iterator[str]:
    if not own.masks:
        return
    yield ngettext(
        "Thank you: you have looked at %(count)s slice here.",
        "Thank you: you have looked at %(count)s slices here.",
        own.masks,
    ) % {"count": own.masks}
    if own.agreed:
        yield ngettext(
            "%(count)s of them is agreed on by now, and the machine learns from it.",
            "%(count)s of them are agreed on by now, and the machine learns from them.",
            own.agreed,
        ) % {"count": own.agreed}
    scores = [one.dice for one in own.practice]
    if scores:
        yield from _about_practice(scores)
    if own.planted:
        yield _about_planted(own.found, own.planted)


def _about_practice(scores: list[float]) -> Iterator[str]:
    latest = scores[-LATEST:]
    now = sum(latest) / len(latest)
    share = {"percent": round(100 * now)}
    if now >= SUPERB:
        yield _("On practice your masks match the experts’ to %(percent)s %%: superb.") % share
    elif now >= GOOD:
        yield _("On practice your masks match the experts’ to %(percent)s %%: well done.") % share
    else:
        yield (
            _(
                "On practice your masks match the experts’ to %(percent)s %%. Many begin there: "
                "flip between your mask and theirs after a practice slice, and it soon gets better."
            )
            % share
        )
    first = scores[: len(scores) // 2][:LATEST]
    if len(scores) >= 2 * 2 and now - sum(first) / len(first) >= BETTER:
        gained = round(100 * (now - sum(first) / len(first)))
        yield ngettext(
            "That is %(count)s point more than when you began.",
            "That is %(count)s points more than when you began.",
            gained,
        ) % {"count": gained}


def _about_planted(found: int, planted: int) -> str:
    if found == planted:
        return ngettext(
            "You found the error that we had hidden.",
            "You found all %(count)s errors that we had hidden.",
            planted,
        ) % {"count": planted}
    if found:
        return _("You found %(found)s of the %(planted)s errors that we had hidden.") % {
            "found": found,
            "planted": planted,
        }
    return _(
        "The errors that we hide are easy to miss: one look along every outline before you hand a "
        "slice in finds most of them."
    )
