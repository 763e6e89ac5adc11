"""The form of a training run that starts elsewhere than usual."""

from itertools import groupby
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from lamella.learning.models import ModelVersion
from lamella.learning.origins import origins_for
from lamella.loop.training import Begin
from lamella.pages.config_words import CHOICES
from lamella.studies.access import Person
from lamella.studies.models import Study

TAKEN = tuple(CHOICES["taken"].items())
TRAINABLE = tuple(CHOICES["trainable"].items())


class StartForm(forms.Form):
    """Where training begins, as the person may choose; defaults are those of the usual run."""

    start_from = forms.ChoiceField(
        label=_("Start from"),
        help_text=_("The head of a version that you choose by name is made anew."),
        error_messages={
            "invalid_choice": _(
                "There is no such version to start from, or it is not yours to see; "
                "choose one of the list."
            )
        },
    )
    taken = forms.ChoiceField(
        choices=TAKEN, label=_("Take"), help_text=_("Of a version that you choose by name.")
    )
    trainable = forms.ChoiceField(choices=TRAINABLE, label=_("Train"))

    def __init__(
        self, *args: Any, user: Person, study: Study, serving: ModelVersion | None
    ) -> None:
        """``serving``: the study's version that serves."""
        super().__init__(*args)
        # What the study's settings say is what the usual run does.
        settings = study.settings.get("train", {})
        for name in ("taken", "trainable"):
            self.fields[name].initial = settings.get(name, "everything")
        self._origins = {str(version.pk): version for version in origins_for(user, study)}
        usual: list[tuple[str, StrOrPromise]] = [(Begin.NOTHING.value, _("nothing, from scratch"))]
        if serving is not None and serving.kind == ModelVersion.Kind.TRAINED:
            usual.insert(
                0,
                (
                    Begin.SERVING.value,
                    gettext("version %(number)s, which serves") % {"number": serving.number},
                ),
            )
        groups = groupby(self._origins.values(), key=lambda version: version.study)
        field = self.fields["start_from"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (_("As usual"), usual),
            *((of.title, [_choice(version) for version in found]) for of, found in groups),
        ]

    @property
    def begin(self) -> Begin | ModelVersion:
        """Where to begin, once the form is known to be valid."""
        chosen = str(self.cleaned_data["start_from"])
        return self._origins[chosen] if chosen in self._origins else Begin(chosen)


def _choice(version: ModelVersion) -> tuple[str, str]:
    pretrained = version.kind == ModelVersion.Kind.PRETRAINED
    word = version.get_kind_display() if pretrained else version.get_state_display()
    told = gettext("version %(number)s, %(state)s") % {"number": version.number, "state": word}
    return str(version.pk), told
