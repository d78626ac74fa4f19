"""What the figures beside a checkpoint are about, in words for staff. Words only, no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _l

from moderation.policy import RULES

Words = str | Promise

TASKS: Final[Mapping[str, Words]] = MappingProxyType({"crisis": _l("The writer may be in danger")})
"""Tasks that are no label of their own, as ``moderation.training.evaluation`` names them."""

MEASURED_ON: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "cssrs_reddit_500": _l("posts from online support groups, sorted by psychiatrists"),
        "openai_moderation_1680": _l("short texts collected to try such machines on"),
        "rallypoint_suicide": _l("posts from an online network of soldiers and veterans"),
        "sdcnl": _l("posts about suicide beside posts about depression"),
        "messages written for it, a fifth held out": _l(
            "messages written for the machine, and kept from it until then"
        ),
    }
)
"""Sets of messages by the names that researchers gave them: what is in them is what counts here."""

ANOTHER_SET: Final = _l("messages from another collection")


def task_words(task: str) -> str:
    """What was looked for."""
    return RULES[task].words if task in RULES else str(TASKS.get(task, task))


def set_words(source: str) -> str:
    """Where the messages came from that it was measured on, for who never read the paper."""
    return str(MEASURED_ON.get(source, ANOTHER_SET))
