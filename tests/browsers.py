"""The machine's own Chromium, driven through Playwright; no browser is ever downloaded."""

from __future__ import annotations

import shutil
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MACOS = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
PLAYWRIGHTS_OWN = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints"),
    *("NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch"),
)
"""What Playwright switches off itself. Chromium hears only the last such list, which is ours."""
ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""The list under the address bar is a page to Chromium, loaded anew with each person's window. In
a browser that has no window nobody sees it, and it cost twice what a page of ours does."""
FLAGS = [
    f"--disable-features={','.join((*PLAYWRIGHTS_OWN, *ADDRESS_BAR))}",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-sandbox",
]
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}


def find_chromium() -> str | None:
    """Where the browser is, or ``None``."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return shutil.which(MACOS)


def launch(playwright: Any) -> Any:
    """A browser without a window; the contexts made from it share nothing."""
    path = find_chromium()
    if path is None:
        raise RuntimeError("Chromium is not installed")
    return playwright.chromium.launch(executable_path=path, args=FLAGS)
