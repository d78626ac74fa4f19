"""Addresses of triage."""

from __future__ import annotations

from django.urls import path

from triage.views import case, queue

urlpatterns = [
    path("", queue.queue, name="triage-queue"),
    path("rows", queue.rows, name="triage-rows"),
    path("duty", queue.duty, name="duty"),
    path("next", case.take_next, name="case-next"),
    path("cases/<int:case_id>", case.case, name="case"),
    path("cases/<int:case_id>/claim", case.claim, name="case-claim"),
    path("cases/<int:case_id>/take-over", case.take_over, name="case-take-over"),
    path("cases/<int:case_id>/words", case.words, name="case-words"),
    path("cases/<int:case_id>/earlier", case.earlier, name="case-earlier"),
    path("cases/<int:case_id>/note", case.note, name="case-note"),
    path("cases/<int:case_id>/hand-back", case.hand_back, name="case-hand-back"),
    path("cases/<int:case_id>/close", case.close, name="case-close"),
    path("unlisted/<str:kind>/<int:source_id>/claim", case.claim_unlisted, name="unlisted-claim"),
]
