"""What was read can be written back, whatever the server left empty; what is new must have what a create needs."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from lxml import etree

from litmos_async import LitmosClient, errors, models
from litmos_async.models.record import Record, fields_of
from litmos_async.resources.operations import operations
from litmos_async.testing import run_virtual
from litmos_async.wire import codec
from litmos_async.wire.operation import many, one
from litmos_async.wire.verdict import Reply

WRITES: dict[str, tuple[type[Record], Callable[[LitmosClient, Any], Awaitable[object]]]] = {
    "users.update": (models.User, lambda litmos, row: litmos.users.update(row)),
    "teams.update": (models.Team, lambda litmos, row: litmos.teams.update(row)),
    "sessions.update": (models.Session, lambda litmos, row: litmos.sessions.update("c", "m", row)),
    "tokens.update": (models.Token, lambda litmos, row: litmos.tokens.update([row])),
    "sessions.mark_roll_call": (
        models.EventUser,
        lambda litmos, row: litmos.sessions.mark_roll_call("c", "m", "s", [row]),
    ),
    "ilt_modules.update": (models.ILTModule, lambda litmos, row: litmos.ilt_modules.update("c", row)),
}
WRITES_BACK = re.compile(r"[.](update|mark_roll_call)")
NOT_READ = {
    "modules.update": "takes a record of its own, which no answer has",
    "xapi.update_statement": "stores under an id, and never updates",
}


def writing_back() -> set[str]:
    """Return the ids of all operations that write a whole record which is there already."""
    return {id for id, each in operations().items() if each.body is not None and WRITES_BACK.search(id)}


def test_every_update_is_walked() -> None:
    """A new operation that writes back has to be added to the table."""
    assert writing_back() <= WRITES.keys() | NOT_READ.keys()
    assert WRITES.keys() <= writing_back()


def key_of(record: type[Record]) -> str:
    """Return the name on the wire of the attribute that goes into the path."""
    return "TokenId" if record is models.Token else "Id"


def emptied(record: type[Record], wire: str) -> bytes:
    """Return an answer in which everything but the id is null."""
    names = [fact.name for _, fact in fields_of(record) if fact.xml == "element"]
    if wire == "json":
        return json.dumps({name: "x1" if name == key_of(record) else None for name in names}).encode()
    root = etree.Element(
        record.xml_element or record.__name__, nsmap={"i": "http://www.w3.org/2001/XMLSchema-instance"}
    )
    for name in names:
        child = etree.SubElement(root, name)
        if name == key_of(record):
            child.text = "x1"
        else:
            child.set("{http://www.w3.org/2001/XMLSchema-instance}nil", "true")
    return etree.tostring(root)


def written_by(operation: str, row: Record, wire: str) -> httpx.Request:
    """Write a record and return the request."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200)

    async def main() -> None:
        transport = httpx.MockTransport(answer)
        async with LitmosClient("k", "t", base_url="https://sandbox/v1.svc", transport=transport) as litmos:
            await WRITES[operation][1](litmos.with_options(wire=wire), row)

    run_virtual(main())
    (request,) = seen
    return request


@pytest.mark.parametrize("back", ["json", "xml"])
@pytest.mark.parametrize("wire", ["json", "xml"])
@pytest.mark.parametrize("operation", WRITES)
def test_what_came_empty_goes_back(operation: str, wire: str, back: str) -> None:
    """A record of which everything is null but the id is taken, read over either wire and written over either."""
    record, _ = WRITES[operation]
    row = codec.decode_one(Reply(200, body=emptied(record, wire)), one(record))
    for each in (row, row.replace(), pickle.loads(pickle.dumps(row))):
        request = written_by(operation, each, back)
        if request.headers["content-type"] == "application/json":
            body = request.content.decode()
            assert "x1" in body or "x1" in request.url.path
        else:
            etree.fromstring(request.content)


@pytest.mark.parametrize("operation", WRITES)
def test_what_is_new_must_be_whole(operation: str) -> None:
    """A record that the caller made lacks what it lacks: it is refused before anything is sent."""
    record, _ = WRITES[operation]
    needed = [
        attribute.name for attribute, fact in fields_of(record) if fact.required and attribute.name != "id"
    ]
    with pytest.raises(errors.ConfigurationError, match=needed[0]):
        written_by(operation, record(**{"token_id" if record is models.Token else "id": "x1"}), "xml")


def test_what_the_caller_blanked_is_still_refused() -> None:
    """Only what the server left empty may be empty."""
    body = b'{"Id": "x1", "Name": "given", "Location": null}'
    session = codec.decode_one(Reply(200, body=body), one(models.Session))
    with pytest.raises(errors.ConfigurationError, match="Session needs name"):
        written_by("sessions.update", session.replace(name=""), "xml")


def test_a_copy_for_a_create_must_be_whole() -> None:
    """What came from the server is no excuse where something new is made of it."""
    session = codec.decode_one(Reply(200, body=b'{"Id": "x1", "Name": "n"}'), one(models.Session))

    async def main() -> None:
        async with LitmosClient("k", "t", base_url="https://sandbox/v1.svc") as litmos:
            with pytest.raises(errors.ConfigurationError, match="location"):
                await litmos.sessions.create("c", "m", session)

    run_virtual(main())


def test_a_flag_that_was_null_goes_back_as_null() -> None:
    """Left out it would be read as false."""
    user = codec.decode_one(Reply(200, body=emptied(models.User, "json")), one(models.User))
    assert b'"Active":null' in written_by("users.update", user, "json").content
    assert b'nil="true"' in written_by("users.update", user, "xml").content
    assert b'"Active":false' in written_by("users.update", user.replace(active=False), "json").content


FLAGS = {
    "disable_messages": "DisableMessages",
    "active": "Active",
    "is_custom_username": "IsCustomUsername",
    "skip_first_login": "SkipFirstLogin",
}


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("back", ["json", "xml"])
def test_a_flag_that_did_not_come_goes_back_as_null(flag: str, back: str) -> None:
    """What was read can be written back (api-facts 10: fields appear over the years); others keep their value."""
    fields = {name: "true" for each, name in FLAGS.items() if each != flag}
    body = json.dumps({"Id": "x1", "UserName": "u", **fields}).encode()
    user = codec.decode_one(Reply(200, body=body), one(models.User))
    for row in (user, user.replace(), pickle.loads(pickle.dumps(user))):
        written = written_by("users.update", row, back).content.decode()
        assert re.search(rf'"{FLAGS[flag]}":null|<{FLAGS[flag]} [^>]*nil="true"/>', written)
        assert len(re.findall(r'":true|>true<', written)) == 3
    for name in FLAGS:
        # What the caller blanked, or made, is still asked for.
        blanked = user.replace(**{name: None}) if name != flag else models.User(id="x1", user_name="u")
        with pytest.raises(errors.ConfigurationError, match=r"must be True or False|needs first_name"):
            written_by("users.update", blanked, back)


@pytest.mark.parametrize("wrong", ["no", "false", "", 0, 1, []])
@pytest.mark.parametrize("back", ["json", "xml"])
def test_a_flag_of_a_record_is_yes_or_no(wrong: Any, back: str) -> None:
    """Another value is refused, and not sent for the server to make something of; one of its own goes back."""
    body = b'{"Id": "x1", "UserName": "u", "Active": "maybe", "SkipFirstLogin": true}'
    user = codec.decode_one(Reply(200, body=body), one(models.User))
    assert b"maybe" in written_by("users.update", user, back).content
    with pytest.raises(
        errors.ConfigurationError, match=r"User\.active must be True or False, not (str|int|list)"
    ):
        written_by("users.update", user.replace(active=wrong), back)


def test_a_field_that_xml_has_no_name_for() -> None:
    """A field read over JSON may have any name: over XML it is refused by it, over JSON it goes back."""
    user = codec.decode_one(
        Reply(200, body=b'{"Id": "x1", "UserName": "u", "Odd Field": 1}'), one(models.User)
    )
    assert b'"Odd Field":1' in written_by("users.update", user, "json").content
    with pytest.raises(errors.ConfigurationError, match=r"XML cannot carry .* 'Odd Field': pass wire=.json"):
        written_by("users.update", user, "xml")


@pytest.mark.parametrize(
    "field",
    [
        '<New kind="b">text</New>',
        '<New kind="b"/>',
        '<New><A x="1">t</A><A x="2"/></New>',
        '<New><A x="1" y="&lt;&quot;">t</A><B>u</B></New>',
    ],
)
def test_an_unknown_field_with_attributes_goes_back(field: str) -> None:
    """What stands beside a text in an element are attributes, over XML as they came."""
    body = f"<User><Id>x1</Id><UserName>u</UserName>{field}</User>".encode()
    user = codec.decode_one(Reply(200, content_type="text/xml", body=body), one(models.User))
    for row in (user, user.replace(last_name="new"), pickle.loads(pickle.dumps(user))):
        written = etree.fromstring(written_by("users.update", row, "xml").content)
        (new,) = written.findall("New")
        assert etree.tostring(new, method="c14n") == etree.tostring(etree.fromstring(field), method="c14n")
    bad = b'{"Id": "x1", "UserName": "u", "New": {"odd name": "a", "#text": "t"}}'
    with pytest.raises(
        errors.ConfigurationError, match=r"XML cannot carry the attribute 'odd name' of .* 'New'"
    ):
        written_by("users.update", codec.decode_one(Reply(200, body=bad), one(models.User)), "xml")


DAY = {
    "Id": "d",
    "StartDate": "/Date(1603756359593)/",
    "EndDate": "/Date(1603756359593)/",
    "StartTime": "9:00AM",
    "EndTime": "5:00PM",
    "SendReminder": True,
    "ReminderValue": 1,
    "ReminderMetric": "days",
}


@pytest.mark.parametrize("wire", ["json", "xml"])
@pytest.mark.parametrize(
    "days",
    [
        DAY,
        [DAY, None],
        [None, DAY],
        {"SessionDay": DAY},
        {"SessionDay": [DAY, None]},
        {"SessionDay": [DAY, ""]},
    ],
)
def test_a_list_with_an_empty_row_goes_back(days: object, wire: str) -> None:
    """A row that says nothing, or a list of one that came as its row, costs none of the others."""
    body = json.dumps({"Id": "s", "Name": "n", "Days": days}).encode()
    session = codec.decode_one(Reply(200, body=body), one(models.Session))
    assert [day.id for day in session.days] == ["d"]
    assert b"9:00AM" in written_by("sessions.update", session.replace(name="new"), wire).content


@pytest.mark.parametrize("wire", ["json", "xml"])
def test_a_list_that_cannot_be_read_goes_back_as_it_came(wire: str) -> None:
    """One odd row keeps the list from being read as days; a write does not blank them."""
    body = json.dumps({"Id": "s", "Name": "n", "Days": {"SessionDay": [DAY, "odd"]}}).encode()
    session = codec.decode_one(Reply(200, body=body), one(models.Session))
    assert session.days == []
    sent = written_by("sessions.update", session.replace(name="new"), wire).content
    assert b"9:00AM" in sent
    assert b"odd" in sent
    root = etree.fromstring(sent) if wire == "xml" else None
    assert root is None or [each.text for each in root.findall("Days/SessionDay/Id")] == ["d"]


@pytest.mark.parametrize(
    "answer",
    [
        b'{"Id": "r", "Username": "u1", "UserName": ""}',
        b'{"Id": "r", "UserName": "u1", "Username": ""}',
        b'{"Id": "r", "UserName": "u1", "Username": null}',
    ],
)
def test_the_spelling_that_says_something(answer: bytes) -> None:
    """Of two spellings of one field an empty one does not blank the other."""
    assert codec.decode_one(Reply(200, body=answer), one(models.ResultDetail)).user_name == "u1"
    page = b'{"Items": [{"Id": "u"}], "Item": [], "Pagination": {"TotalCount": 1}}'
    assert [row.id for row in codec.decode_one(Reply(200, body=page), one(models.UserPage)).items] == ["u"]


def test_a_known_field_with_attributes_is_read() -> None:
    """The attributes of an element, or of one around rows, do not make its value unknown."""
    body = b"""<User v="2"><Id type="guid">u1</Id><UserName lang="en">ann@example.com</UserName>
        <Active x="1">true</Active><CreatedDate tz="UTC">2031-01-02T03:04:05</CreatedDate>
        <AccessLevel n="4">Learner</AccessLevel><City x="1"/></User>"""
    user = codec.decode_one(Reply(200, content_type="text/xml", body=body), one(models.User))
    assert (user.id, user.user_name, user.active) == ("u1", "ann@example.com", True)
    assert (str(user.created_date)[:10], user.access_level) == ("2031-01-02", "Learner")
    assert (user.city, dict(user.extra)) == ("", {"v": "2"})
    body = b"""<Sessions count="1"><Session><Id>s</Id><Days count="2"><SessionDay n="1"><Id>d1</Id></SessionDay>
        <SessionDay><Id>d2</Id></SessionDay></Days></Session></Sessions>"""
    (session,) = codec.decode_many(
        Reply(200, content_type="text/xml", body=body), many(models.Session, "Sessions")
    )
    assert [day.id for day in session.days] == ["d1", "d2"]


def test_odd_values_go_back_as_they_came() -> None:
    """Half a character, a number that no float can hold, a date of no known form: all can be written."""
    body = rb'[{"Id": "t", "Name": "half \ud83d", "Odd": 1e999, "Far": {"x": -1e999, "y": "\u000b"}}]'
    (team,) = codec.decode_many(Reply(200, body=body), many(models.Team, "Teams"))
    assert team.name == "half \ufffd"
    for wire in ("json", "xml"):
        assert b"1e999" in written_by("teams.update", team, wire).content
