"""What the templates of a conversation need beyond Django's own."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import msgspec
from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import json_script
from django.utils.safestring import SafeString

from chat import words
from chat.forms import AGES
from chat.models import Conversation
from chat.realtime.protocol import ConversationSnapshot, HelpView, MessageView

register = template.Library()

TITLE_LENGTH = 90


@register.simple_tag
def new_client_id() -> str:
    """The id of a send that a page without scripts may make; made before the send."""
    return str(uuid.uuid4())


@register.filter
def thread_title(conversation: Conversation) -> str:
    """The staff's title, or the first line of what the thread began with."""
    if conversation.title:
        return conversation.title
    opening = conversation.opening_message
    body = opening.opened() if opening is not None and opening.notice != "withdrawn" else ""
    first = (body or "").strip().partition("\n")[0].strip()
    if not first:
        return str(words.UNTITLED)
    return first if len(first) <= TITLE_LENGTH else f"{first[: TITLE_LENGTH - 1].rstrip()}…"


@register.filter
def at(view: MessageView) -> dt.datetime:
    """When it was written, as a time that templates can format."""
    return dt.datetime.fromisoformat(view.at)


@register.simple_tag
def state_words(view: MessageView, *, private: bool, me: int, staff: bool) -> str:
    """The sentence under a message."""
    return words.message_state_words(
        state=view.state,
        notice=view.notice,
        machine_reading=view.machine_reading,
        own=view.author.id == me,
        private=private,
        told=staff,
    )


@register.filter
def notice_words(view: MessageView) -> str:
    """What the author is told about it."""
    return "" if view.notice == "withdrawn" else str(words.NOTICES.get(view.notice, ""))


@register.filter
def role_words(role: str) -> str:
    """What somebody does here, in plain words."""
    return str(words.ROLES.get(role, ""))


@register.filter
def age_words(age_band: str) -> str:
    """ "14 or 15", as the form of coming in says it."""
    return str(dict(AGES).get(age_band, age_band))


@register.filter
def place_words(help_view: HelpView) -> str:
    """Where somebody stands; that nobody is here comes before any place in line."""
    if help_view.nobody_on_duty:
        return str(words.WAITING["nobody"])
    return words.place_words(help_view.place)


@register.filter
def wait_words(help_view: HelpView) -> str:
    """How long it will most likely take, or how old the last count is."""
    counted = ""
    if help_view.counted_at:
        at = timezone.localtime(dt.datetime.fromisoformat(help_view.counted_at))
        counted = str(words.WAITING["counted"]).format(time=date_format(at, "H:i"))
    if help_view.nobody_on_duty:
        return f"{words.nobody_words(help_view.place)} {counted}".strip()
    return counted or words.wait_words(help_view.wait_from_minutes, help_view.wait_to_minutes)


@register.simple_tag
def snapshot_data(snapshot: ConversationSnapshot, *, name: str) -> SafeString:
    """The snapshot as data for the page's script: never executed, never able to close its tag."""
    return _data(msgspec.to_builtins(snapshot), name)


@register.simple_tag
def page_words(*, name: str, staff: bool = False) -> SafeString:
    """The catalogue the scripts speak from; ``staff``: on a page of their own."""
    catalogue = {
        "live": {**words.LIVE, **words.LIVE_STAFF} if staff else words.LIVE,
        "states": words.STATES,
        "notices": words.NOTICES,
        "roles": words.ROLES,
        "waiting": words.WAITING,
    }
    plain = {
        group: {key: str(text) for key, text in texts.items()} for group, texts in catalogue.items()
    }
    return _data(plain, name)


def _data(value: Any, name: str) -> SafeString:
    return json_script(value, name)


@register.simple_tag
def emergency_numbers() -> list[tuple[str, Any, str]]:
    """For pages that are drawn without a request: the error pages."""
    return list(words.EMERGENCY_NUMBERS)


@register.simple_tag
def exit_url() -> str:
    """Where Leave goes, also from a page that is drawn without a request."""
    return str(settings.QUICK_EXIT_URL)
