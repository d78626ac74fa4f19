"""What clinicians fill in. Each refusal is a sentence of the catalogue."""

from __future__ import annotations

from typing import Any

from django import forms

from triage.actions.notes import LONGEST_NOTE
from triage.models.case import NO_SIGN
from triage.states import OUTCOMES_OF_A_TALK
from triage.words import HAND_BACK_LINE, OUTCOMES, refusal


class Lines(forms.CharField):
    """Words of some lines, as long as their writer saw them to be.

    A browser counts the end of a line as one character and sends two: a note that just fits its
    field would be refused for its lines.
    """

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return (text or "").replace("\r\n", "\n")


class CloseForm(forms.Form):
    """How it ended; one of a literal list, so that outcomes can be counted."""

    outcome = forms.ChoiceField(
        choices=[(code.value, str(OUTCOMES[code])) for code in OUTCOMES_OF_A_TALK],
        widget=forms.RadioSelect,
        error_messages={
            "required": refusal("outcome_missing"),
            "invalid_choice": refusal("outcome_missing"),
        },
    )
    shown = forms.IntegerField(required=False, min_value=0)
    head = forms.IntegerField(required=False, min_value=0)

    def clean_shown(self) -> int:
        """The newest sign that the page showed; a page that does not say showed none."""
        return int(self.cleaned_data["shown"] or NO_SIGN)

    def clean_head(self) -> int:
        """How far the page had drawn the talk; a page that does not say had drawn nothing."""
        return int(self.cleaned_data["head"] or 0)


class HandBackForm(forms.Form):
    """What the person is told, in the clinician's name; empty says nothing."""

    words = Lines(
        max_length=LONGEST_NOTE,
        required=False,
        initial=HAND_BACK_LINE,
        error_messages={
            "max_length": refusal("words_too_long"),
            "null_characters_not_allowed": refusal("message_has_nul"),
        },
    )


class NoteForm(forms.Form):
    """A line for whoever comes next."""

    body = Lines(
        max_length=LONGEST_NOTE,
        error_messages={
            "required": refusal("note_empty"),
            "max_length": refusal("note_too_long"),
            "null_characters_not_allowed": refusal("message_has_nul"),
        },
    )
