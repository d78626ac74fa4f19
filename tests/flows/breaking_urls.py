"""Every address of the site, and one whose view breaks with somebody's words in its hands."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as every_address


def breaks(request: HttpRequest, words: str) -> HttpResponse:
    try:
        raise KeyError(words)
    except KeyError as error:
        raise RuntimeError(f"cannot read {words}, which {request.user} wrote") from error


urlpatterns = [*every_address, path("breaks/<str:words>", breaks)]
