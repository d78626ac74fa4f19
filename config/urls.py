"""Every address of the site."""

from __future__ import annotations

from django.urls import include, path

from config.security_txt import security_txt

urlpatterns = [
    path("", include("config.health")),
    path(".well-known/security.txt", security_txt, name="security-txt"),
    path("", include("chat.urls")),
    path("help/", include("triage.help_urls")),
    path("moderation/", include("moderation.urls")),
    path("triage/", include("triage.urls")),
]
