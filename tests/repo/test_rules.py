"""Rules of the house that a reviewer would otherwise have to remember."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.servers import ROOT

APPS = ("chat", "moderation", "triage", "config")
LONGEST_FILE = 500


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders or APPS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_longer_than_five_hundred_lines() -> None:
    kinds = ("*.py", "*.js", "*.css", "*.html")
    files = [f for app in (*APPS, "tests") for kind in kinds for f in (ROOT / app).rglob(kind)]
    long = {
        name(path): count
        for path in files
        if "migrations" not in path.parts
        and (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_only_the_doorbell_sends_through_the_layer() -> None:
    found = {name(p) for p in sources() if ".group_send" in p.read_text(encoding="utf-8")}
    assert found == {"chat/kernel/doorbell.py"}


EDGES = re.compile(r"/(views|realtime)/|/views\.py$|/forms\.py$|consumers?\.py$")
RAW_FETCH = re.compile(
    r"\.objects\.get\(|\.get\((pk|id)=|get_object_or_404|in_bulk\(|read_(models|rows)\(.*\bid="
)
READ_ON = {f"chat/realtime/{name}.py" for name in ("feed", "drawable", "standing", "own_state")}
"""What these look up are ids of rows that access has given already, or of the session itself."""


def test_pages_and_sockets_fetch_nothing_by_an_id_that_somebody_gave_us() -> None:
    """They go through ``access_*``, which fetches or refuses."""
    found = {}
    for path in sources("chat", "moderation", "triage"):
        if not EDGES.search(f"/{name(path)}"):
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        hits = [number for number, line in enumerate(lines, 1) if RAW_FETCH.search(line)]
        if hits and name(path) not in READ_ON:
            found[name(path)] = hits
    assert found == {}


def test_consumers_carry_and_do_not_think() -> None:
    source = (ROOT / "chat/realtime/consumer.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 150
    for what in (".objects", "chat.actions", "httpx", "time.sleep", "torch"):
        assert what not in source


def test_nothing_reacts_to_signals_behind_our_back() -> None:
    pattern = re.compile(r"post_save|pre_save|post_delete|m2m_changed|@receiver")
    assert [name(p) for p in sources() if pattern.search(p.read_text(encoding="utf-8"))] == []


def test_no_page_has_script_or_style_of_its_own() -> None:
    pattern = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\son\w+=|\sstyle="
    )
    pages = [p for app in APPS for p in (ROOT / app).rglob("*.html")]
    assert pages
    assert [name(p) for p in pages if pattern.search(p.read_text(encoding="utf-8"))] == []


def test_no_page_marks_words_as_safe() -> None:
    pattern = re.compile(r"\|\s*safe\b|autoescape off|mark_safe|SafeString")
    files = [p for app in APPS for kind in ("*.html", "*.py") for p in (ROOT / app).rglob(kind)]
    found = {name(p) for p in files if pattern.search(p.read_text(encoding="utf-8"))}
    # It hands Django's own ``json_script`` on, which escapes.
    assert found <= {"chat/templatetags/lantern.py"}


def test_the_scripts_of_young_peoples_pages_never_make_markup() -> None:
    """Staff's lists are drawn by our own server and swapped in; words elsewhere stay text."""
    pattern = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(")
    scripts = list((ROOT / "chat").rglob("*.js"))
    assert scripts
    assert [name(p) for p in scripts if pattern.search(p.read_text(encoding="utf-8"))] == []


def test_log_lines_never_take_words_or_errors_whole() -> None:
    """An exception's own words may quote what somebody wrote; its type and line do not."""
    pattern = re.compile(r"log(?:ger)?\.(?:debug|info|warning|error|exception|critical)\((.*)")
    bad = []
    for path in sources():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = pattern.search(line)
            if not found:
                continue
            rest = found.group(1).replace("type(error).__name__", "").replace("where(error)", "")
            if "exception(" in line or re.search(r"\bbody\b|\berror\)|exc_info|\bf[\"']", rest):
                bad.append(f"{name(path)}:{number}")
    assert bad == []


def test_the_pages_drawn_from_the_code_are_up_to_date() -> None:
    call_command("write_docs", "--check")


WITHOUT_A_MODEL = """
import sys
import config.asgi
from django.urls import get_resolver
get_resolver().url_patterns
from django.test import Client
assert Client(headers={"host": "localhost"}).get("/healthz").status_code == 200
heavy = {"torch", "transformers", "detoxify", "onnxruntime", "tokenizers", "numpy", "sklearn"}
sys.exit(", ".join(sorted(heavy & set(sys.modules))) or 0)
"""


def test_the_web_process_loads_no_model_library() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_MODEL],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("module", ["triage.intake", "triage.escalation"])
def test_a_worker_without_screening_loads_no_model_library(module: str) -> None:
    code = f"import django; django.setup(); import {module}, sys; sys.exit('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
