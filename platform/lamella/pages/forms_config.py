"""Forms made from the dataclasses of settings: types, bounds, choices and words are theirs."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from lamella.languages.sentences import said
from lamella.pages.config_words import CHOICES, LABELS
from lamella.studies.config_fields import Setting, changed, settings_of
from lamella.studies.models import Study
from models.config import ScheduleConfig, TrainConfig
from models.limits import faults

FIRST = (
    "max_seconds", "max_steps", "crop", "windows", "learning_rate", "soft_targets",
    "adversarial_loss", "adversarial_weight", "precision",
)  # fmt: skip
"""Settings of training that people change; the others are folded away."""


class ConfigForm(forms.Form):
    """The settings of one section of a study. What is left empty is as the default says."""

    kind: type
    section: str

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        known = changed(study, self.section)
        initial = {s.name: known.get(s.name, s.default) for s in settings_of(self.kind)}
        kwargs["initial"] = initial
        # The page has another form with fields of these names.
        kwargs.setdefault("auto_id", f"id_{self.section}_%s")
        super().__init__(*args, **kwargs)
        for setting in settings_of(self.kind):
            self.fields[setting.name] = _field(setting)

    def clean(self) -> dict[str, Any]:
        """Faults of a value stand beside it, those between values too."""
        given = super().clean() or {}
        if not self.errors:
            for name, sentence in faults(self.kind(**self.values())).items():
                self.add_error(name, said(sentence))
        return given

    def values(self) -> dict[str, Any]:
        """The settings, once the form is known to be valid."""
        return {
            s.name: s.default
            if self.cleaned_data.get(s.name) in (None, "") and not s.optional
            else self.cleaned_data.get(s.name)
            for s in settings_of(self.kind)
        }


class TrainConfigForm(ConfigForm):
    kind, section = TrainConfig, "train"

    @property
    def first(self) -> list[forms.BoundField]:
        return [self[name] for name in FIRST]

    @property
    def others(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in FIRST]

    @property
    def opened(self) -> bool:
        """Whether a fault lies among what is folded away."""
        return any(field.errors for field in self.others)


class ScheduleForm(ConfigForm):
    kind, section = ScheduleConfig, "schedule"


def _field(setting: Setting) -> forms.Field:
    words = said(setting.told) if setting.told else ""
    shown: dict[str, Any] = {
        "label": LABELS[setting.name],
        "help_text": " ".join(part for part in (words, _default(setting)) if part),
        "required": False,
    }
    if setting.kind is bool:
        return forms.BooleanField(**shown)
    if setting.choices:
        return forms.ChoiceField(choices=_choices(setting), **shown)
    if setting.kind is str:
        return forms.CharField(max_length=60, **shown)
    checks = [] if setting.low is None else [MinValueValidator(setting.low)]
    top = [] if setting.high is None else [MaxValueValidator(setting.high)]
    field = forms.IntegerField if setting.kind is int else forms.FloatField
    made = field(validators=[*checks, *top], **shown)
    made.widget.attrs.update(
        {"step": "1" if setting.kind is int else "any"}
        | ({} if setting.low is None else {"min": setting.low})
        | ({} if setting.high is None else {"max": setting.high})
    )
    return made


def _default(setting: Setting) -> str:
    if setting.kind is bool:
        return _("Usually on.") if setting.default else _("Usually off.")
    if setting.default is None:
        return _("Usually empty.")
    if setting.choices:
        return _("Usually: %(value)s.") % {"value": dict(_choices(setting))[setting.default]}
    return _("Usually %(value)s.") % {"value": setting.default}


def _choices(setting: Setting) -> list[tuple[str, StrOrPromise]]:
    words = CHOICES[setting.name]
    return [(choice, words[choice]) for choice in setting.choices]
