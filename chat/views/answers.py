"""How the addresses that phones ask by plain HTTPS take a request, and answer or refuse it."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse

from chat.kernel.errors import DomainError, Invalid, SlowDown
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


def say_why(form: Form, error: DomainError) -> None:
    """The refusal under the words, which stay in their field."""
    form.add_error("body", ValidationError(refusal(error.code), code=error.code))


def status_of(form: Form) -> int:
    """The status of the page that shows this form again."""
    if not form.errors:
        return 200
    return SlowDown.http_status if form.has_error("body", SlowDown.code) else 422


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
        text = raw.decode()
    except UnicodeError as error:
        raise Invalid("frame_not_json") from error
    return protocol.read_strictly(text, msgspec.json.Decoder(kind))
