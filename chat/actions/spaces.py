"""The rooms of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from chat.models import AuditRow, Space
from chat.states import AgeBand

PICTURES: Final = ("book", "heart", "moon", "path", "paw", "people", "weather", "window")
"""What can be drawn beside the name of a space (``_picture.html``)."""

KEPT_APART: Final = (AgeBand.A11_13, AgeBand.A18_25)
"""Neither the youngest nor grown-ups share a space with anybody else."""


def new_space(
    *,
    slug: str,
    name: str,
    about: str,
    age_bands: Sequence[str],
    rules: str = "",
    picture: str = "",
    premoderated: bool = False,
) -> Space:
    """A space as it would be; nothing is written. ``ValidationError`` says what does not fit."""
    space = Space(
        slug=slug,
        name=name,
        about=about,
        rules=rules.strip(),
        picture=picture,
        age_bands=f"|{'|'.join(sorted(set(age_bands)))}|",
        premoderated=premoderated,
        position=Space.objects.count(),
    )
    space.full_clean(validate_unique=False)
    if len(set(age_bands)) > 1 and not {*KEPT_APART}.isdisjoint(age_bands):
        alone = " and ".join(KEPT_APART)
        raise ValidationError({"age_bands": f"{alone} have spaces of their own: give each one."})
    return space


def add_space(space: Space) -> None:
    """Open a new space, after those that are there. Whoever runs the machine asks for this."""
    with transaction.atomic():
        space.save(force_insert=True)
        AuditRow.objects.record(verb="space.added", by=None, subject=f"space:{space.pk}")
