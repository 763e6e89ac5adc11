"""How pages link the front end, and how they write numbers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from django import forms, template
from django.template import Context
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import get_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lamella.annotation.models import Participation
from lamella.consensus.selectors import MOST_COUNTED
from lamella.cubes.models import Cube
from lamella.languages.sentences import said
from lamella.loop.strip import Strip
from lamella.notices.telling import UNREAD_COUNTED, unread
from lamella.pages import charts
from lamella.pages import vite as bundles
from lamella.pages.forms_study import STRATEGIES
from lamella.pages.inline import FIRST_TASK
from lamella.studies.models import Role

register = template.Library()

# Templates hand over an empty string where a figure is missing.
Figure = float | Literal[""] | None

THIN = "\N{NARROW NO-BREAK SPACE}"


@register.simple_tag
def vite(name: str) -> SafeString:
    """Styles and script of a front-end entry; nothing where it has not been built."""
    found = bundles.entry(name)
    if found is None:
        return SafeString("")
    return format_html(
        '{}{}<script type="module" src="{}"></script>',
        format_html_join("", '<link rel="stylesheet" href="{}">', ((s,) for s in found.styles)),
        format_html_join(
            "", '<link rel="modulepreload" href="{}">', ((s,) for s in found.preloads)
        ),
        found.script,
    )


def _links(rel: str, addresses: tuple[str, ...]) -> SafeString:
    return format_html_join("", '<link rel="{}" href="{}">', ((rel, a) for a in addresses))


@register.simple_tag
def first_task() -> SafeString:
    """The script that stands in the correction page; see inline.py."""
    return SafeString(FIRST_TASK)


@register.simple_tag
def front_end_missing() -> bool:
    return not bundles.manifest()


@register.filter
def dice(value: Figure) -> str:
    """.942: three digits, no leading zero."""
    if value is None or value == "":
        return "–"
    text = f"{value:.3f}"
    # Where a comma stands behind the nought, people write the nought.
    point = get_format("DECIMAL_SEPARATOR")
    return text[1:] if text.startswith("0") and point == "." else text.replace(".", point)


@register.filter
def decimals(value: Figure, digits: int = 2) -> str:
    """A figure with so many digits behind the point, trailing noughts dropped."""
    if value is None or value == "":
        return "–"
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", get_format("DECIMAL_SEPARATOR"))


@register.filter
def plain(value: float) -> str:
    """A figure as HTML attributes want it, whatever the language."""
    return f"{round(value, 3):g}"


@register.filter
def percent(value: Figure, digits: int = 0) -> str:
    """12 %: a share of 1, with a thin space."""
    return "–" if value is None or value == "" else f"{_fixed(value * 100, digits)}{THIN}%"


def _fixed(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", get_format("DECIMAL_SEPARATOR"))


@register.filter
def css_percent(value: Figure) -> str:
    """A share of 1 as a CSS percentage."""
    return f"{min(max(value or 0.0, 0.0), 1.0) * 100:.2f}%"


@register.filter
def upper_half(value: Figure) -> str:
    """Where a Dice lies on a scale from .5 to 1, as a CSS percentage."""
    return css_percent(((value or 0.0) - 0.5) * 2)


@register.filter
def count(value: int | None) -> str:
    """12 300 with thin spaces between thousands."""
    return "–" if value is None else f"{value:,}".replace(",", THIN)


@register.filter
def many(value: int) -> str:
    """A number that was counted to MOST_COUNTED + 1: 310, or 10 000+."""
    return count(value) if value <= MOST_COUNTED else f"{count(MOST_COUNTED)}+"


@register.filter
def seconds(value: Figure) -> str:
    """A length of time in the unit a person would choose."""
    if value is None or value == "":
        return "–"
    if value < 60:
        return _("%(number)s\u202fs") % {"number": f"{value:.0f}"}
    if value < 90 * 60:
        return _("%(number)s\u202fmin") % {"number": f"{value / 60:.0f}"}
    if value < 36 * 3600:
        return _("%(number)s\u202fh") % {"number": decimals(value / 3600, 1)}
    return _("%(number)s days") % {"number": f"{value / 86400:.0f}"}


@register.filter
def age(moment: datetime | Literal[""] | None) -> str:
    """How long ago, in one unit: "just now", "5 min ago"."""
    if not moment:
        return "–"
    passed = timezone.now() - moment
    if passed < timedelta(minutes=1):
        return _("just now")
    return _("%(length)s ago") % {"length": seconds(passed.total_seconds())}


@register.filter
def voxels(shape: list[int] | None) -> str:
    """512 × 1024 × 1024."""
    return " × ".join(str(n) for n in shape) if shape else "–"


@register.filter(name="said")
def said_filter(text: str) -> str:
    """A sentence that a row keeps in English, in the reader's language."""
    return said(text or "")


@register.filter
def plain_label(field: forms.BoundField) -> str:
    """The label without "(optional)", which the page says itself."""
    return str(field.label).removesuffix(_("(optional)")).strip()


@register.filter
def control(field: forms.BoundField) -> SafeString:
    """A form field's control with the class of the design language and without a placeholder."""
    widget = field.field.widget
    widget.attrs.pop("placeholder", None)
    if isinstance(widget, forms.RadioSelect | forms.CheckboxInput | forms.FileInput):
        return field.as_widget()
    if isinstance(widget, forms.Select):
        return field.as_widget(attrs={"class": "select"})
    return field.as_widget(attrs={"class": "input"})


_DISK = {
    "images": gettext_lazy("images"),
    "labels": gettext_lazy("labels"),
    "predictions": gettext_lazy("predictions of versions"),
    "proposals": gettext_lazy("proposals"),
    "models": gettext_lazy("model versions"),
    "exports": gettext_lazy("exports"),
    "work": gettext_lazy("training at work"),
}


@register.filter
def disk_word(part: str) -> str:
    """What a part of the disk use (loop/disk.py) is."""
    return str(_DISK.get(part, part))


_TONES = {
    # of studies, tasks, jobs, runs, versions, volumes, exports, rounds
    "open": "good",
    "draft": "",
    "paused": "warn",
    "finished": "info",
    "queued": "",
    "waiting": "",
    "ingesting": "info",
    "running": "info",
    "done": "good",
    "ready": "good",
    "failed": "bad",
    "cancelled": "warn",
    "candidate": "",
    "serving": "good",
    "retired": "",
    "accepted": "good",
    "sent_back": "warn",
}


@register.filter
def tone(state: str) -> str:
    """The badge class of a state; the state's word always stands beside it."""
    return _TONES.get(state, "")


_VERDICTS = {"accept": "good", "send_back": "warn", "fix": "info"}


@register.filter
def verdict_tone(kind: str) -> str:
    return _VERDICTS.get(kind, "")


@register.simple_tag(takes_context=True)
def unread_notices(context: Context) -> str:
    """How many notices the person has not seen; empty for none. One query."""
    number = unread(context["user"])
    if number > UNREAD_COUNTED:
        return f"{UNREAD_COUNTED}+"
    return str(number) if number else ""


@register.filter
def at(table: Mapping[Any, Any], key: Any) -> Any:
    """An entry of a table, or None."""
    return table.get(key)


@register.filter
def pseudonym(key: UUID) -> str:
    """The first characters of a pseudonym, which are enough to tell people apart."""
    return str(key)[:8]


@register.filter
def volunteer_name(row: Participation) -> str:
    """The account's name, or the pseudonym of who has none."""
    return row.volunteer.user.username if row.volunteer.user else pseudonym(row.volunteer_id)


@register.filter
def role_word(role: str) -> str:
    """A role as people call it."""
    return str(Role(role).label)


@register.filter
def strategy_words(name: str) -> str:
    """How slices are chosen, in words."""
    return str(STRATEGIES.get(name, name))


@register.simple_tag
def strip_svg(strip: Strip, cube: Cube) -> SafeString:
    """A cube along z; a click leads to the slice on the cube's page."""
    href = reverse("pages:cube", args=[cube.study.slug, cube.pk]) + "?z={z}"
    shown = sum(1 for column in strip.columns if column.state)
    label = _("%(name)s along z: %(shown)s of %(columns)s columns have tasks") % {
        "name": cube.name,
        "shown": shown,
        "columns": len(strip.columns),
    }
    return charts.strip_svg(strip, label=label, href=href)


@register.simple_tag
def line_chart(
    lines: list[tuple[str, list[tuple[float, float]]]],
    title: str,
    low: float | None,
    high: float | None,
) -> SafeString:
    """Curves over steps; their classes c0, c1, … are those of the key."""
    series = [(f"c{i}", line) for i, (_, line) in enumerate(lines)]
    return charts.line_svg(series, label=title, x_unit=_("steps"), low=low, high=high)


_CURVES = {
    "cross_entropy": gettext_lazy("cross-entropy"),
    "dice": gettext_lazy("Dice loss"),
    "validation_dice": gettext_lazy("of the slices held out"),
    "adversarial": gettext_lazy("adversarial"),
    "real_score": gettext_lazy("to labels"),
    "fake_score": gettext_lazy("to proposals"),
}


@register.filter
def curve_words(name: str) -> str:
    return str(_CURVES.get(name, name))


@register.filter
def signed(value: Figure) -> str:
    """+.012 or −.004."""
    if value is None or value == "":
        return "–"
    return ("−" if value < 0 else "+") + dice(abs(value))


@register.filter
def voxel_size(cube: Cube) -> str:
    """50 × 8 × 8 nm, or what is known of it."""
    if not cube.voxel_size:
        return _("not given")
    units = {"nanometer": "nm", "micrometer": "µm", "millimeter": "mm"}
    sizes = " × ".join(decimals(n, 3) for n in cube.voxel_size)
    return f"{sizes}{THIN}{units.get(cube.unit, cube.unit or _('of no unit'))}"
