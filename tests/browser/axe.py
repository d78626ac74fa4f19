"""What axe finds on a page, in every look that somebody may have set their phone to."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "contrast": "no-preference"},
    "dark": {"color_scheme": "dark", "contrast": "no-preference"},
    "contrast": {"color_scheme": "light", "contrast": "more"},
}
EVERY_RULE = {"resultTypes": ["violations"]}
OF_COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}

ARRIVED = """
for (const change of document.getAnimations()) {
  if (change.effect.getComputedTiming().endTime < Infinity) change.finish();
}
"""
"""No colour is half on its way to another."""


def faults(page: Any, *others: str) -> list[str]:
    """A line for each fault, in the light and in ``others``.

    A look is a set of other colours and nothing else (``tokens.css``): so the first one is asked
    about everything, and the others about colours, without loading the page anew.
    """
    found = []
    for look in ("light", *others):
        page.emulate_media(**LOOKS[look])
        page.evaluate(ARRIVED)
        rules = OF_COLOURS if look != "light" else EVERY_RULE
        for fault in Axe().run(page, options=rules).response["violations"]:
            found += [f"{look}: {fault['id']}: {node['html']}" for node in fault["nodes"]]
    return found
