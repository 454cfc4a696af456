"""Forms of the pages about people."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.utils import timezone
from django_otp import match_token, user_has_device
from unfold.forms import AuthenticationForm
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from people.invitations import role_of
from people.models import ApiToken
from people.roles import EXPLAINED, PersonRole

ROLES = [(role.value, f"{role.value}: {EXPLAINED[role]}") for role in PersonRole]
WRONG_CODE = (
    "The code is missing or wrong. After a wrong one wait a little: the right one is refused, too,"
    " for some seconds, and longer each time."
)


class CodeInput(UnfoldAdminTextInputWidget):
    def __init__(self) -> None:
        super().__init__(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})


class LoginForm(AuthenticationForm):
    code = forms.CharField(
        required=False,
        label="Code",
        max_length=16,
        widget=CodeInput,
        help_text="Only if you set up a second factor",
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean()
        user = self.get_user()
        if user is not None and user_has_device(user):
            user.otp_device = match_token(user, data.get("code", "").strip())
            if user.otp_device is None:
                raise forms.ValidationError(WRONG_CODE)
        return data


class PersonForm(forms.ModelForm):
    """`role` is which of the three groups; a person may be in others beside it."""

    role = forms.ChoiceField(choices=ROLES, widget=UnfoldAdminRadioSelectWidget)

    class Meta:
        model = User
        fields = ["username", "email"]
        labels = {"username": "Name", "email": "Mail"}
        help_texts = {"username": "Typed at each login: letters, digits and @ . + - _"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "is_active" in self.fields:
            self.fields["is_active"].help_text = "Off: may not log in, and is not forgotten."
        if self.instance.pk:
            self.fields["role"].initial = role_of(self.instance)
            self.fields["role"].required = False
        elif "email" in self.fields:
            self.fields["email"].required = True


class TokenForm(forms.ModelForm):
    ends = forms.DateField(widget=UnfoldAdminSingleDateWidget, help_text="The last day it works")

    class Meta:
        model = ApiToken
        fields = ["name", "scope"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ends"].initial = timezone.now().date() + timedelta(days=365)

    def clean_ends(self) -> date:
        ends: date = self.cleaned_data["ends"]
        if not timezone.now().date() <= ends <= timezone.now().date() + timedelta(days=3650):
            raise forms.ValidationError("From today on, and within ten years.")
        return ends


class NewPasswordForm(SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("new_password1", "new_password2"):
            attributes = {"autocomplete": "new-password"}
            self.fields[name].widget = UnfoldAdminPasswordWidget(attrs=attributes)


class CodeForm(forms.Form):
    code = forms.CharField(label="Code", max_length=16, widget=CodeInput)
