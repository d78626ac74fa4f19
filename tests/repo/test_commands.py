"""What the README and the units of systemd say to type is there, with every option they give it."""

from __future__ import annotations

import configparser
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import uvicorn
from daphne.cli import CommandLineInterface
from django.core.management import get_commands, load_command_class

from tests.config.test_production import run
from tests.servers import DAPHNE_OPTIONS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FOLDERS = ("docs", "deploy", "chat", "moderation", "triage", "config", "tests")
PAGES = [*ROOT.glob("*.md"), *(page for one in FOLDERS for page in (ROOT / one).rglob("*.md"))]
UNITS = sorted((ROOT / "deploy").glob("*.service"))
SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
ON_EVERY_MACHINE = {"make", "export", "echo"}
OURS = ".venv/bin/"
RULE = re.compile(r"^([a-z]+):", re.MULTILINE)
TICKED = re.compile(r"`(?:[A-Z_]+=\S+ )*make ([a-z]+)")
TYPED_MAKE = re.compile(r"^make ([a-z]+)", re.MULTILINE)


def unit(path: Path) -> configparser.RawConfigParser:
    read = configparser.RawConfigParser()
    read.optionxform = str  # type: ignore[assignment,method-assign]  # It is Restart, not restart.
    read.read_string(path.read_text(encoding="utf-8").replace("\\\n", " "))
    return read


def commands() -> Iterator[list[str]]:
    """Every line that somebody types, or that systemd starts, as the words of a shell."""
    for block in SHELL.findall(README):
        for line in block.replace("\\\n", " ").splitlines():
            yield shlex.split(line, comments=True)
    for path in UNITS:
        started = shlex.split(unit(path)["Service"]["ExecStart"])
        folder = unit(path)["Service"]["WorkingDirectory"] + "/"
        yield [started[0].removeprefix(folder), *started[1:]]


TYPED = [words for words in commands() if words]


def test_nothing_is_typed_that_only_an_activated_environment_would_find() -> None:
    first = {words[0] for words in TYPED}
    assert {word for word in first if not word.startswith(OURS)} <= ON_EVERY_MACHINE


@pytest.mark.parametrize(
    "words", [words for words in TYPED if words[0].startswith(OURS)], ids=" ".join
)
def test_a_command_and_its_options_are_there(words: list[str]) -> None:
    program, *rest = words
    assert (Path(sys.executable).parent / program.removeprefix(OURS)).exists()
    match [program.removeprefix(OURS), *rest]:
        case ["python", "manage.py", name, *options]:
            load_command_class(get_commands()[name], name).create_parser(
                "manage.py", name
            ).parse_args(options)
        case ["python", "-m", module, *_]:
            assert find_spec(module)
        case ["daphne", *options]:
            CommandLineInterface().parser.parse_args(options)
        case ["uvicorn", *options]:
            uvicorn.main.make_context("uvicorn", options)
        case _:
            pytest.fail("nobody checks that this is there")


def test_every_make_that_a_page_names_has_a_rule() -> None:
    """Make itself says nothing of a name that stands under .PHONY alone."""
    rules = set(RULE.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    named: dict[str, str] = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found = {*TICKED.findall(text), *TYPED_MAKE.findall("\n".join(SHELL.findall(text)))}
        named |= dict.fromkeys(found, str(page.relative_to(ROOT)))
    assert {"run", "test", "docs"} <= set(named)
    assert {name: page for name, page in named.items() if name not in rules} == {}


def test_both_kinds_of_process_have_a_unit_that_the_readme_names() -> None:
    assert [path.name for path in UNITS] == ["lantern-web@.service", "lantern-workers@.service"]
    assert [path.name for path in UNITS if f"(deploy/{path.name})" not in README] == []


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_starts_again_and_may_have_as_many_phones_as_we_let_in(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["Restart"] == "always"
    assert unit(path)["Unit"]["StartLimitIntervalSec"] == "0"
    assert int(service["LimitNOFILE"]) >= 65536


def test_the_unit_of_the_web_starts_it_as_the_tests_do() -> None:
    started = unit(ROOT / "deploy" / "lantern-web@.service")["Service"]["ExecStart"]
    assert " ".join(DAPHNE_OPTIONS) in " ".join(started.split())


def test_keys_made_as_the_readme_says_are_taken_in_production(tmp_path: Path) -> None:
    (line,) = [line for line in README.splitlines() if line.startswith("echo SECRET_KEY=")]
    made = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout
    keys = dict(pair.split("=", 1) for pair in made.split())
    assert set(keys) == {"SECRET_KEY", "DATA_KEYS"}
    done = run(tmp_path, "manage.py", "check", "--deploy", "--fail-level", "WARNING", **keys)
    assert done.returncode == 0, done.stderr
