"""What a real place begins with: people who work there, and spaces. No demo brings them."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from chat.actions.spaces import PICTURES
from chat.models import AuditRow, Space, User
from chat.states import Role
from tests.cast import Cast
from tests.config.test_production import SAFE, run
from tests.conftest import database_url
from tests.servers import ROOT

PASSWORD = "quiet-harbour-lights"
NADIA = ("add_staff", "nadia", "--name", "Nadia", "--role", "clinician")
SPACE = ("add_space", "Up late", "--about", "For late hours.", "--ages", "16-17", "14-15")


def added(*command: str, password: str = PASSWORD) -> str:
    """What the command says, with a password on its input."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        call_command(*command, stdout=said)
    return said.getvalue()


def staff() -> list[tuple[str, str, str]]:
    return list(User.objects.filter(username="nadia").values_list("username", "nickname", "role"))


@pytest.mark.django_db
def test_whoever_is_added_signs_in_and_the_audit_says_so() -> None:
    said = added(*NADIA, "--password-stdin")

    assert "nadia can sign in at /staff/sign-in now, as clinician" in said
    assert PASSWORD not in said
    client = Client()
    answer = client.post("/staff/sign-in", {"username": "nadia", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/staff")
    row = AuditRow.objects.get(verb="staff.added")
    user = User.objects.get(username="nadia")
    assert (row.subject, row.detail, row.actor_id) == (f"person:{user.pk}", "clinician", None)


@pytest.mark.django_db
def test_the_same_again_changes_nothing_and_asks_for_nothing() -> None:
    added(*NADIA, "--password-stdin")
    before = User.objects.get(username="nadia").password

    assert "Nothing was changed" in added(*NADIA)

    assert User.objects.get(username="nadia").password == before
    assert AuditRow.objects.filter(verb="staff.added").count() == 1


@pytest.mark.django_db
def test_nobodys_role_is_changed_by_adding_them_again() -> None:
    added(*NADIA, "--password-stdin")
    with pytest.raises(CommandError, match=r"here already: Nadia, clinician. Nothing was changed"):
        added(*NADIA[:-1], "shift_lead", "--password-stdin")
    assert staff() == [("nadia", "Nadia", Role.CLINICIAN)]


@pytest.mark.django_db
def test_somebody_gets_another_role_and_signs_in_anew() -> None:
    added(*NADIA, "--password-stdin")
    client = Client()
    client.post("/staff/sign-in", {"username": "nadia", "password": PASSWORD})
    assert client.get("/triage/").status_code == 200

    said = added("change_staff", "nadia", "--role", "moderator")

    assert "works here as moderator from now on" in said
    assert client.get("/triage/").status_code == 404
    assert AuditRow.objects.get(verb="staff.role").detail == "moderator"
    assert "already. Nothing was changed" in added("change_staff", "nadia", "--role", "moderator")
    assert AuditRow.objects.filter(verb="staff.role").count() == 1


@pytest.mark.django_db
def test_whose_account_is_closed_is_out_at_once_until_it_is_opened_again() -> None:
    added(*NADIA, "--password-stdin")
    client, way_in = Client(), {"username": "nadia", "password": PASSWORD}
    client.post("/staff/sign-in", way_in)

    assert "no more" in added("change_staff", "nadia", "--close")

    assert client.get("/triage/").status_code == 302
    assert client.post("/staff/sign-in", way_in).status_code != 302
    assert "Nothing was changed" in added("change_staff", "nadia", "--close")
    assert "again" in added("change_staff", "nadia", "--reopen")
    assert client.post("/staff/sign-in", way_in).status_code == 302
    verbs = AuditRow.objects.filter(verb__startswith="staff.").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "staff.added",
        "staff.closed",
        "staff.reopened",
    ]


@pytest.mark.django_db
def test_no_young_person_is_changed_by_the_command_for_staff() -> None:
    ada = User.objects.create_young_person(nickname="Ada", age_band="14-15")
    for name in (ada.username, "nobody"):
        with pytest.raises(CommandError, match="Nobody who works here"):
            added("change_staff", name, "--close")
    ada.refresh_from_db()
    assert ada.is_active


@pytest.mark.django_db
@pytest.mark.parametrize("weak", ["", "short", "eleven-long"])
def test_a_weak_password_is_refused_in_words_and_nobody_is_added(weak: str) -> None:
    with pytest.raises(CommandError, match=r"too short.*Nobody was added"):
        added(*NADIA, "--password-stdin", password=weak)
    assert staff() == []


@pytest.mark.django_db
@pytest.mark.parametrize("bad", [("two words",), ("",), ("a" * 65,), ("na\ndia",)])
def test_a_name_that_nobody_could_sign_in_with_is_refused(bad: tuple[str]) -> None:
    with pytest.raises(CommandError, match="letters, digits"):
        added("add_staff", *bad, *NADIA[2:], "--password-stdin")


@pytest.mark.django_db
def test_without_a_terminal_it_says_how_to_give_a_password() -> None:
    with pytest.raises(CommandError, match="--password-stdin"):
        added(*NADIA)
    assert staff() == []


def spoken(process: subprocess.Popen[bytes], line: int, *answers: tuple[str, str]) -> str:
    """Give each answer when it is asked for; returns all that was said."""
    heard = ""
    for asked, answer in answers:
        start, end = len(heard), time.monotonic() + 30
        while asked not in heard[start:] and time.monotonic() < end:
            heard += os.read(line, 1000).decode()
        os.write(line, f"{answer}\n".encode())
    process.wait(30)
    with contextlib.suppress(OSError):  # The other end is closed.
        while more := os.read(line, 1000):
            heard += more.decode()
    return heard


@pytest.mark.real
@pytest.mark.django_db(transaction=True)
def test_in_a_terminal_it_asks_until_two_are_the_same_and_will_do(tmp_path: Path) -> None:
    line, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", *NADIA],
        cwd=ROOT,
        env={**os.environ, **SAFE, "DATABASE_URL": database_url(), "LANTERN_VAR": str(tmp_path)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    heard = spoken(
        process,
        line,
        ("Password:", PASSWORD),
        ("again:", "another-harbour-light"),
        ("Password:", "short"),
        ("again:", "short"),
        ("Password:", PASSWORD),
        ("again:", PASSWORD),
    )
    os.close(line)

    assert process.returncode == 0, heard
    assert "not the same" in heard
    assert "too short" in heard
    assert "harbour" not in heard
    assert User.objects.get(username="nadia").check_password(PASSWORD)


@pytest.mark.real
@pytest.mark.django_db(transaction=True)
def test_a_new_production_gets_its_first_people_and_space_by_commands(tmp_path: Path) -> None:
    here = {"DATABASE_URL": database_url()}
    first = run(tmp_path, "manage.py", *NADIA, "--password-stdin", stdin=f"{PASSWORD}\n", **here)
    assert first.returncode == 0, first.stderr
    second = run(tmp_path, "manage.py", *SPACE, **here)
    assert second.returncode == 0, second.stderr

    assert User.objects.get(username="nadia").check_password(PASSWORD)
    assert Space.objects.get().slug == "up-late"


@pytest.mark.django_db
def test_a_space_opens_to_its_age_bands_and_to_no_other(cast: Cast) -> None:
    said = added(*SPACE, "--rules", "Be kind.", "--picture", "moon", "--premoderated")

    assert "/spaces/up-late" in said
    space = Space.objects.get(slug="up-late")
    assert (space.age_bands, space.premoderated) == ("|14-15|16-17|", True)
    assert AuditRow.objects.get(verb="space.added").subject == f"space:{space.pk}"
    assert list(Space.objects.visible_to(cast.ada)) == [cast.space, space]
    assert not Space.objects.visible_to(cast.eve).exists()


@pytest.mark.django_db
def test_the_same_space_again_changes_nothing_and_another_in_its_place_is_refused() -> None:
    added(*SPACE)

    assert "Nothing was changed" in added(*SPACE)
    with pytest.raises(CommandError, match=r"another about, premoderated. Nothing was changed"):
        added("add_space", "Up late", "--about", "Else.", *SPACE[4:], "--premoderated")

    assert Space.objects.get().about == "For late hours."
    assert AuditRow.objects.filter(verb="space.added").count() == 1


@pytest.mark.django_db
def test_a_space_that_does_not_fit_says_why() -> None:
    with pytest.raises(CommandError, match=r"name: .*60[\s\S]*No space was added"):
        added("add_space", "x" * 61, *SPACE[2:], "--slug", "long")
    with pytest.raises(CommandError, match="slug: "):
        added("add_space", "夜", *SPACE[2:])
    for mixed in (("11-13", "14-15"), ("16-17", "18-25"), ("11-13", "18-25")):
        with pytest.raises(CommandError, match=r"age_bands: .*have spaces of their own"):
            added(*SPACE[:5], *mixed)
    assert not Space.objects.exists()


def test_every_picture_that_may_be_asked_for_can_be_drawn() -> None:
    drawn = (ROOT / "chat/templates/chat/_picture.html").read_text("utf-8")
    assert [one for one in PICTURES if f'picture == "{one}"' not in drawn] == []


def test_whoever_looks_for_a_superuser_is_told_what_there_is(tmp_path: Path) -> None:
    done = run(tmp_path, "manage.py", "createsuperuser", "--noinput", "--username", "root")
    assert done.returncode != 0
    assert "add_staff" in done.stderr
    assert "Traceback" not in done.stderr
