"""What the machine can and cannot see, how it has been doing, and what a candidate would change."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from chat.kernel import clock
from chat.models import WorkerBeat
from chat.models.beat import SCREENING
from moderation.classifiers.labels import PUBLISHED_ONLY
from moderation.classifiers.shipped import shipped_version
from moderation.comparison import comparison_for, latest_candidate
from moderation.models import RateAlarm
from moderation.policy import POLICY_VERSION, RULES
from moderation.quality import card_is_about, card_lines, weekly_precision
from moderation.rates import SMALL
from moderation.shadow_state import shadow_state
from moderation.views.reviews import _viewer, for_staff

ALARMS_SHOWN = 10


@require_GET
@for_staff
def machine(request: HttpRequest) -> HttpResponse:
    """In plain words: what it looks for, what it misses, and this week's figures."""
    now = clock.now()
    beat = WorkerBeat.objects.filter(name=SCREENING).first()
    running = beat.detail if beat else ""
    another = bool(running) and not card_is_about(running)
    context = {
        "rules": [
            (str(label), rule)
            for label, rule in RULES.items()
            if another or label not in PUBLISHED_ONLY
        ],
        "policy_version": POLICY_VERSION,
        "reader_awake": WorkerBeat.objects.is_awake(SCREENING, now=now),
        "versions": running,
        "precision": weekly_precision(now),
        "few": SMALL,
        "card": card_lines(),
        "card_version": shipped_version(),
        "another_reads": another,
        "alarms": RateAlarm.objects.order_by("-began_at")[:ALARMS_SHOWN],
    }
    return render(request, "moderation/machine.html", context)


@require_GET
@for_staff
def shadow(request: HttpRequest) -> HttpResponse:
    """The candidate beside the live readers: counts, and what would have gone another way.

    Where none reads now, what the last one found is shown as that, and not as what is coming.
    """
    state = shadow_state(clock.now())
    key = state.key or latest_candidate()
    context = {
        "comparison": comparison_for(_viewer(request), key) if key else None,
        "runs": bool(state.key),
        "broken": state.broken,
        "asked": bool(settings.SHADOW_CHECKPOINT or settings.SHADOW_POLICY),
        "few": SMALL,
    }
    return render(request, "moderation/machine_shadow.html", context)
