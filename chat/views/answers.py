"""How the addresses that phones ask by plain HTTPS take a request, and answer or refuse it."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse

from chat.kernel.errors import DomainError, Invalid
from chat.realtime import protocol
from chat.words import refusal

Asked = TypeVar("Asked", bound=msgspec.Struct)


class SignedOut(DomainError):
    """The session is over; the page says where to come in again."""

    code = "signed_out"
    http_status = 401


def refused(error: DomainError) -> JsonResponse:
    """The refusal as the socket would say it, with the status that fits."""
    body = {"code": error.code, "text": refusal(error.code), "permanent": error.permanent}
    return JsonResponse(body, status=error.http_status)


def answer(frame: msgspec.Struct) -> HttpResponse:
    """A frame, or a part of one, as the whole answer."""
    return HttpResponse(msgspec.json.encode(frame), content_type="application/json")


def read(request: HttpRequest, kind: type[Asked]) -> Asked:
    """What the phone asks for, or :class:`Invalid` with the code that the socket would give."""
    try:
        raw = request.body
    except RequestDataTooBig as error:
        raise Invalid("frame_too_large") from error
    if len(raw) > protocol.MAX_FRAME_BYTES:
        raise Invalid("frame_too_large")
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        raise Invalid("frame_unknown") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise Invalid("frame_not_json") from error
