"""What happens to request bodies: the order-sensitive XML reader and its JSON sister."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async.sandbox.wire.read import BadBody, BadDate, read_record, read_records
from litmos_async.sandbox.wire.render import record_to_json, record_to_xml
from litmos_async.sandbox.wire.schema import GAMIFICATION_ITEM, TEAM_COURSE_REF, USER, USER_IMPORT, element

XML, JSON = "text/xml", "application/json; charset=utf-8"
THING = element("Thing", "Name On:bool Count:int Share:float When:date? Seen:iso")


def test_elements_in_order_are_read() -> None:
    """Elements in the documented order arrive, gaps between them do no harm."""
    user = read_record(b"<User><Id/><UserName>ada</UserName><Active>true</Active></User>", XML, USER)
    assert (user["UserName"], user["Active"], user["Email"]) == ("ada", True, "")


def test_an_element_that_comes_too_late_is_skipped() -> None:
    """A misplaced element is dropped in silence and its field keeps the blank value: Active reads as false."""
    body = b"<User><UserName>ada</UserName><Skype>x</Skype><Active>true</Active><Brand>B</Brand></User>"
    user = read_record(body, XML, USER)
    assert (user["Active"], user["Skype"], user["Brand"]) == (False, "x", "B")


def test_a_repeated_element_counts_once() -> None:
    """The second element of a name is late by definition."""
    assert read_record(b"<Thing><Name>a</Name><Name>b</Name></Thing>", XML, THING)["Name"] == "a"


def test_unknown_elements_do_not_move_the_reader() -> None:
    """Elements of other names, or with a namespace, are passed over."""
    body = b'<Thing><Odd/><Name xmlns="urn:x">a</Name><Name>b</Name></Thing>'
    assert read_record(body, XML, THING)["Name"] == "b"


def test_nil_is_null() -> None:
    """`i:nil` makes a field null."""
    body = b'<Thing xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Name i:nil="true"/></Thing>'
    assert read_record(body, XML, THING)["Name"] is None


THING_XML = b"""<Thing><Name>n</Name><On>1</On><Count>7</Count><Share>0.5</Share>
    <When>2024-07-10T09:12:05Z</When><Seen>ever</Seen></Thing>"""
THING_JSON = b"""{"Seen": "ever", "On": true, "Count": 7, "Share": 0.5, "Name": "n",
    "When": "/Date(1720602725000+0000)/", "Odd": 1}"""


@pytest.mark.parametrize(("content_type", "body"), [(XML, THING_XML), (JSON, THING_JSON)])
def test_kinds_of_values(content_type: str, body: bytes) -> None:
    """Every kind of value is read in both formats; JSON is not sensitive to order."""
    assert read_record(body, content_type, THING) == {
        "Name": "n",
        "On": True,
        "Count": 7,
        "Share": 0.5,
        "When": datetime(2024, 7, 10, 9, 12, 5, tzinfo=UTC),
        "Seen": "ever",
    }


def test_xml_dates_without_a_zone_are_utc() -> None:
    """`yyyy-MM-ddTHH:mm:ss` means UTC."""
    read = read_record(b"<Thing><When>2024-07-10T09:12:05</When></Thing>", XML, THING)
    assert read["When"] == datetime(2024, 7, 10, 9, 12, 5, tzinfo=UTC)


def test_an_iso_date_in_json_is_the_error_that_was_recorded() -> None:
    """JSON dates go as `/Date(ms)/` and in no other form."""
    with pytest.raises(BadDate):
        read_record(b'{"When": "2017-06-05T15:00:17Z"}', JSON, THING)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (XML, b""),
        (XML, b"<Thing><Name>a & b</Name></Thing>"),
        (XML, b"<Thing>"),
        (XML, b"<Other/>"),
        (XML, b'<Thing xmlns="urn:x"/>'),
        (XML, b'<!DOCTYPE Thing [<!ENTITY e "x">]><Thing><Name>&e;</Name></Thing>'),
        (XML, b"<?xml version='1.0' encoding='nonsense'?><Thing/>"),
        (XML, b"<Thing><On/></Thing>"),
        (XML, b"<Thing><On>yes</On></Thing>"),
        (XML, b"<Thing><Count>many</Count></Thing>"),
        (XML, b"<Thing><When>soon</When></Thing>"),
        (JSON, b""),
        (JSON, b"[]"),
        (JSON, b'{"Name": {}}'),
        (JSON, b'{"Count": "many"}'),
        (JSON, b'{"When": "/Date(99999999999999999)/"}'),
        (JSON, b"\xff"),
        (JSON, b'{"Name": "\\ud800"}'),
        ("", b"<Thing/>"),
        ("text/plain", b"<Thing/>"),
    ],
)
def test_bodies_that_are_refused(content_type: str, body: bytes) -> None:
    """Malformed, misnamed and mistyped bodies are refused, a DOCTYPE before its entities are seen."""
    with pytest.raises(BadBody):
        read_record(body, content_type, THING)


def test_lists() -> None:
    """A list is a bare JSON array or a root with items; items of another name are skipped."""
    expected = [{"Id": "a", "CourseTeamLibrary": False}, {"Id": "b", "CourseTeamLibrary": True}]
    xml = (
        b"<Courses><Course><Id>a</Id></Course><Odd/>"
        b"<Course><Id>b</Id><CourseTeamLibrary>true</CourseTeamLibrary></Course></Courses>"
    )
    assert read_records(xml, XML, "Courses", TEAM_COURSE_REF) == expected
    json = b'[{"Id": "a"}, {"CourseTeamLibrary": true, "Id": "b"}]'
    assert read_records(json, JSON, "Courses", TEAM_COURSE_REF) == expected
    with pytest.raises(BadBody):
        read_records(b'{"Course": []}', JSON, "Courses", TEAM_COURSE_REF)
    with pytest.raises(BadBody):
        read_records(b'["a"]', JSON, "Courses", TEAM_COURSE_REF)


def test_records_within_records() -> None:
    """Parts and lists of parts are read in both formats."""
    xml = (
        b"<GamificationAchievedItem><ID>1</ID><Badge><ID>b</ID></Badge><GamificationCourseItemList>"
        b"<GamificationCourseItem><ID>c</ID></GamificationCourseItem></GamificationCourseItemList>"
        b"</GamificationAchievedItem>"
    )
    json = b'{"ID": 1, "Badge": {"ID": "b"}, "GamificationCourseItemList": [{"ID": "c"}]}'
    for content_type, body in ((XML, xml), (JSON, json)):
        item = read_record(body, content_type, GAMIFICATION_ITEM)
        assert (item["ID"], item["Badge"]["ID"]) == ("1", "b")
        assert item["GamificationCourseItemList"] == [{"ID": "c"}]
    with pytest.raises(BadBody):
        read_record(b'{"GamificationCourseItemList": {}}', JSON, GAMIFICATION_ITEM)


def test_what_an_import_leaves_out_is_null() -> None:
    """A bulk import tells absent from false: what is left out keeps its value there."""
    row = read_record(b"<UserImport><Username>ada</Username></UserImport>", XML, USER_IMPORT)
    assert row["Active"] is None
    assert row["Email"] is None


@given(
    body=st.binary() | st.text(alphabet="<>/Thing&;!{}[]:,\"'1. OnDate()").map(str.encode),
    wire=st.sampled_from([XML, JSON]),
)
def test_no_body_breaks_the_reader(body: bytes, wire: str) -> None:
    """Whatever the bytes, the reader reads them or refuses them."""
    with contextlib.suppress(BadBody, BadDate):
        assert read_record(body, wire, THING).keys() == {each.name for each in THING.fields}


@given(
    text=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
)
def test_any_text_survives_both_formats(text: str) -> None:
    """What is written in one format or the other is read back as it was."""
    record = THING.blank() | {
        "Name": text,
        "When": datetime(1969, 7, 20, 20, 17, 40, 120_000, tzinfo=UTC),
        "Seen": None,
    }
    for wire, body in ((XML, record_to_xml(THING, record)), (JSON, record_to_json(THING, record))):
        assert read_record(body, wire, THING) == record | {"Seen": ""}
