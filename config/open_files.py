"""How many files a process may hold open: a socket is one, and most systems begin at 1,024.

Past that a server takes no phone at all and says so only in its log, long before the cap of ours is
reached that sends people elsewhere. What the system allows us to take, we take at the start.
"""

from __future__ import annotations

import logging
import resource
from typing import Final

log = logging.getLogger("lantern.start")

BESIDE_SOCKETS: Final = 256
"""Connections to the database and Redis, logs, static files and pages that are being fetched."""


def allow_sockets(count: int) -> bool:
    """Raise this process's own limit as far as the system lets it; whether so many then fit.

    A warning names what to change where they do not.
    """
    needed = count + BESIDE_SOCKETS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft != hard:
        # Where nothing is said to be too much (macOS), the kernel still refuses that.
        wanted = max(soft, needed) if hard == resource.RLIM_INFINITY else hard
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
        except (OSError, ValueError):
            pass  # Said below, where it is too little.
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return True
    log.warning(
        "this process may open %d files, too few for %d sockets: give it LimitNOFILE=%d or more, "
        "or set SOCKETS_PER_PROCESS lower",
        soft,
        count,
        needed,
    )
    return False
