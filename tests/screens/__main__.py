"""``python -m tests.screens [NAME ...]``: all pictures, or those whose names begin so."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.needs import CHROMIUM, demand
from tests.screens.stage import prepare

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "screens"
MOST_BYTES = 12_000_000


def main(wanted: list[str]) -> int:
    """Take the pictures; 1 if axe, a script or a picture found something wrong."""
    demand([CHROMIUM])
    folder = Path(tempfile.mkdtemp(prefix="lantern-screens-"))
    prepare(folder)
    try:
        problems = _take(folder, wanted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size = sum(path.stat().st_size for path in DOCS.glob("*.png"))
    if size > MOST_BYTES:
        problems.append(
            f"docs/screens has {size / 1e6:.1f} MB of pictures, {MOST_BYTES / 1e6} at most"
        )
    say(*problems, f"{len(list(DOCS.glob('*.png')))} pictures, {size / 1e6:.1f} MB")
    return 1 if problems else 0


def _take(folder: Path, wanted: list[str]) -> list[str]:
    from playwright.sync_api import sync_playwright

    from tests.browsers import launch
    from tests.screens.camera import Camera
    from tests.screens.shots import ACTS
    from tests.screens.stage import Stage

    DOCS.mkdir(parents=True, exist_ok=True)
    if not wanted:
        for old in DOCS.glob("*.png"):
            old.unlink()
    stage = Stage(folder)
    with sync_playwright() as playwright:
        camera = Camera(launch(playwright), stage, DOCS)
        try:
            for setting, shots in ACTS:
                chosen = [s for s in shots if not wanted or s.name.startswith(tuple(wanted))]
                setting(stage)
                for shot in chosen:
                    say(shot.name)
                    camera.take(shot)
        finally:
            stage.close()
            camera.browser.close()
    return camera.problems


def say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
