"""Adding people to a study and changing their role."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lamella.accounts.models import User
from lamella.languages.sentences import said
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


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)
