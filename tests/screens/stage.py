"""A private site to take pictures of: first bare, then with the demo's people, never moving."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django


def prepare(folder: Path) -> None:
    """Point this process at an empty database of its own; before anything of Django is imported."""
    os.environ["LANTERN_VAR"] = str(folder)
    os.environ["DATABASE_URL"] = f"sqlite:///{folder / 'lantern.sqlite3'}"
    os.environ["REDIS_URL"] = ""
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    django.setup()


class Stage:
    """The site's processes, and everybody by nickname."""

    def __init__(self, folder: Path) -> None:
        from django.core.management import call_command

        from chat.actions.people import start_young_person
        from config.demo.seed import _make_colleagues
        from tests.servers import Site

        folder.mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        _make_colleagues()
        self.newcomer = start_young_person(nickname="Moss", age_band="16-17")[0]
        self.site = Site(folder, {"DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": ""})

    def open_bare(self) -> None:
        """Nobody has written anything yet."""
        self.site.start()
        self._wait_for_the_reader()

    def open_lived_in(self) -> None:
        """With the demo's people, who say nothing more."""
        from django.core.management import call_command

        self.site.stop()
        call_command("seed_demo", stdout=(self.site.folder / "seed.log").open("w"))
        self.site.start()
        self._wait_for_the_reader()

    def open_unread(self) -> None:
        """Nobody reads: the workers are away, and have been for a while."""
        from chat.kernel import clock
        from chat.models import WorkerBeat

        self.site.stop()
        WorkerBeat.objects.update(at=clock.now() - dt.timedelta(minutes=3))
        self.site.start_web()

    def close(self) -> None:
        self.site.stop()

    def user(self, nickname: str) -> Any:
        """Somebody by nickname, young or of the team."""
        from chat.models import User

        return User.objects.filter(nickname=nickname).order_by("pk")[0]

    def keep_company(self, *, minutes_ago: int = 0) -> None:
        """The simulated colleague picked up whom they are with just now: nothing moves here, and by
        and by they would count as gone."""
        from chat.kernel import clock
        from config.demo.people import SIMULATED_COLLEAGUE
        from triage.models import Case

        held = Case.objects.open().filter(claimed_by__username=SIMULATED_COLLEAGUE)
        held.update(claimed_at=clock.now() - dt.timedelta(minutes=minutes_ago))

    def do(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """An action of somebody, in a thread of its own."""
        from tests.conftest import act

        return act(function, *args, **kwargs)

    def cookie(self, nickname: str) -> dict[str, str]:
        from tests.conftest import cookie_for

        found: dict[str, str] = self.do(cookie_for, self.user(nickname))
        return found

    def _wait_for_the_reader(self) -> None:
        from chat.kernel import clock
        from chat.models import WorkerBeat
        from chat.models.beat import SCREENING
        from tests.servers import wait_until

        wait_until(
            lambda: WorkerBeat.objects.is_awake(SCREENING, now=clock.now()),
            within=180,
            what="the reader's first look",
        )
