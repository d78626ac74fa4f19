"""What a phone keeps of us for when there is no signal: one page with the numbers, nothing else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET


@require_GET
def service_worker(request: HttpRequest) -> HttpResponse:
    """Served from the root, so that it may answer for every page."""
    response = render(request, "chat/sw.js", content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """The same for everybody: no name, no token, safe to keep. Drawn without knowing who asks."""
    return HttpResponse(render_to_string("chat/offline.html"))
