"""`Record.to_dict`: every record of the catalogue as plain data, without secrets."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from typing import Any

import pytest

from litmos_async import models
from litmos_async.errors import ConfigurationError
from litmos_async.models import (
    AccessLevel,
    Record,
    ReminderMetric,
    Session,
    SessionDay,
    User,
    UserWithCourses,
)
from litmos_async.models.record import SECRET_NAMES, fields_of
from litmos_async.wire.converter import structure
from tests.contract.catalogue import RECORDS, RecordFacts
from tests.contract.writer import Inventor, Row

UNKNOWN = {"Later": {"Deep": [1, "two", None, 2.5, True]}}


def expected(row: Row, *, secrets: bool) -> dict[str, Any]:
    """Return what an invented row is as plain data, worked out from the catalogue."""
    known = {
        fact.attribute: _value(value, secrets=secrets)
        for fact, value in row.facts()
        if secrets or fact.wire.lower() not in {"loginkey", "password"}
    }
    return known | {"extra": {}}


def _value(value: Any, *, secrets: bool) -> Any:
    if isinstance(value, list):
        return [_value(each, secrets=secrets) for each in value]
    if isinstance(value, Row):
        return expected(value, secrets=secrets)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value) if isinstance(value, date) else value


@pytest.mark.parametrize("secrets", [False, True])
@pytest.mark.parametrize("facts", RECORDS.values(), ids=lambda facts: facts.name)
def test_every_record(facts: RecordFacts, secrets: bool) -> None:
    """All attributes in their order, and `extra`; what comes out is what JSON gives back."""
    row = Inventor().row(facts.name)
    plain = row.model().replace(extra=UNKNOWN).to_dict(secrets=secrets)

    assert plain == expected(row, secrets=secrets) | {"extra": UNKNOWN}
    assert list(plain)[-1] == "extra"
    assert json.loads(json.dumps(plain)) == plain
    assert _kinds(plain) <= {dict, list, str, int, float, bool, type(None)}


def _kinds(value: Any) -> set[type]:
    if isinstance(value, dict):
        return {dict}.union(*(_kinds(each) for each in value.values()))
    if isinstance(value, list):
        return {list}.union(*(_kinds(each) for each in value))
    return {type(value)}


@pytest.mark.parametrize("facts", RECORDS.values(), ids=lambda facts: facts.name)
def test_an_empty_record_has_the_same_keys(facts: RecordFacts) -> None:
    """The columns of a table don't depend on what the server said."""
    kind: type[Record] = getattr(models, facts.name)
    full = Inventor().row(facts.name).model()

    assert list(kind().to_dict()) == list(full.to_dict())
    assert list(kind().to_dict(secrets=True)) == list(full.to_dict(secrets=True))


@pytest.mark.parametrize("facts", RECORDS.values(), ids=lambda facts: facts.name)
@pytest.mark.parametrize("name", ["LoginKey", "Password", "loginkey", "PASSWORD"])
def test_no_secret_in_any_record(facts: RecordFacts, name: str) -> None:
    """A secret that comes as a field of the record, an unknown one, or of another type, is left out."""
    kind: type[Record] = getattr(models, facts.name)
    for value in ("marked-secret", ["marked-secret"], {"x": "marked-secret"}):
        record = structure({name: value, "Other": {name: value}, "Rows": [{name: value}]}, kind)
        assert "marked-secret" not in json.dumps(record.to_dict())
        assert "marked-secret" in json.dumps(record.to_dict(secrets=True))
        assert "Other" in record.to_dict()["extra"]


def test_the_names_of_secrets() -> None:
    """The names that are left out of unknown fields are those of all secret attributes."""
    kinds = [getattr(models, name) for name in RECORDS]
    secret = {
        spelling.lower()
        for kind in kinds
        for _, fact in fields_of(kind)
        if fact.secret
        for spelling in (fact.name, *fact.aliases)
    }
    assert secret == SECRET_NAMES


def test_times() -> None:
    """In UTC, with as much of a second as there is; without a zone no moment is meant."""
    here = timezone(timedelta(hours=2))
    user = User(created_date=datetime(2024, 5, 1, 1, 30, 0, 250_000, tzinfo=here))

    assert user.to_dict()["created_date"] == "2024-04-30T23:30:00.250000Z"
    assert (
        User(created_date=datetime(1, 1, 1, tzinfo=UTC)).to_dict()["created_date"] == "0001-01-01T00:00:00Z"
    )
    with pytest.raises(ConfigurationError, match="created_date has no time zone"):
        User(created_date=datetime(2024, 5, 1)).to_dict()  # noqa: DTZ001
    with pytest.raises(ConfigurationError, match="start_date"):
        Session(days=[SessionDay(start_date=datetime(2024, 5, 1))]).to_dict()  # noqa: DTZ001


def test_enumerations() -> None:
    """Members are their values, of the plain type; what is not a member stays as it came."""
    known, other = User(access_level=AccessLevel.LEARNER), User(access_level="Coach")

    assert type(known.to_dict()["access_level"]) is str
    assert not isinstance(known.to_dict()["access_level"], Enum)
    assert (known.to_dict()["access_level"], other.to_dict()["access_level"]) == ("Learner", "Coach")
    day = SessionDay(reminder_metric=ReminderMetric.DAYS)
    assert Session(days=[day]).to_dict()["days"][0]["reminder_metric"] == "days"


def test_nothing_is_shared() -> None:
    """Who changes the plain data changes no record."""
    record = UserWithCourses(extra={"Later": {"Deep": [1]}}, courses=[models.UserCourse(id="c")])
    plain = record.to_dict()

    plain["extra"]["Later"]["Deep"].append(2)
    plain["courses"][0]["id"] = "other"

    assert record == UserWithCourses(extra={"Later": {"Deep": [1]}}, courses=[models.UserCourse(id="c")])
