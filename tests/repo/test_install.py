"""What is installed is what the project names, with hashes, and nothing is fetched by surprise."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.servers import DAPHNE_OPTIONS, ROOT, UVICORN_OPTIONS

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = {
    "requirements.lock": ["screening"],
    "requirements-dev.lock": ["screening", "dev"],
    "requirements-train.lock": ["screening", "train"],
}
SERVER = re.compile(r"\.venv/bin/(daphne|uvicorn) ")
PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")


def pins(lines: list[str]) -> dict[str, str]:
    found = (PIN.match(line) for line in lines)
    return {m.group(1).lower().replace("_", "-"): m.group(2) for m in found if m}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_of_the_project_is_in_the_lock(lock: str) -> None:
    wanted = pins(PROJECT["dependencies"])
    for extra in LOCKS[lock]:
        wanted |= pins(PROJECT["optional-dependencies"][extra])
    del wanted["torch"]  # pip installs it first, on its own.
    locked = pins((ROOT / lock).read_text(encoding="utf-8").splitlines())
    assert {name: locked.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_a_hash_for_everything_and_neither_torch_nor_an_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", text)
    assert all("--hash=sha256:" in block for block in blocks if PIN.match(block))
    assert not re.search(r"^torch==|^nvidia-|https?://|file:", text, re.MULTILINE)


def test_the_versions_that_the_installer_names_are_those_of_the_project() -> None:
    script = (ROOT / "deploy" / "install.sh").read_text(encoding="utf-8")
    torch = pins(PROJECT["optional-dependencies"]["screening"])["torch"]
    assert f"TORCH={torch}" in script


def test_every_dependency_says_why_it_is_here() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text.partition("[project.optional-dependencies]")
    runs = section[0] + section[2].partition("dev = [")[0]
    silent = [
        line.strip()
        for line in runs.splitlines()
        if re.match(r'\s+"[^"]+==', line) and not re.search(r'",\s+# \w', line)
    ]
    assert silent == []


@pytest.mark.parametrize("options", [DAPHNE_OPTIONS, UVICORN_OPTIONS], ids=["daphne", "uvicorn"])
def test_the_readme_starts_each_server_as_the_tests_do(options: tuple[str, ...]) -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    quiet = {"--log-level", "warning"}  # The README leaves a log of starts and stops.
    words = [word for word in options if word not in quiet]
    started = [line.split() for line in lines.splitlines() if SERVER.match(line)]
    assert any(set(words) <= set(line) for line in started), (
        f"the README leaves out some of {words}"
    )


def test_the_readme_installs_the_uvicorn_that_is_tested() -> None:
    tested = pins(PROJECT["optional-dependencies"]["dev"])["uvicorn"]
    assert f"pip install uvicorn=={tested}\n" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_make_help_lists_every_command() -> None:
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in ("install", "run", "test", "check", "fix", "lock", "screens"):
        assert re.search(rf"make {target}\s", shown), target


WITHOUT_VENV = """#!/bin/sh
# Python as Debian has it before its venv module is installed.
PYTHONPATH={folder} exec {python} "$@"
"""


@pytest.mark.parametrize("root", [False, True], ids=["somebody", "root"])
def test_a_missing_venv_module_is_that_of_the_interpreter_that_was_chosen(
    tmp_path: Path, root: bool
) -> None:
    """Where python3 is too old and python3.13 is there, python3-venv would be the old one's."""
    checkout, tools = tmp_path / "lantern", tmp_path / "bin"
    (checkout / "deploy").mkdir(parents=True)
    shutil.copy(ROOT / "deploy" / "install.sh", checkout / "deploy")
    tools.mkdir()
    for tool in ("sh", "dirname", "uname"):
        (tools / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is missing"))
    (tmp_path / "ensurepip.py").write_text("raise ImportError", encoding="utf-8")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    scripts = {
        "python3": "#!/bin/sh\nexit 1\n",
        version: WITHOUT_VENV.format(folder=tmp_path, python=sys.executable),
        "id": f"#!/bin/sh\necho {0 if root else 1000}\n",
        # It has nothing to install from, so that this ends here.
        "apt-get": f'#!/bin/sh\necho "$*" >>{tmp_path}/asked\n[ "$1" = update ]\n',
    }
    for name, text in scripts.items():
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        [tools / "sh", checkout / "deploy" / "install.sh"],
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"apt-get install {version}-venv" in done.stderr
    if root:
        asked = (tmp_path / "asked").read_text(encoding="utf-8")
        assert f"install -y -qq {version}-venv\n" in asked


ALONE = """#!/bin/sh
# Stands for an installation: one that finds another under way fails.
mkdir under-way || exit 1
for step in $(seq 200); do (:); done
rmdir under-way
"""


def test_two_targets_of_one_make_never_install_at_once(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "install.sh").write_text(ALONE, encoding="utf-8")
    done = subprocess.run(
        ["make", "-j", "install", "dev", "training"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},  # Not the flags of the make that runs the tests.
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
