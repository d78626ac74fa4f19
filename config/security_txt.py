"""Whom to tell of a weakness, where those who look for it look first (RFC 9116)."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from chat.kernel import clock

GOOD_FOR = dt.timedelta(days=30)
"""A copy somebody kept is not to be trusted for longer. The RFC advises less than a year."""


@require_GET
def security_txt(request: HttpRequest) -> HttpResponse:
    """The operator's contacts, the preferred first; not found where none was set."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = (clock.now() + GOOD_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACT]
    return HttpResponse(
        "\n".join([*lines, f"Expires: {expires}", "Preferred-Languages: en", ""]),
        content_type="text/plain; charset=utf-8",
    )
