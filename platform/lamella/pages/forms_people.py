"""Adding people to a study and changing their role."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lamella.accounts.models import User
from lamella.languages.sentences import said
from lamella.notices.models import PLACES, TEXT_LENGTH
from lamella.studies.members import MemberError, person_named
from lamella.studies.models import Role


class AddMemberForm(forms.Form):
    username = forms.CharField(
        max_length=150, label=_("User name"), help_text=_("The person needs an account here first.")
    )
    role = forms.ChoiceField(label=_("Role"), initial=Role.VOLUNTEER)

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(role.value, role.label) for role in roles]
        self.fields["role"] = forms.ChoiceField(choices=choices, label=_("Role"))

    def clean_username(self) -> User:
        try:
            return person_named(str(self.cleaned_data["username"]))
        except MemberError as error:
            raise forms.ValidationError(said(str(error))) from error


class InviteForm(forms.Form):
    email = forms.EmailField(
        required=False,
        label=_("Mail address"),
        help_text=_("Leave it empty for a link that you hand on yourself."),
    )
    role = forms.ChoiceField(label=_("Role"))
    places = forms.IntegerField(
        initial=1,
        min_value=PLACES[0],
        max_value=PLACES[1],
        label=_("For how many people"),
        help_text=_("A link for several people makes volunteers only."),
    )

    def __init__(self, *args: Any, roles: Sequence[Role], **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "invite")
        super().__init__(*args, **kwargs)
        choices = [(role.value, role.label) for role in roles]
        self.fields["role"] = forms.ChoiceField(choices=choices, label=_("Role"))


class AnnounceForm(forms.Form):
    text = forms.CharField(
        max_length=TEXT_LENGTH,
        label=_("What shall everybody know?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands on the study’s first page, and goes to every member as a notice."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "announce")
        super().__init__(*args, **kwargs)


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)
