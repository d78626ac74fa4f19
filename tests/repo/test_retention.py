"""Nothing is kept about anybody without saying how long."""

from __future__ import annotations

from collections import Counter
from importlib import import_module

import pytest
from django.apps import apps

from chat.retention import Keep, columns

APPS = ("chat", "moderation", "triage")


def kept(app: str) -> set[tuple[str, str]]:
    """Every column of an app but the row's own id."""
    models = apps.get_app_config(app).get_models(include_auto_created=True)
    return {
        (model.__name__, field.name)
        for model in models
        for field in (*model._meta.fields, *model._meta.many_to_many)
        if not field.primary_key
    }


@pytest.mark.parametrize("app", APPS)
def test_every_column_has_exactly_one_retention_class(app: str) -> None:
    listed = [
        (model, name) for model, name, _ in columns(import_module(f"{app}.retention").RETENTION)
    ]
    assert [pair for pair, times in Counter(listed).items() if times > 1] == []
    assert sorted(set(listed) ^ kept(app)) == [], "listed and not kept, or kept and not listed"


@pytest.mark.parametrize("app", APPS)
def test_what_people_wrote_is_sealed_wherever_it_is_kept(app: str) -> None:
    """Words have a class of their own, and no column of that class is readable as it stands."""
    table = import_module(f"{app}.retention").RETENTION
    words = {name for _, name, keep in columns(table) if keep is Keep.WORDS}
    assert words <= {"body_sealed", "title", "opening_message"}
