"""One description of each record: its columns, JSON Schema and Arrow agree with `to_dict`."""

from __future__ import annotations

import inspect

import pytest

from litmos_async import models
from litmos_async.export import find_list, lists, schema
from litmos_async.export.schema import columns_of
from litmos_async.models.record import Record

RECORDS = [
    each
    for _, each in inspect.getmembers(models, inspect.isclass)
    if issubclass(each, Record) and each is not Record
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda each: each.__name__)
def test_columns_are_the_keys_of_to_dict(record: type[Record]) -> None:
    """In the same order, for every record there is."""
    names = [column.name for column in columns_of(record) if not column.secret]
    assert names == list(record().to_dict())


@pytest.mark.parametrize("name", [each.name for each in lists()])
def test_schemas_of_a_list(name: str) -> None:
    """JSON Schema and Arrow have the columns of the list, and the key is among them."""
    wanted = schema(name)
    assert tuple(wanted.json_schema()["properties"]) == wanted.names
    assert tuple(wanted.arrow().names) == wanted.names
    assert set(wanted.key) <= set(wanted.names)
    assert all(column.type == "json" for column in wanted.columns if column.name == "extra")


def test_rows_fit_their_json_schema() -> None:
    """Types of JSON Schema hold for what `to_dict` gives, by a look at each property."""
    kinds = {"string": str, "integer": int, "number": int | float, "boolean": bool, "null": type(None)}
    row = models.User(id="u1", user_name="ada").to_dict()
    for name, fact in schema("user_details").json_schema()["properties"].items():
        allowed = fact.get("type")
        if isinstance(allowed, list):
            assert any(isinstance(row[name], kinds[each]) for each in allowed), name


def test_lists_by_operation() -> None:
    """A list of the catalogue and an operation's id are found; `since` means what its docstring says."""
    assert find_list("users.list").record is find_list("users").record
    assert find_list("org.list_course_results").windowed
    assert find_list("users.list_details").since == "created"
    assert {each.since for each in lists()} == {"nothing", "created", "changed", "earned", "happened"}
