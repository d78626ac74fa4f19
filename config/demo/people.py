"""Who is in the demo."""

from __future__ import annotations

from dataclasses import dataclass

from chat.models import User
from chat.states import AgeBand, Role


@dataclass(frozen=True, slots=True)
class Colleague:
    username: str
    nickname: str
    role: Role


PASSWORD = "lantern-demo-light"  # noqa: S105 — of the demo only; production refuses to seed it.

COLLEAGUES = (
    Colleague("mo", "Mo", Role.MODERATOR),
    Colleague("cleo", "Cleo", Role.CLINICIAN),
    Colleague("dan", "Dan", Role.CLINICIAN),
    Colleague("lee", "Lee", Role.SHIFT_LEAD),
    Colleague("robin", "Robin", Role.CLINICIAN),
)
SIMULATED_COLLEAGUE = "robin"
"""Answers those whom the simulation lets ask for help; the others are for you to sign in as."""

YOUNG_PEOPLE = {
    "Ada": AgeBand.A16_17,
    "Ben": AgeBand.A14_15,
    "Sal": AgeBand.A16_17,
    "Eve": AgeBand.A18_25,
    "Juno": AgeBand.A16_17,
    "Theo": AgeBand.A16_17,
    "Kit": AgeBand.A14_15,
    "Wren": AgeBand.A14_15,
    "Priya": AgeBand.A16_17,
    "Otis": AgeBand.A14_15,
    "Iris": AgeBand.A16_17,
    "Remy": AgeBand.A16_17,
    "Nell": AgeBand.A14_15,
    "Sam": AgeBand.A14_15,
    "Pip": AgeBand.A11_13,
    "Fern": AgeBand.A11_13,
    "Cal": AgeBand.A18_25,
}
WITH_PHRASE = ("Ada", "Ben")
"""Whose recovery phrase is printed, so that you can be them; nobody else speaks for them."""

TALKERS = ("Priya", "Otis", "Iris", "Remy", "Nell", "Sam")
"""Who keeps talking while the doors are open."""


def find_young_person(nickname: str) -> User | None:
    """The demo's person of that name, if they are here already."""
    return User.objects.filter(nickname=nickname, role=Role.YOUNG_PERSON, is_simulated=True).first()
