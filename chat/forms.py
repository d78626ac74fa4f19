"""What people fill in. Each refusal is a sentence of the catalogue, never Django's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.actions.nicknames import clean_nickname, gentle_nickname
from chat.actions.sending import clean_body
from chat.kernel.errors import DomainError
from chat.states import AgeBand
from chat.words import refusal

AGES = [
    (AgeBand.A11_13.value, _("11 to 13")),
    (AgeBand.A14_15.value, _("14 or 15")),
    (AgeBand.A16_17.value, _("16 or 17")),
    (AgeBand.A18_25.value, _("18 to 25")),
]


class HelloForm(forms.Form):
    """A nickname and an age band: all we ask for."""

    nickname = forms.CharField(
        max_length=60, error_messages={"required": refusal("nickname_letters")}
    )
    age_band = forms.ChoiceField(
        choices=AGES,
        widget=forms.RadioSelect,
        error_messages={
            "required": refusal("age_band_unknown"),
            "invalid_choice": refusal("age_band_unknown"),
        },
    )

    def clean_nickname(self) -> str:
        try:
            return clean_nickname(self.cleaned_data["nickname"])
        except DomainError as error:
            raise forms.ValidationError(refusal(error.code)) from error


class VisitorForm(HelloForm):
    """Somebody new who asks for help: no name need be thought of first."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nickname"].required = False

    def clean_nickname(self) -> str:
        return super().clean_nickname() if self.cleaned_data["nickname"] else gentle_nickname()


class StartForm(HelloForm):
    """Coming in: the same, and that they know who reads what."""

    agreed = forms.BooleanField(error_messages={"required": refusal("not_agreed")})


class ComeBackForm(forms.Form):
    """The six words."""

    phrase = forms.CharField(max_length=200, error_messages={"required": refusal("phrase_unknown")})


class ClientIdForm(forms.Form):
    """Every send carries the id that was made before it."""

    client_id = forms.UUIDField()


class WordsForm(forms.Form):
    """Words as somebody wants them kept."""

    body = forms.CharField(
        strip=False, required=False, widget=forms.Textarea, max_length=20_000, empty_value=""
    )

    def clean_body(self) -> str:
        try:
            return clean_body(self.cleaned_data["body"])
        except DomainError as error:
            raise forms.ValidationError(refusal(error.code)) from error


class ChangeForm(WordsForm):
    """Words in the place of others: of those that stood on the page."""

    revision = forms.IntegerField(required=False, min_value=1)


class MessageForm(WordsForm, ClientIdForm):
    """Words for a conversation, sent without JavaScript."""

    next = forms.CharField(required=False, max_length=300)


class HelpForm(ClientIdForm):
    """I need help now; perhaps about something they wrote."""

    about_message = forms.IntegerField(required=False, min_value=1)


class SignInForm(forms.Form):
    """For staff."""

    username = forms.CharField(max_length=64)
    password = forms.CharField(max_length=200, strip=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = refusal("sign_in_empty")
