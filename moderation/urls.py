"""Addresses of moderation."""

from __future__ import annotations

from django.urls import path
from django.urls.resolvers import URLPattern

from moderation.views import machine, reviews

urlpatterns: list[URLPattern] = [
    path("", reviews.queue, name="moderation-queue"),
    path("rows", reviews.rows, name="moderation-rows"),
    path("next", reviews.take_next, name="moderation-next"),
    path("machine", machine.machine, name="machine"),
    path("machine/shadow", machine.shadow, name="machine-shadow"),
    path("<int:review_id>", reviews.review, name="review"),
    path("<int:review_id>/claim", reviews.claim, name="review-claim"),
    path("<int:review_id>/release", reviews.release, name="review-release"),
    path("<int:review_id>/decide", reviews.decide, name="review-decide"),
    path("<int:review_id>/hand-over", reviews.hand_over, name="review-hand-over"),
    path("unread/<int:message_id>", reviews.unread, name="unread"),
    path("unread/<int:message_id>/claim", reviews.claim_unread, name="unread-claim"),
]
