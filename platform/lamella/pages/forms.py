"""The forms of the pages. Widgets get their looks in templates/pages/parts/field.html."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from lamella.accounts.models import User
from lamella.accounts.services import check_password
from lamella.annotation.leaving import Marks


class ProfileForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ["credit_name", "email", "digest"]
        labels = {
            "credit_name": _("Name to thank you by"),
            "email": _("Mail address"),
            "digest": _("Mails about what you have not seen here"),
        }
        help_texts = {
            "credit_name": _(
                "Shown where a study thanks its volunteers. Leave it empty to stay unnamed."
            ),
            "email": _("To reset your password, and for the mails that you choose below."),
            "digest": _("Announcements, new roles, and for managers what their studies need."),
        }


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What is it for?"),
        max_length=100,
        help_text=_("For example “napari on my laptop”, so that you know which one to revoke."),
    )


class DeleteAccountForm(forms.Form):
    marks = forms.ChoiceField(
        label=_("What shall become of your marks?"),
        choices=Marks.choices,
        initial=Marks.KEEP,
        widget=forms.RadioSelect,
    )
    password = forms.CharField(
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        check_password(self.user, password)
        return password
