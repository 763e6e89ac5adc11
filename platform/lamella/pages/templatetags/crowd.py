"""How pages speak of people: what is odd about somebody, and what to do about it."""

from datetime import datetime

from django import template
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lamella.consensus.crowd import Person
from lamella.consensus.dispute import Agreement
from lamella.consensus.own import Practice
from lamella.consensus.record import Made, Point
from lamella.pages import charts_people
from lamella.pages.templatetags.lamella import THIN, css_percent, dice, percent
from models.crowd.suspicion import Remedy, Sign, Suspicion

register = template.Library()


@register.filter
def called(person: Person) -> str:
    """A member's user name, or the beginning of a pseudonym."""
    return person.name or pseudonym(person.volunteer_id)


@register.filter
def pseudonym(volunteer_id: object) -> str:
    return _("volunteer %(name)s") % {"name": str(volunteer_id)[:8]}


@register.filter
def suspicion_words(suspicion: Suspicion) -> str:
    """What somebody does, in one sentence."""
    share = percent(suspicion.share)
    told = {
        Sign.QUICK: _("Accepts what is shown with hardly a look: %(share)s of the masks."),
        Sign.NODS: _("Leaves what is wrong as it is shown: %(share)s of the needed changes."),
        Sign.FLOODS: _("Marks nearly the whole slice: %(share)s of the masks."),
        Sign.COPIES: _("Hands in a drawing that was there before: %(share)s of the masks."),
        Sign.CHANCE: _("Is right no more often than chance."),
    }
    words = told[suspicion.sign]
    return words % {"share": share} if "%(share)s" in words else words


@register.filter
def advice(suspicion: Suspicion) -> str:
    """What to do about it, in one sentence."""
    told = {
        Remedy.QUARANTINE: _(
            "Quarantine takes their masks out of use, and others are asked; nothing is deleted."
        ),
        Remedy.PAUSE: _(
            "Look at their masks first; a pause gives them no more tasks, and what they made "
            "counts on."
        ),
    }
    return told[suspicion.remedy]


@register.filter
def interval(value: float, spread: float) -> str:
    """.72 ± .11: a figure with twice its standard deviation."""
    return f"{_two(value)} ± {_two(2 * spread)}"


def _two(value: float) -> str:
    text = dice(round(abs(value), 2))
    shorter = text[:-1] if text.endswith("0") and len(text) > 3 else text
    return ("−" if value < 0 else "") + shorter


@register.filter
def from_low(value: float, spread: float) -> str:
    """Where the interval of a skill begins, as a CSS percentage of 0 to 1."""
    return css_percent(value - 2 * spread)


@register.filter
def to_high(value: float, spread: float) -> str:
    return css_percent(value + 2 * spread)


@register.filter
def outcome(made: Made) -> str:
    """What became of a mask, told to the person who made it."""
    if made.correction.withdrawn:
        return _("withdrawn")
    if made.correction.assignment.practice:
        return _("practice")
    if not made.settled:
        return _("others are still looking")
    if made.alike is None:
        return _("agreed on")
    if made.alike >= 0.9:
        return _("others see it the same way")
    if made.alike >= 0.75:
        return _("much as others see it")
    return _("people see this one differently")


@register.simple_tag
def skill_chart(points: list[Point]) -> SafeString:
    """A volunteer's skill as it became known, with its interval."""
    return charts_people.band_svg(
        [(p.skill - 2 * p.spread, p.skill, p.skill + 2 * p.spread) for p in points],
        label=_("Skill over time, with its interval"),
        low=0.0,
        high=1.0,
        ends=_ends([p.when for p in points]),
        marks=("0", "1"),
    )


@register.simple_tag
def practice_chart(practice: list[Practice]) -> SafeString:
    """How alike practice masks are to the experts', slice after slice."""
    lowest = min([one.dice for one in practice] or [0.5])
    low = min(0.5, int(lowest * 10) / 10)
    return charts_people.band_svg(
        [(one.dice, one.dice, one.dice) for one in practice],
        label=_("How alike your practice masks are to the experts’, slice after slice"),
        low=low,
        high=1.0,
        ends=_ends([one.when for one in practice]),
        marks=(percent(low), f"100{THIN}%"),
    )


@register.simple_tag
def agreement_chart(agreement: Agreement) -> SafeString:
    """How many tasks have which agreement."""
    if not agreement.bins:
        return SafeString("")
    counts = [item.tasks for item in agreement.bins]
    return charts_people.bars_svg(
        counts,
        label=_("Number of tasks by agreement"),
        ends=(percent(agreement.bins[0].low), f"100{THIN}%"),
        highest=str(max(counts)),
    )


def _ends(moments: list[datetime]) -> tuple[str, str]:
    if not moments:
        return "", ""
    first, last = (date_format(m, "SHORT_DATE_FORMAT") for m in (moments[0], moments[-1]))
    return first, last
