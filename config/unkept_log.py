"""What Autobahn, below Daphne, would write out for a debug log that nobody keeps.

Daphne never starts that log, but its lines are put together all the same: at each new connection a
list of all settings (a fifth of what the process did where hundreds of phones came back at once),
and with every piece of data names in colours (a thirtieth of the cost of a private message).
"""

from __future__ import annotations

import sys
from typing import Final

DRAWN: Final = {
    "autobahn.websocket.protocol": ("pformat", "hltype", "hlval"),
    "autobahn.twisted.websocket": ("hltype", "hlval"),
}
"""The functions that put such words together, by the modules that call them for nothing else."""


def draw_nothing(_: object) -> str:
    """In place of each of them."""
    return ""


def spare_the_log() -> None:
    """Does nothing under a server that does not use Autobahn."""
    for name, functions in DRAWN.items():
        module = sys.modules.get(name)
        if module is not None:
            vars(module).update(dict.fromkeys(functions, draw_nothing))
