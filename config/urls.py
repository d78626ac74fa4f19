"""Every address of the site."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("config.health")),
    path("", include("chat.urls")),
    path("help/", include("triage.help_urls")),
    path("moderation/", include("moderation.urls")),
    path("triage/", include("triage.urls")),
]
