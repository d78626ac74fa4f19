"""What a handshake would cost for nothing.

At each new connection Autobahn, below Daphne, draws up a list of its settings in words for a line
of its debug log, whether or not that is written anywhere. (It is nowhere: Daphne never starts that
log.) Where hundreds of phones come back at once it was a fifth of all that the process did.
"""

from __future__ import annotations

import sys


def draw_nothing(settings: object) -> str:
    """In place of the list."""
    return ""


def spare_the_list() -> None:
    """Does nothing under a server that does not use Autobahn."""
    module = sys.modules.get("autobahn.websocket.protocol")
    if module is not None:
        vars(module)["pformat"] = draw_nothing
