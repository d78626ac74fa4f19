"""Addresses of chat."""

from __future__ import annotations

from django.urls import path

from chat.views import arrive, conversations, offline, own_words, spaces, staff, talks
from chat.views import help as help_views

urlpatterns = [
    path("", arrive.home, name="home"),
    path("start", arrive.start, name="start"),
    path("phrase", arrive.phrase, name="phrase"),
    path("come-back", arrive.come_back, name="come-back"),
    path("carry-on", arrive.carry_on, name="carry-on"),
    path("leave", arrive.leave, name="leave"),
    path("sign-out", arrive.sign_out, name="sign-out"),
    path("how-it-works", arrive.about, name="about"),
    path("me", arrive.my_space, name="my-space"),
    path("help", help_views.help_now, name="help"),
    path("spaces", spaces.spaces, name="spaces"),
    path("spaces/<slug:slug>", spaces.space, name="space"),
    path("spaces/<slug:slug>/<int:conversation_id>", spaces.thread, name="thread"),
    path("talk", talks.talks, name="talks"),
    path("talk/<int:conversation_id>", talks.talk, name="talk"),
    path(
        "conversations/<int:conversation_id>/since/<int:seq>",
        conversations.since,
        name="conversation-since",
    ),
    path("conversations/<int:conversation_id>/send", conversations.send, name="conversation-send"),
    path(
        "conversations/<int:conversation_id>/before/<int:position>",
        conversations.earlier,
        name="conversation-earlier",
    ),
    path("messages/<int:message_id>/change", own_words.change, name="message-change"),
    path("messages/<int:message_id>/withdraw", own_words.withdraw, name="message-withdraw"),
    path("staff", staff.staff_home, name="staff-home"),
    path("staff/sign-in", staff.sign_in, name="staff-sign-in"),
    path("staff/sign-out", staff.sign_out, name="staff-sign-out"),
    path("sw.js", offline.service_worker, name="service-worker"),
    path("offline", offline.offline, name="offline"),
]
