"""Takes one picture after the other, and asks axe about each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.browsers import DESK, PHONE
from tests.screens.darkroom import develop
from tests.screens.stage import Stage

THEMES = ("light", "dark")
DEVICES: dict[str, dict[str, Any]] = {
    "phone": {**PHONE, "device_scale_factor": 1},
    "desk": DESK,
}
RULES = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
TALLEST = 2400
"""Pixels of page shown; what is further down is more of the same."""
WIDE = 1000
"""From here on, pages with panes scroll inside them and are shown as the window shows them."""

Steps = Callable[[Any, Stage], None]


@dataclass(frozen=True)
class Shot:
    """One page in one state. ``path`` may be worked out once the stage is set."""

    name: str
    path: str | Callable[[Stage], str]
    who: str = ""
    steps: Steps | None = None
    before: Callable[[Stage], object] | None = None
    scripts: bool = True
    ready: str = "main"
    devices: tuple[str, ...] = ("phone", "desk")


@dataclass
class Camera:
    """Where pictures go, and what was found wrong on the way."""

    browser: Any
    stage: Stage
    folder: Path
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.darkroom = self.browser.new_page()

    def take(self, shot: Shot) -> None:
        """The page on each device in each theme; what goes wrong is noted, and we go on."""
        for device in shot.devices:
            try:
                self._on(device, shot)
            except Exception as error:  # noqa: BLE001 — the other pictures are still wanted.
                self.problems.append(f"{shot.name}-{device}: {str(error).splitlines()[0]}")

    def _on(self, device: str, shot: Shot) -> None:
        self.stage.do(Stage.keep_company, self.stage)
        if shot.before:
            self.stage.do(shot.before, self.stage)
        context = self.browser.new_context(
            base_url=self.stage.site.base_url,
            java_script_enabled=shot.scripts,
            reduced_motion="reduce",
            timezone_id="Europe/London",
            locale="en-GB",
            **DEVICES[device],
        )
        try:
            self._in(context, device, shot)
        finally:
            context.close()

    def _in(self, context: Any, device: str, shot: Shot) -> None:
        if shot.who:
            url = self.stage.site.base_url
            cookies = self.stage.cookie(shot.who).items()
            context.add_cookies([{"name": n, "value": v, "url": url} for n, v in cookies])
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("pageerror", lambda error: self._wrong(shot, device, f"script: {error}"))
        page.on("console", lambda said: self._heard(shot, device, said))
        path = shot.path if isinstance(shot.path, str) else self.stage.do(shot.path, self.stage)
        page.goto(path)
        page.wait_for_selector(shot.ready)
        if shot.steps:
            shot.steps(page, self.stage)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            self._shoot(page, f"{shot.name}-{device}-{theme}", has_scripts=shot.scripts)

    def _shoot(self, page: Any, name: str, *, has_scripts: bool) -> None:
        if has_scripts:
            self._show_all(page, name)
        png = page.screenshot(animations="disabled", caret="hide")
        (self.folder / f"{name}.png").write_bytes(develop(self.darkroom, png))
        if has_scripts:
            self._ask_axe(page, name)

    def _show_all(self, page: Any, name: str) -> None:
        """Make the window as tall as the page, so that what is fixed to its foot stays there."""
        page.evaluate("() => document.fonts.ready.then(() => true)")
        page.evaluate("() => scrollTo(0, 0)")
        width = page.viewport_size["width"]
        tall = page.evaluate("() => document.documentElement.scrollHeight")
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        if wide > width:
            self.problems.append(f"{name}: {wide} px wide on a screen of {width}")
        if not page.query_selector(".panes") or width < WIDE:
            page.set_viewport_size({"width": width, "height": min(tall, TALLEST)})

    def _ask_axe(self, page: Any, name: str) -> None:
        for found in Axe().run(page, options=RULES).response["violations"]:
            where = "; ".join(" ".join(map(str, node["target"])) for node in found["nodes"][:3])
            self.problems.append(f"{name}: axe {found['id']} ({len(found['nodes'])}): {where}")

    def _wrong(self, shot: Shot, device: str, what: str) -> None:
        self.problems.append(f"{shot.name}-{device}: {what}")

    def _heard(self, shot: Shot, device: str, said: Any) -> None:
        """The browser's own word about refused scripts and styles; failed requests are expected."""
        if said.type == "error" and "Failed to load resource" not in said.text:
            self._wrong(shot, device, f"console: {said.text[:160]}")
