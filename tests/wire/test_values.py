"""What cannot be sent is refused by its place, over any wire, before a slot is taken."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import httpx
import pytest

from litmos_async import LitmosClient, User, errors
from litmos_async.models import AccessLevel, CustomFieldValue, Record
from litmos_async.testing import run_virtual
from litmos_async.wire import codec
from litmos_async.wire.operation import one
from litmos_async.wire.verdict import Reply
from litmos_async.wire.xml import local_name, read

Call = Callable[[LitmosClient], Awaitable[Any]]


def nested(depth: int, *, lists: bool = False) -> Any:
    """Return mappings or lists in each other."""
    found: Any = "end"
    for _ in range(depth):
        found = [found] if lists else {"a": found}
    return found


def circle() -> list[Any]:
    """Return a list that holds itself."""
    found: list[Any] = []
    found.append(found)
    return found


def sent(call: Call, answer: bytes = b'{"Id": "u1"}') -> list[httpx.Request]:
    """Make a call and return the requests; one that was refused took no slot."""
    seen: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=answer)

    async def main() -> None:
        async with LitmosClient(
            "k", "t", base_url="https://sandbox/v1.svc", transport=httpx.MockTransport(reply)
        ) as litmos:
            try:
                await call(litmos)
            finally:
                assert litmos.quota.used == len(seen)

    run_virtual(main())
    return seen


def person(**values: Any) -> User:
    """Return a person with everything that a create needs."""
    return User(**{"user_name": "a@example.com", "first_name": "A", "last_name": "B"} | values)


UNSENDABLE: Final[Mapping[str, Any]] = {
    "a Decimal": Decimal(1),
    "bytes": b"1",
    "an object": object(),
    "a record in a mapping": {"a": User()},
    "a set": {1, 2},
    "an iterator": iter("ab"),
    "a complex number": 1j,
    "not a number": float("nan"),
    "without an end": float("-inf"),
    "a number of too many digits": 10**5_000,
    "a naive time": datetime(2024, 5, 1),  # noqa: DTZ001
    "a key that is a pair": {(1, 2): 3},
    "a key that is a number": {5: 1},
    "a key that is None": {None: 1},
    "bytes in a list in a mapping": {"a": [1, {"b": b"x"}]},
    "mappings without an end": nested(5_000),
    "lists without an end": nested(5_000, lists=True),
    "a circle": circle(),
}


@pytest.mark.parametrize("value", UNSENDABLE.values(), ids=UNSENDABLE.keys())
@pytest.mark.parametrize("wire", ["auto", "json", "xml"])
def test_what_cannot_be_sent_is_named(value: Any, wire: Any) -> None:
    """By its attribute, or by its name among the unknown ones; in plain data as the body."""
    calls: dict[str, Call] = {
        "User.job_title": lambda litmos: litmos.users.create(person(job_title=value), wire=wire),
        r"User.extra\['Odd'\]": lambda litmos: litmos.users.create(person(extra={"Odd": value}), wire=wire),
    }
    if wire != "xml" and not isinstance(value, bytes):
        calls["body"] = lambda litmos: litmos.request("POST", "/x", body=value, wire=wire)
        calls["body "] = lambda litmos: litmos.request("GET", "/x", body={"a": [value]}, wire=wire)
    for name, call in calls.items():
        with pytest.raises(errors.ConfigurationError, match=name):
            sent(call)


@pytest.mark.parametrize("extra", [None, 5, [("a", 1)], {5: 1}, {None: 1}, {("a",): 1}])
@pytest.mark.parametrize("wire", ["json", "xml"])
def test_unknown_fields_that_are_none(extra: Any, wire: Any) -> None:
    """They must be a mapping by name."""
    with pytest.raises(errors.ConfigurationError, match=r"User\.extra must be"):
        sent(lambda litmos: litmos.users.create(person(extra=extra), wire=wire))


@pytest.mark.parametrize("attribute", ["user_name", "email", "manager_id", "external_employee_id"])
def test_who_is_meant_is_a_text(attribute: str) -> None:
    """A number or bytes in its place are refused by name."""
    for value in (5, b"a", 0.5, ["a"]):
        with pytest.raises(errors.ConfigurationError, match=f"{attribute} must be str, not"):
            sent(lambda litmos, value=value: litmos.users.create(person(**{attribute: value})))


@pytest.mark.parametrize("wire", ["json", "xml"])
def test_a_time_without_a_zone_is_called_that(wire: Any) -> None:
    """And not a number that is not finite."""
    with pytest.raises(errors.ConfigurationError, match=r"User\.expiration_date has no time zone"):
        sent(lambda litmos: litmos.users.create(person(expiration_date=datetime(2024, 5, 1)), wire=wire))  # noqa: DTZ001


def test_what_can_be_sent() -> None:
    """Enumerations, tuples, read-only mappings and times, at any depth that an answer has."""
    value = MappingProxyType({"a": (AccessLevel.LEARNER, datetime(2024, 5, 1, tzinfo=UTC)), "b": nested(150)})
    (request,) = sent(lambda litmos: litmos.request("POST", "/x", body=value))
    assert json.loads(request.content) == {"a": ["Learner", "/Date(1714521600000)/"], "b": nested(150)}
    (request,) = sent(lambda litmos: litmos.users.create(person(extra={"Odd": ("a", "b")}), wire="xml"))
    assert [each.text for each in read(request.content) if local_name(each) == "Odd"] == ["a", "b"]


@pytest.mark.parametrize("depth", [150, 250, 600, 800])
def test_a_deep_answer(depth: int) -> None:
    """It is read; what follows of it has a bound, and says so."""
    body = b'{"Id": "u1", "UserName": "a", "Odd": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}"
    user: Record = codec.decode_one(Reply(200, body=body), one(User))
    if depth == 150:
        assert user.to_dict()["extra"]["Odd"]["a"]
        return
    with pytest.raises(errors.ConfigurationError, match="extra is nested too deep"):
        user.to_dict()
    with pytest.raises(errors.ConfigurationError, match=r"extra\['Odd'\] is nested too deep"):
        sent(lambda litmos: litmos.users.update(user))


@pytest.mark.parametrize(
    "values", [{None: "x"}, {"": "x"}, {" ": "x"}, {5: "x"}, [CustomFieldValue(value="x")], {"L": b"x"}]
)
@pytest.mark.parametrize("wire", ["json", "xml"])
def test_custom_fields_that_are_none(values: Any, wire: Any) -> None:
    """A value needs a label, and is a text."""
    with pytest.raises(errors.ConfigurationError, match=r"no label|CustomFieldValue\.value"):
        sent(lambda litmos: litmos.users.set_custom_fields("u1", values, wire=wire))


def test_a_custom_field_of_zero_is_not_cleared() -> None:
    """A number is written as a text, and only None and an empty text clear a field."""
    values: Any = {"Zero": 0, "No": False, "Half": 0.5, "None": None, "Empty": "", "Text": "x"}
    (request,) = sent(lambda litmos: litmos.users.set_custom_fields("u1", values, wire="json"))
    assert json.loads(request.content) == {
        "Zero": "0",
        "No": "false",
        "Half": "0.5",
        "None": "",
        "Empty": "",
        "Text": "x",
    }
