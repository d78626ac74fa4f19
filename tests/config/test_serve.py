"""One command from nothing to a site that lives."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.core.management import call_command

from chat.models import AuditRow, Conversation, Message, Space, User
from chat.states import Role
from config.demo.people import COLLEAGUES, TALKERS, WITH_PHRASE, YOUNG_PEOPLE
from config.demo.script import lines, script
from tests.servers import ROOT, STOPS_WITHIN, free_port, wait_until
from triage.models import Case

LOG_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:")
"""What the workers say once it serves; it is on stderr, and here they share one file."""

pytestmark = [pytest.mark.servers, pytest.mark.embedded, pytest.mark.timeout(240)]


class Serving:
    """``manage.py serve --demo`` over a folder of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.out = folder / f"out-{port}.log"
        environment = {
            **os.environ,
            "LANTERN_VAR": str(folder),
            "DATABASE_URL": "",
            "REDIS_URL": "",
        }
        with self.out.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--demo", "--port", str(port)],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def text(self) -> str:
        return self.out.read_text("utf-8")

    def is_ready(self) -> bool:
        return "Lantern is ready at" in self.text() or self.process.poll() is not None


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Path]]:
    folder = tmp_path_factory.mktemp("served")
    made = Serving(folder, free_port())
    wait_until(made.is_ready, within=200, what="the ready line")
    yield made, folder
    made.process.kill()
    made.process.wait(STOPS_WITHIN)


def test_its_last_line_before_it_serves_is_the_address(serving: tuple[Serving, Path]) -> None:
    made, _ = serving
    said = [line for line in made.text().splitlines() if not LOG_LINE.match(line)]
    assert said[-1] == f"Lantern is ready at http://127.0.0.1:{made.port}"
    for one in COLLEAGUES[:4]:
        assert any(line.strip().startswith(one.username) for line in said)
    for nickname in WITH_PHRASE:
        assert any(line.strip().startswith(nickname) for line in said)
    base = f"http://127.0.0.1:{made.port}"
    assert httpx.get(f"{base}/readyz", timeout=20).json() == {"ready": True, "problems": []}
    page = httpx.get(base, timeout=20)
    assert page.status_code == 200
    assert "server" not in page.headers, "the server does not say what it is"


def test_a_second_one_in_the_same_folder_is_refused_in_one_line(
    serving: tuple[Serving, Path],
) -> None:
    _, folder = serving
    second = Serving(folder, free_port())
    assert second.process.wait(60) != 0
    assert "already being served" in second.text().strip().splitlines()[-1]


def test_a_port_that_is_taken_is_named_in_one_line(
    serving: tuple[Serving, Path], tmp_path: Path
) -> None:
    made, _ = serving
    environment = {**os.environ, "LANTERN_VAR": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": ""}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--port", str(made.port)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert done.stderr.strip().splitlines() == [
        f"CommandError: Port {made.port} is taken. Choose another: make run PORT=8001"
    ]
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["serve.lock"], "nothing was made for it"


def test_it_ends_when_asked(tmp_path: Path, serving: tuple[Serving, Path]) -> None:
    made, folder = serving
    made.process.send_signal(signal.SIGTERM)
    assert made.process.wait(90) == 0
    again = Serving(folder, made.port)
    wait_until(again.is_ready, within=60, what="the second start")
    assert "Inviting" not in again.text(), "the second start makes nothing anew"
    # Not SIGINT: a shell that started us in the background may have had it ignored.
    again.process.send_signal(signal.SIGTERM)
    assert again.process.wait(90) == 0


@pytest.fixture
def _a_folder_of_its_own(settings: object, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path  # type: ignore[attr-defined]


@pytest.mark.usefixtures("_a_folder_of_its_own")
def test_seeding_twice_makes_everything_once(db: None) -> None:
    call_command("seed_demo", verbosity=0)
    counts = [m.objects.count() for m in (User, Space, Conversation, Message, Case, AuditRow)]
    call_command("seed_demo", verbosity=0)
    assert counts == [
        m.objects.count() for m in (User, Space, Conversation, Message, Case, AuditRow)
    ]
    assert AuditRow.objects.first_break() is None
    assert User.objects.filter(role=Role.YOUNG_PERSON, is_simulated=False).count() == 0
    for conversation in Conversation.objects.all():
        seqs = conversation.events.order_by("seq").values_list("seq", flat=True)
        assert list(seqs) == list(range(1, conversation.last_seq + 1))
    assert not Message.objects.filter(due_at__isnull=False).exists(), "each was read"
    assert Case.objects.waiting().filter(person__nickname="Juno").exists()
    assert Case.objects.filter(person__nickname="Theo", claimed_by__username="robin").exists()


def test_the_demos_script_names_only_people_and_places_of_the_demo() -> None:
    whole = script()
    places = {space["slug"] for space in whole["spaces"]}
    for part in ("threads", "kept", "scripts", "slips"):
        assert {row["space"] for row in whole[part]} <= places
    staff = {one.nickname for one in COLLEAGUES}
    for thread in whole["threads"]:
        assert {one.who for one in lines(thread["lines"])} <= set(YOUNG_PEOPLE)
    assert {one.who for one in lines(whole["talk"]["lines"])} <= set(YOUNG_PEOPLE) | staff
    for row in whole["scripts"]:
        assert len({one.who for one in lines(row["lines"])}) <= len(TALKERS)
    assert all(one.words for row in whole["scripts"] for one in lines(row["lines"]))
