"""What clinicians fill in. Each refusal is a sentence of the catalogue."""

from __future__ import annotations

from django import forms

from triage.actions.notes import LONGEST_NOTE
from triage.models.case import NO_SIGN
from triage.states import OUTCOMES_OF_A_TALK
from triage.words import OUTCOMES, refusal


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

    words = forms.CharField(max_length=LONGEST_NOTE, required=False)


class NoteForm(forms.Form):
    """A line for whoever comes next."""

    body = forms.CharField(
        max_length=LONGEST_NOTE, error_messages={"required": refusal("note_empty")}
    )
