"""The forms of a new study and of a study's settings."""

import math
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from lamella.studies.models import (
    AUDIT_SHARE,
    PEOPLE_PER_TASK,
    QUESTION_LENGTH,
    ROUND_SHARE,
    TARGET_DICE,
    TITLE_LENGTH,
    LabelDtype,
    Study,
)
from lamella.studies.plan import (
    CLASS_COLORS,
    DEFAULT_GUIDE,
    MOST_CLASSES,
    ClassSpec,
    Visibility,
    check_classes,
    numbered,
    strategies_for,
    visibility_fields,
    visibility_of,
)


class StudyForm(forms.Form):
    """Title to visibility; everything has a default that makes sense."""

    title = forms.CharField(
        max_length=TITLE_LENGTH,
        label=_("Title"),
        help_text=_("Short, as it stands in lists: “Liver 3”."),
    )
    question = forms.CharField(
        max_length=QUESTION_LENGTH,
        label=_("The question in one sentence"),
        help_text=_("What volunteers look for: “Where are the lipid droplets?”"),
    )
    guide = forms.CharField(
        required=False,
        label=_("Guide"),
        initial=_(DEFAULT_GUIDE),
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("Stands beside the canvas. Markdown: ## for headings, *emphasis*, lists."),
    )
    consent_text = forms.CharField(
        label=_("Consent text"),
        initial=_(Study._meta.get_field("consent_text").default),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What volunteers agree to. Each correction records the version they saw."),
    )
    visibility = forms.ChoiceField(
        label=_("Who may take part"),
        choices=Visibility.choices,
        initial=Visibility.MEMBERS,
        widget=forms.RadioSelect,
    )
    redundancy = forms.IntegerField(
        label=_("People per task"),
        initial=Study._meta.get_field("redundancy").default,
        min_value=PEOPLE_PER_TASK[0],
        max_value=PEOPLE_PER_TASK[1],
        help_text=_("How many volunteers correct the same slice, blind to each other."),
    )
    target_dice = forms.FloatField(
        label=_("Target quality"),
        initial=Study._meta.get_field("target_dice").default,
        min_value=TARGET_DICE[0],
        max_value=TARGET_DICE[1],
        widget=forms.NumberInput(attrs={"step": "0.005"}),
        help_text=_(
            "Dice of the whole cube at which the study stops asking (0.95 is near what two "
            "people agree on)."
        ),
    )
    budget_percent = forms.FloatField(
        label=_("Budget: slices that people are asked about at most, in %"),
        initial=80,
        min_value=1,
        max_value=100,
        widget=forms.NumberInput(attrs={"step": "1"}),
        help_text=_(
            "Most studies reach their target with 10 to 30 %; a budget keeps a hard one from "
            "using up your volunteers."
        ),
    )
    round_percent = forms.FloatField(
        label=_("Slices per round, in %"),
        initial=Study._meta.get_field("round_share").default * 100,
        min_value=ROUND_SHARE[0] * 100,
        max_value=ROUND_SHARE[1] * 100,
        widget=forms.NumberInput(attrs={"step": "0.1"}),
        help_text=_("After each round the machine learns anew and chooses the next slices."),
    )
    objects = forms.ChoiceField(
        label=_("What a mask holds"),
        choices=[
            (LabelDtype.UINT8, _("Classes (up to 254)")),
            (LabelDtype.UINT16, _("Single objects, each with its own number (up to 65,534)")),
            (LabelDtype.UINT32, _("Single objects, each with its own number (billions)")),
        ],
        initial=LabelDtype.UINT8,
    )

    def policy(self) -> dict[str, Any]:
        """The cleaned values as fields of Study."""
        data = self.cleaned_data
        return {
            "guide": data["guide"],
            "consent_text": data["consent_text"],
            "redundancy": data["redundancy"],
            "target_dice": data["target_dice"],
            "label_dtype": data["objects"],
            "round_share": data["round_percent"] / 100,
            "max_rounds": max(1, math.ceil(data["budget_percent"] / data["round_percent"] - 1e-9)),
            **visibility_fields(data["visibility"]),
        }


class ClassForm(forms.Form):
    name = forms.CharField(max_length=60, required=False, label=_("Name"))
    color = forms.RegexField(
        r"^#[0-9A-Fa-f]{6}$",
        label=_("Colour"),
        widget=forms.TextInput(attrs={"type": "color"}),
        error_messages={"invalid": _("Give the colour as #RRGGBB.")},
    )


class BaseClassFormSet(forms.BaseFormSet[ClassForm]):
    """Rows without a name are left out; one named row is needed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            [
                {"name": gettext("object") if i == 0 else "", "color": color}
                for i, color in enumerate(CLASS_COLORS[:4])
            ],
        )
        super().__init__(*args, **kwargs)

    def clean(self) -> None:
        if any(self.errors):
            return
        check_classes(self.specs())

    def specs(self) -> list[ClassSpec]:
        rows = [(f.cleaned_data.get("name", ""), f.cleaned_data.get("color", "")) for f in self]
        return numbered([(name, color) for name, color in rows if name.strip()])


class ClassFormSet(BaseClassFormSet):
    """Seven classes at most: as many colours as can be told apart by every eye."""

    form = ClassForm
    renderer = None
    extra = 0
    min_num = 0
    max_num = MOST_CLASSES
    absolute_max = MOST_CLASSES
    can_order = False
    can_delete = False
    can_delete_extra = False
    validate_min = False
    validate_max = True
    edit_only = False


class PolicyForm(forms.ModelForm[Study]):
    """What can be changed while a study runs."""

    visibility = forms.ChoiceField(
        label=_("Who may take part"), choices=Visibility.choices, widget=forms.RadioSelect
    )
    round_percent = forms.FloatField(
        label=_("Slices per round, in %"),
        min_value=ROUND_SHARE[0] * 100,
        max_value=ROUND_SHARE[1] * 100,
        widget=forms.NumberInput(attrs={"step": "0.1"}),
        help_text=_("Share of all slices that each round sends to volunteers."),
    )
    audit_percent = forms.FloatField(
        label=_("Audited per round, in %"),
        min_value=AUDIT_SHARE[0] * 100,
        max_value=AUDIT_SHARE[1] * 100,
        widget=forms.NumberInput(attrs={"step": "0.1"}),
        help_text=_(
            "Drawn at random beside them, without telling anyone which: the certificate "
            "rests on these."
        ),
    )

    class Meta:
        model = Study
        fields = [
            "title",
            "question",
            "guide",
            "tutorial",
            "consent_text",
            "consent_version",
            "redundancy",
            "target_dice",
            "strategy",
            "max_rounds",
            "lease_minutes",
        ]
        labels = {
            "title": _("Title"),
            "guide": _("Guide"),
            "tutorial": _("First steps"),
            "consent_text": _("Consent text"),
            "consent_version": _("Version of the consent text"),
            "question": _("The question in one sentence"),
            "redundancy": _("People per task"),
            "target_dice": _("Target quality (Dice)"),
            "strategy": _("How slices are chosen"),
            "max_rounds": _("Rounds at most"),
            "lease_minutes": _("Minutes a volunteer may keep a task"),
        }
        help_texts = {
            "question": _("What volunteers look for: “Where are the lipid droplets?”"),
            "guide": _("Stands beside the canvas. Markdown: ## for headings, *emphasis*, lists."),
            "tutorial": _(
                "What newcomers see before their first slice, card by card: each heading begins "
                "one. How the tools work is shown after it anyway."
            ),
            "redundancy": _("Counts for tasks of the next round on."),
            "consent_version": _(
                "Each correction records it. A new text gets the next number by itself, and people "
                "are asked again."
            ),
            "lease_minutes": _(
                "Then the place is free for somebody else; a late mask still counts."
            ),
        }
        widgets = {
            "guide": forms.Textarea(attrs={"rows": 12}),
            "tutorial": forms.Textarea(attrs={"rows": 6}),
            "consent_text": forms.Textarea(attrs={"rows": 4}),
            "target_dice": forms.NumberInput(attrs={"step": "0.005"}),
            "strategy": forms.Select,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        study = self.instance
        self.fields["strategy"] = forms.ChoiceField(
            label=_("How slices are chosen"), choices=strategy_choices(study.strategy)
        )
        self.initial["visibility"] = visibility_of(study)
        self.initial["round_percent"] = round(study.round_share * 100, 3)
        self.initial["audit_percent"] = round(study.audit_share * 100, 3)

    def changes(self) -> dict[str, Any]:
        """The cleaned values as fields of Study."""
        data = dict(self.cleaned_data)
        data.update(visibility_fields(data.pop("visibility")))
        data["round_share"] = data.pop("round_percent") / 100
        data["audit_share"] = data.pop("audit_percent") / 100
        return data


STRATEGIES = {
    "expected_error": _("Where most error is expected to go for the time it takes"),
    "discriminator": _("Where the discriminator finds the proposal unreal"),
    "entropy": _("Where the model is least sure"),
    "clasp_pe": _("Where the model is least sure, each class in turn, with chance (ClaSP PE)"),
    "foreground_random": _("At random, mostly among what the model marks"),
    "bisection": _("Between the slices known so far"),
    "spread": _("Those that stand for the most others"),
    "uniform": _("Evenly along z"),
    "random": _("At random"),
}


def strategy_choices(current: str) -> list[tuple[str, StrOrPromise]]:
    return [(name, STRATEGIES.get(name, name)) for name in strategies_for(current)]
