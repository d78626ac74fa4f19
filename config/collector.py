"""Python's collector of garbage, told what a server of phones is made of.

A full collection walks every object there is, a tenth of a second for what was loaded at the start
alone, and meanwhile nobody is served. As it goes by how much was made, it came once a second where
many talked, for one message in eight of the process's time.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 20_000
"""Objects made, and not let go of, before the collector looks at the youngest.

Several times what a group of two hundred messages holds while it is saved, so that it is gone
before anybody looks.
"""


def spare_the_collector() -> None:
    """To be called once all is loaded: what is there now is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
