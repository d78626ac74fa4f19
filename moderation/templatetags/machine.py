"""The alarm banner for every staff page, and shares in words."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from moderation import card_words
from moderation.models import RateAlarm
from moderation.policy import RULES
from moderation.rates import Share

register = template.Library()
register.filter(card_words.task_words)
register.filter(card_words.set_words)

DAY_HOURS = 24


@register.inclusion_tag("moderation/_alarms.html")
def machine_alarms() -> dict[str, Any]:
    """Alarms that stand now; nothing is drawn without one."""
    return {"alarms": list(RateAlarm.objects.filter(ended_at__isnull=True).order_by("began_at"))}


@register.filter
def label_words(label: str) -> str:
    """What a label means, in the policy's words."""
    return RULES[label].words if label in RULES else label


@register.filter
def time_words(hours: float) -> str:
    """``24 h``, or ``7 days`` where it is more than one."""
    if hours <= DAY_HOURS:
        return _("%(n)d h") % {"n": round(hours)}
    return _("%(n)d days") % {"n": round(hours / DAY_HOURS)}


@register.filter
def weeks_ago(count: int) -> str:
    """The head of a column of weeks."""
    if count == 0:
        return _("This week")
    return ngettext("%(n)d week before", "%(n)d weeks before", count) % {"n": count}


@register.filter
def share_words(share: Share | None) -> str:
    """``7 of 12 (32 to 81 %)``, or that there are too few to say."""
    if share is None:
        return "–"
    if share.small:
        return _("too few")
    return _("%(hits)d of %(of)d (%(low)d to %(high)d %%)") % {
        "hits": share.hits,
        "of": share.of,
        "low": round(100 * share.low),
        "high": round(100 * share.high),
    }


@register.filter
def percent(value: float | None) -> str:
    """A share as a whole percentage, with one decimal below ten."""
    if value is None:
        return "–"
    return f"{100 * value:.1f} %" if value < 0.1 else f"{100 * value:.0f} %"
