"""The composed samples: every answer decodes, field by field, and every request is reproduced."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import attrs
import pytest

from litmos_async import models
from litmos_async.models.record import Record, fields_of
from litmos_async.wire import codec
from litmos_async.wire.operation import Operation, many, one
from litmos_async.wire.verdict import Reply, error_of
from tests.contract.catalogue import CALLS, Entry, Shape

SAMPLES = Path(__file__).parent.parent / "samples"
ENTRIES = {entry.id: entry for entry in CALLS}
FILES = sorted(path for path in SAMPLES.iterdir() if path.suffix in {".json", ".xml", ".html"})
REQUESTS = [path for path in FILES if ".request." in path.name]
ERRORS = [path for path in FILES if path.name.startswith("error.")]
ANSWERS = [path for path in FILES if path not in REQUESTS + ERRORS]


def entry_of(path: Path) -> Entry:
    """Return the operation that a file belongs to: its name begins with the id."""
    return ENTRIES[".".join(path.name.split(".")[:2])]


def library_shape(shape: Shape) -> Any:
    """Return a shape of the catalogue as the library's."""
    record = getattr(models, str(shape.record))
    root = shape.xml_root or "Rows"
    return many(record, root, shape.xml_item or "") if shape.list else one(record, root)


def decoded(body: bytes, shape: Shape) -> list[Record]:
    """Return the records of a body."""
    reply = Reply(200, body=body)
    if shape.list:
        return codec.decode_many(reply, library_shape(shape))
    return [codec.decode_one(reply, library_shape(shape))]


def nothing_unknown(record: Record) -> None:
    """Check that every field of a record, and of those within it, was known and could be read."""
    assert record.extra == {}
    for attribute, _ in fields_of(type(record)):
        value = getattr(record, attribute.name)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, Record):
                nothing_unknown(inner)


def said(record: Record) -> dict[str, Any]:
    """Return what a record says; an empty text and an absent one are the same here."""
    return {name: value for name, value in attrs.asdict(record).items() if value not in (None, "", [])}


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
def test_answer_decodes(path: Path) -> None:
    """Every field of the file is a known field, and as many rows come out as stand in it."""
    shape = entry_of(path).response
    assert shape is not None

    rows = decoded(path.read_bytes(), shape)

    for row in rows:
        nothing_unknown(row)
    assert bool(rows) == (".empty." not in path.name)
    if shape.list:
        text = path.read_text(encoding="utf-8")
        assert len(rows) == len(json.loads(text) if path.suffix == ".json" else ET.fromstring(text))


@pytest.mark.parametrize(
    "path", [path for path in ANSWERS if path.with_suffix(".xml") in ANSWERS], ids=lambda path: path.name
)
def test_both_wires_say_the_same(path: Path) -> None:
    """The JSON and the XML of one answer are the same records."""
    shape = entry_of(path).response
    assert shape is not None

    rows, same = (
        decoded(path.with_suffix(suffix).read_bytes(), shape) if path.with_suffix(suffix).exists() else None
        for suffix in (".json", ".xml")
    )

    assert rows is None or same is None or [said(row) for row in rows] == [said(row) for row in same]


@pytest.mark.parametrize("path", REQUESTS, ids=lambda path: path.name)
def test_request_is_reproduced(path: Path) -> None:
    """What a request says, read into records and written again, is the same to the byte, white space aside."""
    entry = entry_of(path)
    shape = entry.request
    assert shape is not None
    rows = decoded(path.read_bytes(), shape)
    operation: Operation[Any] = Operation(entry.id, "POST", "/", body=library_shape(shape))

    request = codec.encode(
        operation,
        {},
        body=rows if shape.list else rows[0],
        wire="json" if path.suffix == ".json" else "xml",
    )

    assert request.body is not None
    assert without_space(request.body) == without_space(path.read_bytes())


def without_space(body: bytes) -> str:
    """Return a body without the white space between its elements."""
    # The sample of a session prints its dates with an offset; what was recorded to be accepted has none.
    text = body.decode().replace("+0000)/", ")/")
    if text.lstrip().startswith("<"):
        return re.sub(r">\s+<", "><", re.sub(r"^<\?xml[^>]*\?>", "", text.strip()).strip())
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.name)
def test_error_says_why(path: Path) -> None:
    """An error body gives its status and a reason that people can read."""
    status = int(path.name.split(".")[1])

    error = error_of(Reply(status, body=path.read_bytes()), ())

    assert error.status == status
    assert error.detail
    assert "<" not in error.detail
