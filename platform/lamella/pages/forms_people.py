"""Adding people to a study and changing their role."""

from typing import Any

from django import forms

from lamella.accounts.models import User
from lamella.studies.models import Role


class AddMemberForm(forms.Form):
    """Managers add volunteers; admins add anybody."""

    username = forms.CharField(
        max_length=150, label="User name", help_text="The person needs an account here first."
    )
    role = forms.ChoiceField(label="Role", initial=Role.VOLUNTEER)

    def __init__(self, *args: Any, by_admin: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = Role.choices if by_admin else [(Role.VOLUNTEER.value, Role.VOLUNTEER.label)]
        self.fields["role"] = forms.ChoiceField(choices=roles, label="Role")

    def clean_username(self) -> User:
        name = str(self.cleaned_data["username"]).strip()
        user = User.objects.filter(username__iexact=name, is_active=True).first()
        if user is None:
            raise forms.ValidationError(
                f"Nobody here has the user name “{name}”; check the spelling, or ask them to "
                "sign up first."
            )
        return user


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)
