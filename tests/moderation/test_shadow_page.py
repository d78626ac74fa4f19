"""Whether the page about a new machine says what runs now, and not only what ran last."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from moderation import readers, shadow
from moderation.classifiers.shipped import CHECKPOINTS, SHIPPED, SHIPPED_SHA256
from moderation.models import ShadowAssessment
from moderation.screening import screening_step
from moderation.shadow import shadow_step
from tests.conftest import Hands
from tests.moderation.room import CALM, Room

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("phrase_reader")]

LIVE = "moderation.policy"
EARLIER = "what an earlier one found"


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    """Each test builds its own candidate."""
    shadow._built = None
    yield
    shadow._built = None


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file to write a policy into; SHADOW_POLICY names it "tried_policy"."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path / "tried_policy.py"
    sys.modules.pop("tried_policy", None)


@pytest.fixture
def it_ran_before(phrase_reader: None, room: Room, settings: Any) -> None:
    """A candidate has read something, with a word in its versions that no other has."""
    settings.SHADOW_POLICY = LIVE
    room.says(room.ada, CALM)
    screening_step()
    assert shadow_step() == 1
    ShadowAssessment.objects.update(candidate_words="zanzibar 1")


def page_for(room: Room, client: Client) -> str:
    client.force_login(room.mo)
    return client.get("/moderation/machine/shadow").content.decode()


@pytest.mark.usefixtures("it_ran_before")
def test_what_reads_now_is_shown_as_that(room: Room, client: Client) -> None:
    page = page_for(room, client)
    assert "reads a small part" in page
    assert "zanzibar 1" in page
    assert EARLIER not in page


@pytest.mark.usefixtures("it_ran_before")
def test_a_candidate_that_cannot_be_loaded_is_not_hidden_by_the_one_before(
    room: Room, client: Client, settings: Any
) -> None:
    settings.SHADOW_POLICY = "nowhere.to.be.found"
    assert shadow_step() == 0
    page = page_for(room, client)
    assert "could not be loaded (ModuleNotFoundError)" in page
    assert EARLIER in page
    assert "reads a small part" not in page


@pytest.mark.usefixtures("it_ran_before")
def test_when_nothing_is_asked_for_any_more_the_page_says_so_at_once(
    room: Room, client: Client, settings: Any
) -> None:
    settings.SHADOW_POLICY = ""
    assert shadow_step() == 0
    page = page_for(room, client)
    assert "Nothing runs in the shadow now" in page
    assert EARLIER in page


@pytest.mark.usefixtures("it_ran_before")
def test_a_worker_that_is_gone_reads_nothing(room: Room, client: Client, hands: Hands) -> None:
    hands.forward(minutes=6)
    page = page_for(room, client)
    assert "it is not running now" in page
    assert EARLIER in page


@pytest.mark.usefixtures("it_ran_before")
def test_the_figures_of_another_candidate_are_not_those_of_the_one_that_reads(
    room: Room, client: Client, settings: Any, policy: Path
) -> None:
    policy.write_text("from moderation.policy import decide\nPOLICY_VERSION = 'tried'\n")
    settings.SHADOW_POLICY = "tried_policy"
    ShadowAssessment.objects.all().delete()
    shadow_step()
    ShadowAssessment.objects.update(candidate="another", candidate_words="zanzibar 2")
    page = page_for(room, client)
    assert "It has not read anything yet" in page
    assert "zanzibar" not in page


def test_a_policy_that_is_mended_is_tried_again_after_a_while(
    room: Room, settings: Any, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.write_text("raise RuntimeError\n")
    settings.SHADOW_POLICY = "tried_policy"
    room.says(room.ada, CALM)
    screening_step()
    assert shadow_step() == 0
    policy.write_text("from moderation.policy import decide\nPOLICY_VERSION = 'mended'\n")
    assert shadow_step() == 0  # Not at once: what is broken would be loaded at every step.
    monkeypatch.setattr(readers, "REBUILD_AFTER_SECONDS", -1.0)
    assert shadow_step() == 1


def test_a_checkpoint_that_could_not_be_loaded_reads_once_it_can_be(
    room: Room, client: Client, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SHADOW_CHECKPOINT = str(tmp_path / "late")
    settings.SHADOW_SHA256 = SHIPPED_SHA256
    room.says(room.ada, CALM)
    screening_step()
    shadow_step()
    page = page_for(room, client)
    assert "could not be loaded (encoder: there is no checkpoint folder late" in page
    shutil.copytree(CHECKPOINTS / SHIPPED, tmp_path / "late")
    monkeypatch.setattr(readers, "REBUILD_AFTER_SECONDS", -1.0)
    assert shadow_step() == 1
    assert not ShadowAssessment.objects.order_by("-pk")[0].failed
    assert "reads a small part" in page_for(room, client)
