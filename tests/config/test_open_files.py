"""A process takes as many sockets as it says, wherever the system lets it."""

from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path

import pytest

from tests.config.test_production import run

LIMITED = """
import json, resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
import config.asgi
print(json.dumps(resource.getrlimit(resource.RLIMIT_NOFILE)))
"""
HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def web(tmp_path: Path, *, soft: int, hard: int, sockets: int) -> subprocess.CompletedProcess[str]:
    code = LIMITED.format(soft=soft, hard=hard)
    done = run(tmp_path, "-c", code, SOCKETS_PER_PROCESS=str(sockets))
    assert done.returncode == 0, done.stderr
    return done


def test_a_web_process_raises_its_limit_as_far_as_it_may(tmp_path: Path) -> None:
    done = web(tmp_path, soft=256, hard=2048, sockets=1500)
    assert json.loads(done.stdout) == [2048, 2048]
    assert done.stderr == ""


def test_where_that_is_too_little_it_says_what_to_change(tmp_path: Path) -> None:
    done = web(tmp_path, soft=256, hard=512, sockets=1500)
    assert json.loads(done.stdout) == [512, 512]
    assert "may open 512 files, too few for 1500 sockets" in done.stderr
    assert "LimitNOFILE=1756" in done.stderr


@pytest.mark.parametrize("starter", ["bench", "fuzz", "faults"])
def test_whoever_starts_many_phones_may_open_as_many_files(starter: str, tmp_path: Path) -> None:
    """Its servers inherit what it may, those of the baselines as well."""
    code = (
        "import resource, runpy, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 2048))\n"
        f"sys.argv = ['x', '--no-such-option']\n"
        "try:\n"
        f"    runpy.run_module('tests.{starter}', run_name='__main__')\n"
        "except SystemExit:\n"
        "    print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
    )
    assert run(tmp_path, "-c", code).stdout.strip() == "2048"
