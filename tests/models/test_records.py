"""Records over both wires: reading liberally, writing conservatively."""

from __future__ import annotations

import json as stdlib_json
from datetime import UTC, datetime

import attrs
import pytest

from litmos_async import models
from litmos_async.errors import ConfigurationError, DecodeError
from litmos_async.models import AccessLevel, Course, Session, SessionDay, Team, User, UserCourse, UserSummary
from litmos_async.models.record import Extra, Record, fields_of, wire
from litmos_async.wire import codec, json, xml
from litmos_async.wire.converter import has_dates, missing, structure
from litmos_async.wire.operation import Operation, many, one
from litmos_async.wire.verdict import Reply

USER = one(User)
USERS = many(UserSummary, "Users")


def reply(body: bytes | str) -> Reply:
    """Return an answer of success with this body."""
    return Reply(200, body=body.encode() if isinstance(body, str) else body)


def written(record: Record, root: str = "User") -> str:
    """Return the XML of a record."""
    return xml.write(record, root, root).decode()


ALL = [getattr(models, name) for name in models.__all__ if issubclass(getattr(models, name), Record)]


@pytest.mark.parametrize("record", [kind for kind in ALL if kind is not Record])
def test_every_record_is_made_of_defaults_and_prints(record: type[Record]) -> None:
    """Every record can be made empty, prints short, and goes through both wires unchanged."""
    empty = record()
    assert repr(empty).startswith(record.__name__)
    assert record.__repr__ is Record.__repr__
    assert record.xml_element or record.__doc__
    for attribute, fact in fields_of(record):
        assert fact.name
        assert attribute.default is None or attribute.name == "id" or attribute.default.takes_self is False


def test_both_wires_agree() -> None:
    """The same person reads alike from JSON and from XML."""
    plain = {"Id": "x1", "UserName": "a@example.com", "Active": True, "OriginalId": 7, "Points": 0.5}
    from_json = codec.decode_one(reply(stdlib_json.dumps(plain)), USER)
    from_xml = codec.decode_one(
        reply(
            "<User><Id>x1</Id><UserName>a@example.com</UserName><Active>true</Active><OriginalId>7</OriginalId>"
            "<Points>0.50</Points></User>"
        ),
        USER,
    )
    assert (
        from_json
        == from_xml
        == User(id="x1", user_name="a@example.com", active=True, original_id=7, points=0.5)
    )


def test_scalars_are_read_in_any_spelling() -> None:
    """Numbers in texts, texts for numbers, and flags in any case are taken for what they are."""
    course = structure({"Id": 12, "Active": "True", "OriginalId": "700001.0", "Price": "0.00"}, Course)
    assert (course.id, course.active, course.original_id, course.price) == ("12", True, 700001, 0.0)
    flags = [structure({"Active": each}, Course).active for each in ("1", 1, "0", 0, " FALSE ")]
    assert flags == [True, True, False, False, False]
    names = [structure({"Name": each}, Course).name for each in (True, False, 7)]
    assert names == ["true", "false", "7"]
    assert structure({"Active": 0, "Code": True}, Course) == Course(active=False, code="true")
    assert structure({"OriginalId": "9007199254740993"}, Course).original_id == 9007199254740993


def test_empty_and_nil_differ_where_they_can() -> None:
    """An empty text stays an empty text, nil is None, and an empty number or date is None."""
    user = codec.decode_one(
        reply(
            '<User xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Skype/><PhoneWork i:nil="true"/>'
            "<OriginalId/><LastLogin/><Active/></User>"
        ),
        USER,
    )
    assert (user.skype, user.phone_work, user.original_id, user.last_login, user.active) == (
        "",
        None,
        None,
        None,
        None,
    )
    assert not user.extra


def test_an_odd_value_is_kept_and_goes_back() -> None:
    """A value that is not of its type costs no page: it is kept as it came, and written back."""
    user = structure({"Active": "perhaps", "OriginalId": "seven", "ExpirationDate": {"a": 1}}, User)
    assert user.active is None
    assert user.extra == {"Active": "perhaps", "OriginalId": "seven", "ExpirationDate": {"a": 1}}
    whole = user.replace(disable_messages=True, is_custom_username=True, skip_first_login=True)
    assert "<Active>perhaps</Active>" in written(whole)
    assert "<Active>true</Active>" in written(whole.replace(active=True))


def test_an_unknown_value_of_an_enumeration_is_kept() -> None:
    """Enumerations are open: a known value is a member, an unknown one stays text."""
    assert structure({"AccessLevel": "Team_Leader"}, UserSummary).access_level is AccessLevel.TEAM_LEADER
    assert structure({"AccessLevel": "Trainee"}, UserSummary).access_level == "Trainee"
    assert structure({"TokenType": "4"}, models.Token).token_type is models.TokenType.COLLECTION_LISTING
    assert structure({"TokenType": 9}, models.Token).token_type == 9


def test_aliases_and_other_cases_are_the_same_field() -> None:
    """Other spellings fill the same attribute, and the one that says something wins."""
    assert structure({"ComplaintTill": "2024-01-02T00:00:00"}, UserCourse).compliant_till == datetime(
        2024, 1, 2, tzinfo=UTC
    )
    assert structure({"USERNAME": "x"}, User).user_name == "x"
    row = structure({"DateCompleted": "2024-01-02T00:00:00", "CompletedDate": None}, UserCourse)
    assert row.date_completed is not None


def test_entities_are_resolved_value_by_value() -> None:
    """Entities in values are resolved after parsing; an ampersand in a link is not taken for one."""
    body = r'[{"Name": "Safety &amp; you &quot;now&quot;", "Description": "?a=1&copy=2&lt;b&#39;&#x27;"}]'
    (course,) = codec.decode_many(reply(body), many(Course, "Courses"))
    assert course.name == 'Safety & you "now"'
    assert course.description == "?a=1&copy=2<b''"


@pytest.mark.parametrize(
    "body",
    [
        '[{"Id": "1"}, {"Id": "2"}]',
        '{"User": [{"Id": "1"}, {"Id": "2"}]}',
        '{"Users": {"User": [{"Id": "1"}, {"Id": "2"}]}}',
        '\ufeff [{"Id": "1"}, {"Id": "2"}]',
        "<Users><User><Id>1</Id></User><User><Id>2</Id></User></Users>",
        (
            '<?xml version="1.0"?><!-- c --><Users xmlns="urn:x"><User><Id>1</Id></User><!-- c --><?p?>'
            "<User><Id>2</Id></User></Users>"
        ),
    ],
)
def test_a_list_is_read_in_any_wrapping(body: str) -> None:
    """A list is read from a bare array, from a wrapped one, and from XML."""
    assert [row.id for row in codec.decode_many(reply(body), USERS)] == ["1", "2"]


@pytest.mark.parametrize(
    "body",
    ['{"User": {"Id": "1"}}', '{"Id": "1", "UserName": "x"}', "<Users><User><Id>1</Id></User></Users>"],
)
def test_a_list_of_one_is_a_list(body: str) -> None:
    """One row is a list of one, however it came."""
    assert [row.id for row in codec.decode_many(reply(body), USERS)] == ["1"]


@pytest.mark.parametrize(
    "body", ["[]", "<Users/>", '<Users xmlns:i="http://www.w3.org/2001/XMLSchema-instance"/>']
)
def test_an_empty_list(body: str) -> None:
    """An empty array and a bare root are lists without rows."""
    assert codec.decode_many(reply(body), USERS) == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "  ",
        "null",
        "5",
        '["a"]',
        "[[]]",
        '[{"Id": "1"}',
        "<Users><User>",
        "<Users>text</Users>",
        "<html><body>Log in</body></html>",
        "<!DOCTYPE html><html></html>",
        "plain text",
        "\x00",
    ],
)
def test_what_is_no_list_is_refused(body: str) -> None:
    """Damage, emptiness and web pages are errors, never an empty list."""
    with pytest.raises(DecodeError):
        codec.decode_many(reply(body), USERS)


@pytest.mark.parametrize(
    "body", ['{"Detail": "Try later"}', '{"Message": {"Text": "no"}}', "{}", '{"a": 1, "b": 2}']
)
def test_a_message_is_no_record(body: str) -> None:
    """What holds no field of the record is neither one with everything empty nor a list with such a row."""
    for shape in (many(UserSummary, "Users"), many(models.ActionActivity, "ActionActivitys")):
        with pytest.raises(DecodeError):
            codec.decode_many(reply(body), shape)
    for single in (one(User), one(models.UserPage)):
        with pytest.raises(DecodeError, match="holds nothing of a"):
            codec.decode_one(reply(body), single)


def test_a_single_record_in_a_list_or_in_its_own_name() -> None:
    """A single record is found where it came wrapped."""
    for body in (
        '[{"TokenId": "t"}]',
        '{"Token": {"TokenId": "t"}}',
        "<Tokens><Token><TokenId>t</TokenId></Token></Tokens>",
    ):
        assert codec.decode_one(reply(body), one(models.Token)).token_id == "t"


@pytest.mark.parametrize("body", ["[]", "3", "<User>text</User>", "[1]"])
def test_what_is_no_record_is_refused(body: str) -> None:
    """An answer that holds no record is an error."""
    with pytest.raises(DecodeError):
        codec.decode_one(reply(body), USER)


@pytest.mark.parametrize(
    "body",
    [
        (
            '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
            '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><Users><User><Id>&c;</Id></User></Users>'
        ),
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Users><User><Id>&e;</Id></User></Users>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><Users/>',
        "<Users>" + "<a>" * 300 + "</a>" * 300 + "</Users>",
    ],
)
def test_dangerous_xml_is_refused(body: str) -> None:
    """Entity bombs, external entities, document types and bottomless trees are refused."""
    with pytest.raises(DecodeError):
        codec.decode_many(reply(body), USERS)


def test_elements_stand_in_the_documented_order() -> None:
    """However the attributes were given, the elements stand in the order of the catalogue."""
    user = User(
        time_zone="",
        active=False,
        last_name="Ö & <Co>",
        first_name="A",
        user_name="a@example.com",
        disable_messages=False,
        is_custom_username=False,
        skip_first_login=True,
    )
    assert written(user) == (
        "<User><Id/><UserName>a@example.com</UserName><FirstName>A</FirstName>"
        "<LastName>Ö &amp; &lt;Co&gt;</LastName><FullName/><Email/><AccessLevel/>"
        "<DisableMessages>false</DisableMessages><Active>false</Active><LastLogin/><LoginKey/>"
        "<IsCustomUsername>false</IsCustomUsername><SkipFirstLogin>true</SkipFirstLogin><TimeZone/></User>"
    )


def test_unknown_fields_go_back_to_their_places() -> None:
    """Fields of a newer server are written back where they stood, on either wire and across them."""
    body = (
        '<Team xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><New0>0</New0><Id>t1</Id><New1>a</New1>'
        '<New2 i:nil="true"/><Name>N</Name><Deep><X>1</X><X>2</X><Y/></Deep><Description>D</Description></Team>'
    )
    team = codec.decode_one(reply(body), one(Team))
    assert team.extra == {"New0": "0", "New1": "a", "New2": None, "Deep": {"X": ["1", "2"], "Y": ""}}
    assert xml.write(team, "Team", "Team").decode() == body.replace(
        ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance"', ""
    ).replace("i:nil", 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil')
    assert list(stdlib_json.loads(json.write(team))) == [
        "New0",
        "Id",
        "New1",
        "New2",
        "Name",
        "Deep",
        "Description",
    ]


def test_fields_that_the_caller_adds_stand_last() -> None:
    """A plain dictionary in `extra` has no places, so its fields go to the end."""
    team = Team(id="t", name="N", extra={"Colour": "blue"})
    assert xml.write(team, "Team", "Team") == b"<Team><Id>t</Id><Name>N</Name><Colour>blue</Colour></Team>"
    assert Extra(a=1) == {"a": 1}
    with pytest.raises(ConfigurationError, match="name"):
        xml.write(Team(name="N", extra={"not a name": "x"}), "Team", "Team")


def test_a_mandatory_flag_must_be_said() -> None:
    """A flag that the server would read as false when missing is not left out."""
    with pytest.raises(ConfigurationError, match="disable_messages"):
        written(User(user_name="a@example.com"))
    assert missing(User(user_name="a")) == ["first_name", "last_name"]


def test_control_characters_are_refused_without_being_shown() -> None:
    """A value that XML cannot carry is refused by name, not quoted."""
    with pytest.raises(ConfigurationError, match="Name holds") as caught:
        xml.write(Team(name="secret\x00"), "Team", "Team")
    assert "secret" not in str(caught.value)


def test_dates_choose_the_wire() -> None:
    """A body with dates goes over XML even where JSON was seen, since JSON dates were recorded to fail."""
    update = Operation("users.update", "PUT", "/users/{user_id}", body=USER, json_seen=True)
    user = User(id="u", last_login=datetime(2024, 1, 1, tzinfo=UTC))
    flags = {"active": True, "disable_messages": True, "is_custom_username": True, "skip_first_login": True}
    assert codec.choose(update, "auto", user.replace(**flags)) == "json"
    dated = user.replace(**flags, expiration_date=datetime(2025, 1, 1, tzinfo=UTC))
    assert codec.choose(update, "auto", dated) == "xml"
    assert codec.choose(update, "json", dated) == "json"
    assert has_dates(Session(days=[SessionDay(start_date=datetime(2025, 1, 1, tzinfo=UTC))]))
    assert not has_dates(Session(days=[SessionDay(start_time="9:00AM")]))
    assert codec.choose(Operation("x", "GET", "/x"), "auto") == "xml"


def test_nested_lists_are_written_on_both_wires() -> None:
    """Lists inside a record are wrapped in XML and plain arrays in JSON, dates in the form of each."""
    session = Session(
        name="S", days=[SessionDay(start_date=datetime(2025, 1, 1, tzinfo=UTC), send_reminder=False)]
    )
    assert xml.write(session, "Session", "Session") == (
        b"<Session><Id/><Name>S</Name><Days><SessionDay><Id/><StartDate>2025-01-01T00:00:00</StartDate>"
        b"<SendReminder>false</SendReminder></SessionDay></Days></Session>"
    )
    assert stdlib_json.loads(json.write(session))["Days"] == [
        {"Id": "", "StartDate": "/Date(1735689600000)/", "SendReminder": False}
    ]


def test_records_and_texts_inside_a_record() -> None:
    """A record inside a record, and a list of texts, are written and read on both wires."""
    item = models.GamificationAchievedItem(id="i", badge=models.Badge(id="b", title="B"))
    assert (
        xml.write(item, "Item", "Item") == b"<Item><ID>i</ID><Badge><ID>b</ID><Title>B</Title></Badge></Item>"
    )
    assert stdlib_json.loads(json.write(item))["Badge"] == {"ID": "b", "Title": "B"}
    field = models.CourseCustomField(label="Size", dropdown=["S", "M", "L"])
    body = xml.write(field, "CourseCustomField", "CourseCustomField")
    assert body.endswith(
        b"<Dropdown><string>S</string><string>M</string><string>L</string></Dropdown></CourseCustomField>"
    )
    assert codec.decode_one(Reply(200, body=body), one(models.CourseCustomField)) == field


def test_what_the_texts_of_a_list_are_called() -> None:
    """As the field says, and else by the name that .NET has for a text."""

    @attrs.define(kw_only=True, repr=False)
    class Labelled(Record):
        labels: list[str] = attrs.field(factory=list, metadata=wire(item="Label"))
        words: list[str] = attrs.field(factory=list)

    assert xml.write(Labelled(labels=["a", "b"], words=["c"]), "Row", "Row") == (
        b"<Row><Labels><Label>a</Label><Label>b</Label></Labels><Words><string>c</string></Words></Row>"
    )


def test_numbers_that_are_none() -> None:
    """A fraction where a whole number belongs, and the infinite, are kept as they came."""
    course = structure({"OriginalId": "5.5", "Price": "inf", "AccessTillDays": True}, Course)
    assert (course.original_id, course.price, course.access_till_days) == (None, None, None)
    assert course.extra == {"OriginalId": "5.5", "Price": "inf", "AccessTillDays": True}


def test_rows_that_have_attributes_in_xml() -> None:
    """A custom field carries its label in an attribute and its value as text."""
    shape = many(models.CustomFieldValue, "ArrayOfparameter")
    body = '<ArrayOfparameter><parameter fieldname="Badge">7 &amp; 8</parameter></ArrayOfparameter>'
    rows = codec.decode_many(reply(body), shape)
    assert [(row.fieldname, row.value) for row in rows] == [("Badge", "7 & 8")]
    assert xml.write(rows, "ArrayOfparameter", "parameter").decode() == body


def test_a_repr_shows_no_secret_and_no_unknown_value() -> None:
    """Secrets, and values that nobody knows, stay out of the repr; a long repr is cut."""
    user = User(
        id="u", login_key="https://example.com/?loginkey=SECRET", password="SECRET", extra={"New": "SECRET"}
    )
    assert "SECRET" not in repr(user)
    assert "extra=['New']" in repr(user)
    assert len(repr(User(city="x" * 5000))) == 1024


def test_records_are_plain_attrs_classes() -> None:
    """Records can be changed, compared and evolved like any attrs class."""
    user = User(id="u")
    user.city = "Ulm"
    assert attrs.evolve(user, city="Bonn") == user.replace(city="Bonn") != user
