"""Every index is paid for with every row: none may do what another does already."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models

APPS = ("chat", "moderation", "triage")


def begins(model: type[models.Model]) -> set[str]:
    """The first field of each index and unique constraint over all rows of a model."""
    whole = [i for i in model._meta.indexes if i.fields and i.condition is None]
    unique = [c for c in model._meta.constraints if isinstance(c, models.UniqueConstraint)]
    fields = [i.fields for i in whole] + [c.fields for c in unique if c.condition is None]
    return {names[0].lstrip("-") for names in fields if names}


@pytest.mark.parametrize("app", APPS)
def test_no_key_has_an_index_of_its_own_where_another_begins_with_it(app: str) -> None:
    twice = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.local_fields
        if field.db_index and not field.unique and field.name in begins(model)
    ]
    assert twice == [], "add db_index=False: the index or constraint that begins with it will do"


@pytest.mark.django_db
@pytest.mark.parametrize("app", APPS)
def test_every_index_and_constraint_of_a_model_stands_in_the_database(app: str) -> None:
    """A migration can lose one without a word: then ten taps on help were ten requests."""
    missing = []
    for model in apps.get_app_config(app).get_models():
        with connection.cursor() as cursor:
            there = connection.introspection.get_constraints(cursor, model._meta.db_table)
        named = [*model._meta.indexes, *model._meta.constraints]
        missing += [f"{model.__name__}: {one.name}" for one in named if one.name not in there]
    assert missing == [], "models promise these and the database does not keep them"
