"""Addresses of triage for young people, who should not have to read the word."""

from __future__ import annotations

from django.urls import path

from triage.views import giving_up

urlpatterns = [
    path("give-up", giving_up.give_up, name="help-give-up"),
    path("given-up", giving_up.given_up, name="help-given-up"),
]
