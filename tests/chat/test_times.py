"""Points in time come out of the database as they went in, whoever reads them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DataError
from django.db.models import DateTimeField
from django.db.models.expressions import RawSQL

from chat.models import User
from tests.cast import Cast

pytestmark = pytest.mark.django_db

MOMENTS = [
    dt.datetime(2026, 11, 27, 2, 3, 4, tzinfo=dt.UTC),
    dt.datetime(2026, 11, 27, 2, 3, 4, 500_000, tzinfo=dt.UTC),
    dt.datetime(2026, 11, 27, 2, 3, 4, 7, tzinfo=dt.UTC),
    dt.datetime(1, 1, 1, tzinfo=dt.UTC),
    dt.datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC),
    dt.datetime(2026, 3, 29, 1, 30, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=45))),
]


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_a_moment_comes_back_as_it_was_and_says_that_it_is_utc(
    cast: Cast, moment: dt.datetime
) -> None:
    User.objects.filter(pk=cast.ada.pk).update(joined_at=moment)
    found = User.objects.get(pk=cast.ada.pk).joined_at
    assert found == moment
    assert found.utcoffset() == dt.timedelta(0)


@pytest.mark.real  # SQLite keeps times as text: only PostgreSQL has these.
@pytest.mark.parametrize("odd", ["infinity", "4712-01-01 00:00:00+00 BC"])
def test_a_moment_that_python_cannot_say_is_an_error_and_not_another_moment(
    cast: Cast, odd: str
) -> None:
    when = RawSQL("%s::timestamptz", [odd], output_field=DateTimeField())
    with pytest.raises(DataError):
        User.objects.annotate(when=when).values_list("when", flat=True).first()
