"""Shadow runs, alarms, weekly figures, and the pages that tell staff about them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from chat.kernel import clock
from chat.models import Message, WorkerBeat
from chat.models.beat import SCREENING
from chat.states import MessageState
from moderation import readers, shadow, tallies
from moderation.classifiers.labels import Label
from moderation.classifiers.shipped import shipped_version
from moderation.models import Assessment, LabelTally, RateAlarm, Review, ShadowAssessment
from moderation.policy import POLICY_VERSION, PolicyContext, Reason, Verdict
from moderation.policy import decide as live_decide
from moderation.quality import card_lines
from moderation.screening import screening_step
from moderation.shadow import shadow_step
from moderation.tallies import QUARTER, READ, look_for_changes, quarter_of, tally_step
from tests.conftest import Hands
from tests.moderation.room import CALM, DANGEROUS, RUDE, PhraseReader, Room
from tests.moderation.test_weekly_figures import decided

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]


def decide(reading: Any, context: PolicyContext) -> Verdict:
    """A candidate policy: it holds every calm word and is otherwise the live one."""
    verdict = live_decide(reading, context)
    if verdict.action == "publish":
        return Verdict("hold", (Reason("strict", "Stricter", label="distress"),), "routine")
    return verdict


# What a policy module has to have; SHADOW_POLICY names this file.
assert POLICY_VERSION


@pytest.fixture
def in_the_shadow(settings: Any) -> Iterator[None]:
    settings.SHADOW_POLICY = "tests.moderation.test_machine_honesty"
    yield
    shadow._built = None


def everything() -> tuple[Any, ...]:
    """All that a person could notice."""
    return (
        list(Message.objects.order_by("pk").values()),
        list(Assessment.objects.order_by("pk").values()),
        list(Review.objects.order_by("pk").values()),
    )


@pytest.mark.usefixtures("in_the_shadow")
def test_a_shadow_run_compares_and_touches_nothing(room: Room) -> None:
    for words in (CALM, RUDE, DANGEROUS):
        room.says(room.ada, words)
    while screening_step():
        continue
    before = everything()
    while shadow_step():
        continue
    assert everything() == before
    rows = {row.live.message.pk: row for row in ShadowAssessment.objects.all()}
    assert len(rows) == Assessment.objects.count()
    calm, rude, dangerous = (
        rows[m.pk] for m in Message.objects.filter(author=room.ada).order_by("pk")
    )
    assert (calm.agrees, calm.action, calm.gained) == (False, "hold", ["distress"])
    assert (rude.agrees, dangerous.agrees) == (True, True)
    assert dangerous.open_case


def test_without_a_setting_nothing_runs_in_the_shadow(room: Room) -> None:
    room.says(room.ada, CALM)
    screening_step()
    assert shadow_step() == 0
    assert not ShadowAssessment.objects.exists()


@pytest.mark.usefixtures("in_the_shadow")
def test_the_sample_is_bounded_by_the_hour(
    room: Room, monkeypatch: pytest.MonkeyPatch, hands: Hands
) -> None:
    monkeypatch.setattr(shadow, "HOURLY", 2)
    for _ in range(5):
        room.says(room.ada, CALM)
    screening_step()
    while shadow_step():
        continue
    assert ShadowAssessment.objects.count() == 2
    hands.forward(hours=1.1)
    shadow_step()
    assert ShadowAssessment.objects.count() == 4


@pytest.mark.usefixtures("in_the_shadow")
def test_a_candidate_that_cannot_read_says_so_and_harms_nobody(
    room: Room, settings: Any, tmp_path: Path
) -> None:
    settings.SHADOW_CHECKPOINT = str(tmp_path / "gone")
    message = room.says(room.ada, CALM)
    screening_step()
    shadow_step()
    assert ShadowAssessment.objects.get(live__message=message).failed
    message.refresh_from_db()
    assert message.state == MessageState.PUBLISHED


@pytest.mark.usefixtures("in_the_shadow")
def test_the_comparison_links_only_what_the_viewer_may_read(room: Room, client: Client) -> None:
    room.says(room.ada, CALM)
    private = room.says_privately(room.ben, CALM)
    screening_step()
    # A private talk is never kept back, so a stricter policy would change nothing there.
    shadow_step()
    ShadowAssessment.objects.filter(live__message=private).update(agrees=False)
    client.force_login(room.mo)
    page = client.get("/moderation/machine/shadow").content.decode()
    assert f"/spaces/corner/{room.thread.pk}" in page
    assert f"/talk/{private.conversation_id}" not in page
    assert "a private talk" in page
    assert "<strong>publish</strong>" in page
    for words in (CALM, "zanzibar"):
        assert words not in page


@pytest.mark.parametrize("path", ["/moderation/machine", "/moderation/machine/shadow"])
def test_the_pages_are_for_staff_only(room: Room, client: Client, path: str) -> None:
    assert client.get(path).status_code == 302
    client.force_login(room.ada)
    assert client.get(path).status_code == 404
    for member in (room.mo, room.cleo, room.lee):
        client.force_login(member)
        assert client.get(path).status_code == 200


def assessed(room: Room, at: dt.datetime, count: int, label: str = "") -> None:
    """So many messages assessed at this time, each with this label or none."""
    message = Message.objects.filter(conversation=room.thread).latest("pk")
    last = Assessment.objects.filter(message=message).count()
    Assessment.objects.bulk_create(
        Assessment(
            message=message, revision=1000 + last + n, action="publish", harm="routine",
            reasons=[{"label": label, "code": label}], notice="none", classifier_version="t",
            policy_version="t", created_at=at,
        )
        for n in range(count)
    )  # fmt: skip


def tally_everything() -> None:
    while tally_step():
        continue


def test_ten_times_as_many_raises_an_alarm_that_staff_see_and_that_ends(
    room: Room, hands: Hands, client: Client
) -> None:
    hands.now = quarter_of(hands.now)
    start = hands.now
    assessed(room, start, 980)
    assessed(room, start, 20, Label.INSULT)
    hands.forward(hours=30)
    assessed(room, hands.now, 60)
    assessed(room, hands.now, 40, Label.INSULT)
    hands.forward(minutes=20)
    tally_everything()
    alarm = RateAlarm.objects.get()
    assert (alarm.label, alarm.kind, alarm.observed, alarm.read) == ("insult", "many", 40, 100)
    assert alarm.expected == pytest.approx(2.0)
    client.force_login(room.cleo)
    assert "It may insult somebody" in client.get("/triage/").content.decode()
    hands.forward(hours=26)
    assessed(room, hands.now - QUARTER, 490)
    assessed(room, hands.now - QUARTER, 10, Label.INSULT)
    hands.forward(minutes=20)
    tally_everything()
    alarm.refresh_from_db()
    assert alarm.ended_at is not None
    assert "banner machine-alarm" not in client.get("/triage/").content.decode()


def test_a_label_that_falls_silent_raises_an_alarm(room: Room, hands: Hands) -> None:
    hands.now = quarter_of(hands.now)
    assessed(room, hands.now, 900)
    assessed(room, hands.now, 100, Label.DISTRESS)
    hands.forward(hours=48)
    assessed(room, hands.now, 400)
    hands.forward(minutes=20)
    tally_everything()
    alarm = RateAlarm.objects.get()
    assert (alarm.label, alarm.kind, alarm.observed) == ("distress", "none", 0)
    assert alarm.expected == pytest.approx(40.0)


def usual_days(end: dt.datetime, seen: list[int], read: int = 100) -> None:
    """So many a day of one label, the newest last; the last day ends at ``end``."""
    for days_ago, count in enumerate(reversed(seen), start=1):
        at = end - dt.timedelta(days=days_ago)
        LabelTally.objects.create(quarter=at, label=READ, count=read)
        LabelTally.objects.create(quarter=at, label=Label.GROOMING, count=count)


@pytest.mark.parametrize(("days", "alarm"), [(4, False), (7, True)])
def test_what_is_seen_five_times_a_day_is_missed_within_a_week(
    room: Room, hands: Hands, client: Client, days: int, alarm: bool
) -> None:
    end = quarter_of(hands.now)
    usual_days(end, [5] * (28 - days) + [0] * days)
    look_for_changes(end, now=hands.now)
    assert RateAlarm.objects.filter(label=Label.GROOMING, kind="none").exists() is alarm
    client.force_login(room.mo)
    page = client.get("/moderation/").content.decode()
    assert ("not seen once in 7 days; about 35 is usual" in page) is alarm


def test_what_is_hardly_seen_any_more_raises_one_alarm_in_words(
    room: Room, hands: Hands, client: Client
) -> None:
    end = quarter_of(hands.now)
    usual_days(end, [100] * 27 + [2])
    look_for_changes(end, now=hands.now)
    assert RateAlarm.objects.get().kind == "few"
    client.force_login(room.mo)
    assert "seen only 2 times in 24 h; about 100" in client.get("/moderation/").content.decode()
    assert "only 2 times, about 100.0" in client.get("/moderation/machine").content.decode()


def test_days_that_differ_as_days_do_and_the_weeks_after_a_raid_raise_no_alarm(
    hands: Hands,
) -> None:
    end = quarter_of(hands.now)
    days = [5, 2, 9, 4, 0, 7, 5, 3, 4_000, 6, 5, 1, 4, 8] + [3, 0, 6, 5, 2, 7, 4] * 2
    usual_days(end, days, read=5_000)
    look_for_changes(end, now=hands.now)
    assert not RateAlarm.objects.exists()


def test_every_message_is_counted_once_however_often_the_step_runs(
    room: Room, hands: Hands
) -> None:
    hands.now = quarter_of(hands.now)
    assessed(room, hands.now, 7, Label.INSULT)
    hands.forward(minutes=17)
    assert tally_step() == 1
    assert tally_step() == 0
    counted = {t.label: t.count for t in LabelTally.objects.all()}
    assert counted == {READ: 7, "insult": 7}


def test_an_hour_in_which_nobody_writes_is_no_alarm(room: Room, hands: Hands) -> None:
    hands.now = quarter_of(hands.now)
    assessed(room, hands.now, 100, Label.INSULT)
    hands.forward(hours=9)
    tally_everything()
    assert not RateAlarm.objects.exists()
    assert LabelTally.objects.filter(label=READ, count=0).exists()


def test_the_card_beside_a_checkpoint_is_shown_and_a_broken_one_is_not(tmp_path: Path) -> None:
    entry = {"task": "ideation", "source": "own", "rows": 90, "positives": 30, "recall": 0.9}
    (tmp_path / "figures.json").write_text(json.dumps({"figures": [entry]}))
    (tmp_path / "config.json").write_text("{not json")
    (line,) = card_lines(tmp_path)
    assert (line.task, line.recall, line.recall_interval) == ("ideation", 0.9, None)


@pytest.mark.parametrize(
    ("running", "said"),
    [
        (f"encoder {shipped_version()}; patterns 1", False),
        (f"encoder {shipped_version()} with unbiased; patterns 1", True),
        ("encoder 2031-01.1; patterns 1", True),
        ("", False),
    ],
)
def test_figures_of_a_model_that_is_not_the_one_reading_say_so(
    room: Room, client: Client, running: str, said: bool
) -> None:
    WorkerBeat.objects.report(SCREENING, now=clock.now(), detail=running)
    client.force_login(room.mo)
    page = client.get("/moderation/machine").content.decode()
    assert ("Another machine reads now" in page) is said


def test_the_page_names_no_set_of_messages_as_researchers_do(room: Room, client: Client) -> None:
    client.force_login(room.mo)
    page = client.get("/moderation/machine").content.decode()
    shown = {line.source for line in card_lines()}
    assert len(shown) > 1
    assert not [source for source in shown if source in page]
    assert "sorted by psychiatrists" in page
    assert "The writer may be in danger" in page
    assert "messages from another collection" not in page


def test_every_cell_of_a_table_says_what_it_is_when_it_becomes_a_card(
    room: Room, client: Client
) -> None:
    decided(room, 9, "be_kind")
    client.force_login(room.mo)
    page = client.get("/moderation/machine").content.decode()
    heads = set(re.findall(r'scope="col">([^<]+)<', page))
    names = re.findall(r'<td role="cell" data-name="([^"]+)"', page)
    assert len(names) == page.count("<td")
    assert set(names) <= heads


def test_the_page_has_one_word_for_the_machine(room: Room, client: Client) -> None:
    client.force_login(room.mo)
    page = client.get("/moderation/machine").content.decode().split("<main")[1]
    said = re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL).lower()
    assert not re.search(r"\b(model|classifier|algorithm|encoder|ai)\b", said)


def test_the_page_says_what_it_cannot_see_in_plain_words(room: Room, client: Client) -> None:
    readers.use_readers([PhraseReader()])
    client.force_login(room.mo)
    page = client.get("/moderation/machine").content.decode()
    assert "that says nothing about the person" in page
    assert "low risk" not in page.lower()
    assert tallies.WINDOWS
