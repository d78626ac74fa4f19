"""What a running process has loaded, looked up in the process itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from chat.kernel import clock
from chat.models import WorkerBeat
from chat.models.beat import SCREENING
from tests.cast import Cast
from tests.flows.phone import SOON, LivePhone
from tests.servers import Site, wait_until

pytestmark = [pytest.mark.servers]

HEAVY = ("torch", "onnxruntime", "tokenizers", "transformers", "numpy")


def loaded(pid: int) -> set[str]:
    """Which of the heavy packages a process has mapped into its memory."""
    paths = {Path(found.path).parts for found in psutil.Process(pid).memory_maps()}
    return {name for name in HEAVY for parts in paths if name in parts}


def test_the_web_holds_no_language_model_when_the_workers_run_apart(
    live_cast: Cast, live_site: Callable[..., Site], hand_phone: Callable[..., LivePhone]
) -> None:
    WorkerBeat.objects.all().delete()
    site = live_site().start_web()
    reader = site.start_workers("screening")
    wait_until(
        lambda: WorkerBeat.objects.is_awake(SCREENING, now=clock.now()),
        within=SOON,
        what="the reader's first look",
    )
    thread = live_cast.thread().pk
    ada = hand_phone(site, live_cast.ada, thread)
    ada.send(thread, "hello")
    ada.sees(thread, "hello", state="published")
    assert site.web is not None
    assert loaded(site.web.pid) == set()
    assert loaded(reader.pid) & {"torch", "onnxruntime"}, "we would see it if it were there"
