"""A server does not stop to look again and again through what it loaded at its start."""

from __future__ import annotations

import subprocess
import sys

from tests.servers import ROOT

ASKED = """
import gc
import config.asgi
loaded, watched = gc.get_freeze_count(), len(gc.get_objects())
print(loaded > 10 * watched, gc.isenabled())
"""


def test_what_was_loaded_is_passed_over_by_the_collector() -> None:
    asked = [sys.executable, "-c", ASKED]
    found = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)

    assert found.stdout.split() == ["True", "True"], found.stdout + found.stderr
