"""The forms of a new study and of a study's settings."""

from typing import Any

from django import forms

from lamella.studies.models import LabelDtype, Study
from lamella.studies.services import CLASS_COLORS, ClassSpec

DEFAULT_GUIDE = """\
## What to mark

Say in one sentence what belongs to the object and what does not.

## Where it is hard

Describe one or two look-alikes, and how to tell them apart.

Practice and test slices with a known answer are mixed in; they help us and you to see how well \
it goes.
"""

VISIBILITY = [
    ("members", "Members only"),
    ("accounts", "Everybody may look, people with an account may help"),
    ("everybody", "Everybody may look and help, without an account too"),
]


class StudyForm(forms.Form):
    """Title to visibility; everything has a default that makes sense."""

    title = forms.CharField(max_length=120, help_text="Short, as it stands in lists: “Liver 3”.")
    question = forms.CharField(
        max_length=300,
        label="The question in one sentence",
        help_text="What volunteers look for: “Where are the lipid droplets?”",
    )
    guide = forms.CharField(
        required=False,
        initial=DEFAULT_GUIDE,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text="Stands beside the canvas. Markdown: ## for headings, *emphasis*, lists.",
    )
    consent_text = forms.CharField(
        label="Consent text",
        initial=Study._meta.get_field("consent_text").default,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What volunteers agree to. Each correction records the version they saw.",
    )
    visibility = forms.ChoiceField(
        label="Who may take part", choices=VISIBILITY, initial="members", widget=forms.RadioSelect
    )
    redundancy = forms.IntegerField(
        label="People per task",
        initial=3,
        min_value=1,
        max_value=20,
        help_text="How many volunteers correct the same slice, blind to each other.",
    )
    target_dice = forms.FloatField(
        label="Target quality",
        initial=0.95,
        min_value=0.5,
        max_value=0.999,
        widget=forms.NumberInput(attrs={"step": "0.005"}),
        help_text="Dice of the whole cube at which the study stops asking (0.95 is near what two "
        "people agree on).",
    )
    objects = forms.ChoiceField(
        label="What a mask holds",
        choices=[
            ("uint8", "Classes (up to 254)"),
            ("uint16", "Single objects, each with its own number (up to 65,534)"),
            ("uint32", "Single objects, each with its own number (billions)"),
        ],
        initial="uint8",
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
            "instances": data["objects"] != LabelDtype.UINT8,
            **visibility_fields(data["visibility"]),
        }


def visibility_fields(choice: str) -> dict[str, bool]:
    return {"public": choice != "members", "anonymous": choice == "everybody"}


def visibility_of(study: Study) -> str:
    if not study.public:
        return "members"
    return "everybody" if study.anonymous else "accounts"


class ClassForm(forms.Form):
    name = forms.CharField(max_length=60, required=False, label="Name")
    color = forms.RegexField(
        r"^#[0-9A-Fa-f]{6}$",
        label="Colour",
        widget=forms.TextInput(attrs={"type": "color"}),
        error_messages={"invalid": "Give the colour as #RRGGBB."},
    )


class BaseClassFormSet(forms.BaseFormSet[ClassForm]):
    """Rows without a name are left out; one named row is needed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault(
            "initial",
            [
                {"name": "object" if i == 0 else "", "color": color}
                for i, color in enumerate(CLASS_COLORS[:4])
            ],
        )
        super().__init__(*args, **kwargs)

    def clean(self) -> None:
        if any(self.errors):
            return
        names = [form.cleaned_data.get("name", "").strip() for form in self.forms]
        named = [name for name in names if name]
        if not named:
            raise forms.ValidationError("Name at least one class: what is it that people mark?")
        if len({name.lower() for name in named}) < len(named):
            raise forms.ValidationError("Two classes have the same name; give each its own.")

    def specs(self) -> list[ClassSpec]:
        named = [f.cleaned_data for f in self.forms if f.cleaned_data.get("name", "").strip()]
        return [
            ClassSpec(value, data["name"].strip(), data["color"])
            for value, data in enumerate(named, start=1)
        ]


class ClassFormSet(BaseClassFormSet):
    """Seven classes at most: as many colours as can be told apart by every eye."""

    form = ClassForm
    renderer = None
    extra = 0
    min_num = 0
    max_num = 7
    absolute_max = 7
    can_order = False
    can_delete = False
    can_delete_extra = False
    validate_min = False
    validate_max = True
    edit_only = False


class PolicyForm(forms.ModelForm[Study]):
    """What can be changed while a study runs."""

    visibility = forms.ChoiceField(
        label="Who may take part", choices=VISIBILITY, widget=forms.RadioSelect
    )
    round_percent = forms.FloatField(
        label="Slices per round, in %",
        min_value=0.1,
        max_value=100,
        widget=forms.NumberInput(attrs={"step": "0.1"}),
        help_text="Share of all slices that each round sends to volunteers.",
    )
    audit_percent = forms.FloatField(
        label="Audited per round, in %",
        min_value=0,
        max_value=100,
        widget=forms.NumberInput(attrs={"step": "0.1"}),
        help_text="Drawn at random beside them, without telling anyone which: the certificate "
        "rests on these.",
    )

    class Meta:
        model = Study
        fields = [
            "title",
            "question",
            "guide",
            "consent_text",
            "consent_version",
            "redundancy",
            "target_dice",
            "strategy",
            "max_rounds",
            "lease_minutes",
        ]
        labels = {
            "question": "The question in one sentence",
            "redundancy": "People per task",
            "target_dice": "Target quality (Dice)",
            "strategy": "How slices are chosen",
            "max_rounds": "Rounds at most",
            "lease_minutes": "Minutes a volunteer may keep a task",
        }
        help_texts = {
            "redundancy": "Counts for tasks of the next round on.",
            "consent_version": "Change it together with the text: each correction records it.",
            "lease_minutes": "Then the place is free for somebody else; a late mask still counts.",
        }
        widgets = {
            "guide": forms.Textarea(attrs={"rows": 12}),
            "consent_text": forms.Textarea(attrs={"rows": 4}),
            "target_dice": forms.NumberInput(attrs={"step": "0.005"}),
            "strategy": forms.Select,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        study = self.instance
        self.fields["strategy"] = forms.ChoiceField(
            label="How slices are chosen", choices=strategy_choices(study.strategy)
        )
        self.initial["visibility"] = visibility_of(study)
        self.initial["round_percent"] = round(study.round_share * 100, 3)
        self.initial["audit_percent"] = round(study.audit_share * 100, 3)

    def save(self, commit: bool = True) -> Study:
        study = super().save(commit=False)
        for name, value in visibility_fields(self.cleaned_data["visibility"]).items():
            setattr(study, name, value)
        study.round_share = self.cleaned_data["round_percent"] / 100
        study.audit_share = self.cleaned_data["audit_percent"] / 100
        if commit:
            study.save()
        return study


STRATEGIES = {
    "discriminator": "Where the discriminator finds the proposal unreal",
    "entropy": "Where the model is least sure",
    "bisection": "Between the slices known so far",
    "uniform": "Evenly along z",
    "random": "At random",
}


def strategy_choices(current: str) -> list[tuple[str, str]]:
    choices = dict(STRATEGIES)
    choices.setdefault(current, current)
    return list(choices.items())
