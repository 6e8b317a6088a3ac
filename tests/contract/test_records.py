"""The records of the library against the catalogue: names, order, types, spellings, secrets."""

from __future__ import annotations

import inspect
from datetime import date, datetime
from enum import Enum
from typing import Any, get_args

import attrs
import pytest

from litmos_async import models
from litmos_async.models import Record
from litmos_async.models.record import fields_of
from litmos_async.wire import codec
from litmos_async.wire.operation import many
from litmos_async.wire.verdict import Reply
from tests.contract import writer
from tests.contract.catalogue import RECORDS, Field, RecordFacts
from tests.contract.writer import Inventor, Row

STRICTER = {
    ("User", "ManagerName"): "it follows from ManagerId",
    ("SessionDay", "CreatedDate"): "it stands in answers of the newest page only",
    ("OrgUser", "LoginKey"): "a stub, as far as anybody knows",
}
"""Fields that the library never writes, or never shows, although the catalogue does not say so."""

SPELLINGS = {("User", "EnableTextNotification"): {"EnableTextNotifications"}}
"""Other spellings that only a note of the catalogue tells."""

TYPES = {"str": str, "int": int, "float": float, "bool": bool, "datetime": datetime, "date": date}

FIELDS = [(facts, fact) for facts in RECORDS.values() for fact in facts.fields]


def model(name: str) -> type[Record]:
    """Return the class of a record."""
    kind: type[Record] = getattr(models, name)
    return kind


def test_every_record_has_a_class() -> None:
    """The 82 records of the catalogue are the records of the library."""
    classes = {
        name
        for name, kind in inspect.getmembers(models, inspect.isclass)
        if issubclass(kind, Record) and kind is not Record
    }

    assert classes == set(RECORDS)
    assert len(RECORDS) == 82


@pytest.mark.parametrize("facts", RECORDS.values(), ids=lambda facts: facts.name)
def test_names_and_order(facts: RecordFacts) -> None:
    """Element, names on the wire and in Python, and their order."""
    fields = fields_of(model(facts.name))

    assert model(facts.name).xml_element == (facts.xml_element or "")
    assert [fact.name for _, fact in fields] == [fact.wire for fact in facts.fields]
    assert [attribute.name for attribute, _ in fields] == [fact.attribute for fact in facts.fields]


def fields(cases: list[tuple[RecordFacts, Field]]) -> pytest.MarkDecorator:
    """Run a test for each of these fields."""
    names = [f"{facts.name}.{fact.wire}" for facts, fact in cases]
    return pytest.mark.parametrize(("facts", "fact"), cases, ids=names)


@fields(FIELDS)
def test_field(facts: RecordFacts, fact: Field) -> None:
    """Type, spellings, secrecy, and what a write does with a field."""
    attribute, ours = next(
        (attribute, ours) for attribute, ours in fields_of(model(facts.name)) if ours.name == fact.wire
    )

    assert _kind(attribute) == fact.type
    assert set(ours.aliases) == set(fact.aliases) | SPELLINGS.get((facts.name, fact.wire), set())
    assert ours.xml == fact.xml
    assert ours.mandatory == fact.mandatory_element
    assert ours.required == fact.required_on_create
    if (facts.name, fact.wire) not in STRICTER:
        assert (ours.read_only, ours.secret) == (fact.read_only, fact.secret)


def _kind(attribute: attrs.Attribute[Any]) -> str:
    """Return an attribute's type as the catalogue writes it."""
    kind: Any = attribute.type
    if str(kind).startswith("list["):
        return f"list[{_name(get_args(kind)[0])}]"
    # `AccessLevel | str | None`: an open enumeration is a text or a number.
    found = [one for one in get_args(kind) or (kind,) if one is not type(None)]
    plain = [one for one in found if not issubclass(one, Enum)]
    return _name(plain[0])


def _name(kind: type) -> str:
    return next((name for name, known in TYPES.items() if known is kind), kind.__name__)


@fields([(facts, fact) for facts, fact in FIELDS if fact.aliases])
@pytest.mark.parametrize("wire", ["json", "xml"])
def test_other_spellings_are_read(facts: RecordFacts, fact: Field, wire: str) -> None:
    """A field under any spelling that some source gives it is the same field."""
    row = Inventor().row(facts.name)
    expected = row.model()

    for alias in fact.aliases:
        if wire == "json":
            body = writer.answer_json([row]).replace(f'"{fact.wire}"'.encode(), f'"{alias}"'.encode())
        else:
            body = writer.answer_xml([row], "Rows", facts.xml_element or "Row")
            body = body.replace(f"<{fact.wire}>".encode(), f"<{alias}>".encode())
            body = body.replace(f"</{fact.wire}>".encode(), f"</{alias}>".encode())
        assert codec.decode_many(Reply(200, body=body), many(model(facts.name), "Rows")) == [expected]


@pytest.mark.parametrize("facts", RECORDS.values(), ids=lambda facts: facts.name)
def test_secrets_are_not_shown(facts: RecordFacts) -> None:
    """The repr of a record holds no secret."""
    row = Row(facts.name, {})
    for fact in facts.fields:
        row.values[fact.wire] = "marked-secret" if fact.secret else None

    assert "marked-secret" not in repr(row.model())
