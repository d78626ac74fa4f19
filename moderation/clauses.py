"""The rules of the spaces that a decision can rest on. Every decision names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from chat.kernel.errors import Invalid
from chat.states import Notice
from moderation.states import Decision

CLAUSES_VERSION: Final = "1"


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule, in the words staff choose it by, and the decision it can be the ground of.

    ``notice`` is what the author is told: the same rule, in kind words, with a next step.
    """

    code: str
    decision: Decision
    words: str | Promise
    notice: Notice = Notice.NONE


_ALL = (
    Clause("within_rules", Decision.PUBLISH, _("It keeps to the rules of the space")),
    Clause("feelings_welcome", Decision.PUBLISH, _("Hard feelings are welcome here")),
    Clause("recovery_welcome", Decision.PUBLISH, _("Getting better is worth telling")),
    Clause(
        "person_first",
        Decision.REMOVE,
        _("This needs a person, not the space"),
        Notice.FOR_A_PERSON,
    ),
    Clause("no_methods", Decision.REMOVE, _("No details of ways to get hurt"), Notice.METHODS),
    Clause("be_kind", Decision.REMOVE, _("Be kind to people here"), Notice.UNKIND),
    Clause("no_hate", Decision.REMOVE, _("No hate for who somebody is"), Notice.HATE),
    Clause("no_threats", Decision.REMOVE, _("No threats"), Notice.THREAT),
    Clause(
        "keep_private",
        Decision.REMOVE,
        _("No names, numbers, schools or addresses"),
        Notice.PRIVATE_DETAILS,
    ),
    Clause(
        "no_adult_approach", Decision.REMOVE, _("Nobody is drawn away from here"), Notice.DRAWN_AWAY
    ),
    Clause("not_the_place", Decision.REMOVE, _("It belongs somewhere else"), Notice.ANOTHER_PLACE),
)

CLAUSES: Final[Mapping[str, Clause]] = MappingProxyType({c.code: c for c in _ALL})


def clauses_for(decision: Decision) -> list[Clause]:
    """The rules somebody can choose from for this decision, in the order shown."""
    return [clause for clause in _ALL if clause.decision == decision]


def check_clause(decision: str, clause: str) -> None:
    """Raise :class:`Invalid` unless the clause is one that this decision can rest on."""
    known = CLAUSES.get(clause)
    if known is None or known.decision != decision:
        raise Invalid("clause_needed")
