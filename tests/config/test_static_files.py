"""A page gets all of its scripts, and those that belong together, whichever process answers."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.config.test_production import SAFE
from tests.servers import ROOT

COLLECT = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
from django.conf import settings
settings.STATICFILES_DIRS = sys.argv[1:]
django.setup()
from django.core.management import call_command
call_command("collectstatic", interactive=False, verbosity=0)
"""
"""As ``manage.py collectstatic``; folders named after it hold what a newer release has changed."""

SERVE = """
import asyncio, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.test import AsyncClient
client = AsyncClient(raise_request_exception=False)
async def content(path):
    answer = await client.get(path, secure=True)
    if answer.status_code != 200:
        return answer.status_code
    return b"".join([part async for part in answer]).hex()
async def serve():
    await client.get("/healthz", secure=True)
    print("ready", flush=True)
    for path in sys.stdin:
        print(await content(path.strip()), flush=True)
asyncio.run(serve())
"""
"""The site's own way through a request. For each path the content, or the status."""

SPECIFIER = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["']([./][^"']+)["']""")
BY_CONTENT = re.compile(r"\.([0-9a-f]{12})\.\w+$")
STARTS = ("chat/js/young.js", "chat/js/conversation.js", "chat/js/staff.js", "chat/js/leave.js")


class Release:
    """What one ``collectstatic`` has put in place."""

    def __init__(self, var: Path, *changed: Path) -> None:
        self.folder = var / "static"
        start(var, COLLECT, *map(str, changed)).communicate(timeout=60)
        self.names: dict[str, str] = json.loads((self.folder / "staticfiles.json").read_bytes())[
            "paths"
        ]

    def needs(self, name: str) -> set[str]:
        """The file and every other that its imports lead to, as they say it."""
        found: set[str] = set()
        waiting = [self.names[name]]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += imports(self.folder, one)
        return found


def start(var: Path, script: str, *arguments: str) -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env={**kept, **SAFE, "ALLOWED_HOSTS": "testserver", "LANTERN_VAR": str(var)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def imports(folder: Path, name: str) -> list[str]:
    text = (folder / name).read_text("utf-8")
    near = posixpath.dirname(name)
    return [posixpath.normpath(posixpath.join(near, said)) for said in SPECIFIER.findall(text)]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return Release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def process() -> Iterator[Callable[[Path], Callable[[str], str]]]:
    """Starts one over a folder: ``ask = process(var)``, then ``ask("/static/...")``."""
    with ExitStack() as started:

        def begin(var: Path) -> Callable[[str], str]:
            one = started.enter_context(start(var, SERVE))
            started.callback(one.kill)
            assert one.stdin is not None
            assert one.stdout is not None
            to, back = one.stdin, one.stdout
            assert back.readline().strip() == "ready"

            def ask(path: str) -> str:
                to.write(f"{path}\n")
                to.flush()
                return back.readline().strip()

            return ask

        yield begin


def test_every_module_names_the_others_by_their_content(release: Release) -> None:
    modules = {name for plain, name in release.names.items() if plain.endswith(".js")}
    said = {(one, other) for one in modules for other in imports(release.folder, one)}
    assert len(said) > 50, "we would see them if they were there"
    assert {other for _, other in said} <= modules


def test_what_is_under_a_name_is_what_the_name_says(release: Release) -> None:
    """Browsers keep it for years, and another release may have the same name."""
    wrong = [
        path.name
        for path in release.folder.rglob("*")
        if (found := BY_CONTENT.search(path.name))
        and not hashlib.md5(path.read_bytes(), usedforsecurity=False)
        .hexdigest()
        .startswith(found[1])
    ]
    assert wrong == []
    assert not list(release.folder.rglob("*.new"))


def test_old_and_new_processes_each_serve_the_scripts_of_either_release(
    release: Release, tmp_path: Path, process: Callable[[Path], Callable[[str], str]]
) -> None:
    old, var = release, release.folder.parent
    old_process = process(var)
    changed = tmp_path / "chat" / "js"
    changed.mkdir(parents=True)
    text = (ROOT / "chat/static/chat/js/within.js").read_text("utf-8")
    (changed / "within.js").write_text(f"{text}\n// A newer release.\n", "utf-8")
    new = Release(var, tmp_path)
    new_process = process(var)

    for name in STARTS[:3]:
        assert old.names[name] != new.names[name], "one that is new makes all new that lead to it"
    asked = sorted({path for name in STARTS for r in (old, new) for path in r.needs(name)})
    for ask in (old_process, new_process):
        wrong = [p for p in asked if ask(f"/static/{p}") != (old.folder / p).read_bytes().hex()]
        assert wrong == []
        assert ask("/static/chat/js/never.0123456789ab.js") == "404"
