"""Every page worth a picture, act by act: the bare site, the living one, and nobody reading."""

from __future__ import annotations

from collections.abc import Callable

from tests.screens.camera import Shot
from tests.screens.mishaps import MISHAPS
from tests.screens.staff import STAFF, STAFF_BARE, STAFF_UNREAD
from tests.screens.stage import Stage
from tests.screens.young import YOUNG, YOUNG_BARE, YOUNG_UNREAD

ACTS: list[tuple[Callable[[Stage], None], list[Shot]]] = [
    (Stage.open_bare, [*STAFF_BARE, *YOUNG_BARE]),
    (Stage.open_lived_in, [*YOUNG, *MISHAPS, *STAFF]),
    (Stage.open_unread, [*YOUNG_UNREAD, *STAFF_UNREAD]),
]
