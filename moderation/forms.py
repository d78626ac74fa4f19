"""What the moderators' forms may say; everything else is decided in the actions."""

from __future__ import annotations

from django import forms


class DecisionForm(forms.Form):
    """A decision, the rule it rests on, and the page it was made from."""

    decision = forms.CharField(max_length=8)
    clause = forms.CharField(max_length=30, required=False)
    version = forms.IntegerField(min_value=1)
    revision = forms.IntegerField(min_value=1)


class HandOverForm(forms.Form):
    """Which words were on the page from which a clinician is asked."""

    revision = forms.IntegerField(min_value=1)
