"""A file of messages goes through the running site and comes back as figures."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from chat.models import Message
from chat.states import MessageState
from tests.cast import Cast
from tests.conftest import act
from tests.servers import Site
from triage.replay.report import percentile
from triage.replay.rows import BadFile, read_rows

ROWS = [
    ("thank you everyone, see you tomorrow", "none"),
    ("i dont want to be alive any more, i have decided", "risk"),
    ("add me on 07700 900123 and we can talk there", "none"),
    ("", "none"),
    ("x" * 5000, "none"),
    ('=cmd and, commas "and quotes"', "none"),
]


def write_csv(path: Path, rows: list[tuple[str, str]]) -> Path:
    quoted = [(text.replace('"', '""'), label) for text, label in rows]
    lines = ["text,label", *(f'"{text}",{label}' for text, label in quoted)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def run_replay(file: Path, site: Site, space: str, out: Path) -> str:
    printed = io.StringIO()
    act(
        call_command,
        "replay",
        str(file),
        space=space,
        url=site.base_url,
        people=3,
        json_out=out,
        stdout=printed,
    )
    return printed.getvalue()


@pytest.mark.servers
def test_every_row_is_posted_read_and_accounted_for(
    live_cast: Cast, live_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = live_site().start()
    file = write_csv(tmp_path / "rows.csv", ROWS)

    printed = run_replay(file, site, live_cast.space.slug, tmp_path / "out.json")

    report = json.loads((tmp_path / "out.json").read_text())
    assert report["rows"] == 6
    assert report["posted"] == 4
    assert report["refused"] == {"message_empty": 1, "message_too_long": 1}
    assert report["published"] + sum(report["not_published"].values()) == 4
    assert report["not_published"]["held: danger"] == 1
    assert report["cases_opened"] == 1
    assert report["accepted_to_verdict_ms"]["n"] == 4
    assert report["accepted_to_peer_screen_ms"]["n"] == report["published"]
    assert report["confusion"]["risk"] == {"held: danger": 1}
    assert report["confusion"]["none"]["refused"] == 2
    assert sum(report["confusion"]["none"].values()) == 5, "every labelled row is in the table"
    # Every held row stands under a code of the policy at least once.
    held = sum(n for outcome, n in report["not_published"].items() if outcome.startswith("held"))
    assert sum(report["held_by_reason"].values()) >= held >= 2
    assert report["held_by_reason"].keys() & {"intent_or_plan", "ideation"}, report
    assert "messages per second" in printed
    assert not Message.objects.filter(state=MessageState.PENDING).exists()


def test_a_space_that_is_not_there_is_named_with_those_that_are(cast: Cast, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "rows.csv", ROWS)

    with pytest.raises(CommandError, match=cast.space.name):
        call_command("replay", str(file), space="nowhere")


def test_without_a_running_site_the_operator_is_told_how_to_start_one(
    cast: Cast, tmp_path: Path
) -> None:
    file = write_csv(tmp_path / "rows.csv", ROWS)

    with pytest.raises(CommandError, match="make run"):
        call_command("replay", str(file), space=cast.space.slug, url="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("absent.csv", None, "no such file"),
        ("columns.csv", b"words\nhello\n", "column 'text'"),
        ("empty.csv", b"text\n", "no rows"),
        ("latin.csv", b"text\n\xff\xfe\x00\n", "not a readable CSV"),
        ("broken.csv.gz", b"this is not gzip", "not a readable CSV"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(BadFile) as refusal:
        read_rows(path)

    assert reason in refusal.value.reason


def test_a_compressed_file_without_labels_uses_its_toxic_column(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b"text,toxic\nhello,0\nyou clown,1\nwho knows,\n"))

    assert [row.label for row in read_rows(path)] == ["not toxic", "toxic", ""]


def test_percentiles_are_by_nearest_rank() -> None:
    values = [float(n) for n in range(1, 101)]

    assert (percentile(values, 0.5), percentile(values, 0.95)) == (50.0, 95.0)
    assert percentile([], 0.5) is None
