"""What is yes or no is so in every method: "no" is not taken for yes, nor sent as it is."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.errors import ConfigurationError
from litmos_async.models import CourseImport, User, UserImport
from litmos_async.resources.base import Resource
from litmos_async.testing import run_virtual

PERSON: Final = User(user_name="a@example.com", first_name="A", last_name="B")
NEEDED: Final[dict[str, Any]] = {
    "bool": False,
    "CourseImport": [CourseImport(course_title="C", active=True)],
    "UserImport": [UserImport(username="a@example.com", first_name="A", last_name="B")],
    "Iterable": ["x1"],
    "Sequence": ["x1"],
    "User": PERSON,
    "": "x1",
}
"""What an argument is given, by the first of these words that its type has."""


WRONG: Final[tuple[object, ...]] = ("no", "false", 0, 1, [])


def client(seen: list[httpx.Request]) -> LitmosClient:
    """Return a client whose server notes what comes, and answers with an empty list."""

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    return LitmosClient(
        "k",
        "t",
        base_url="https://sandbox/v1.svc",
        transport=httpx.MockTransport(answer),
        limiter="memory://",
    )


def flags_of() -> Iterator[tuple[str, str, str]]:
    """Yield family, method and name of each option that is yes or no."""
    litmos = client([])
    for family in sorted(each for each in dir(litmos) if not each.startswith("_") and each != "xapi"):
        members = getattr(litmos, family)
        for method in dir(members) if isinstance(members, Resource) else ():
            call = getattr(members, method)
            if not method.startswith("_") and callable(call):
                for parameter in inspect.signature(call).parameters.values():
                    if "bool" in str(parameter.annotation):
                        yield family, method, parameter.name


def arguments(call: Any, flag: str, value: object) -> tuple[list[Any], dict[str, Any]]:
    """Return arguments for a method: what it needs, and a value for the flag."""
    given: list[Any] = []
    named: dict[str, Any] = {flag: value}
    for each in inspect.signature(call).parameters.values():
        if each.default is not each.empty or each.kind is each.VAR_KEYWORD or each.name == flag:
            continue
        needed = next(value for word, value in NEEDED.items() if word in str(each.annotation))
        if each.kind is each.KEYWORD_ONLY:
            named[each.name] = needed
        else:
            given.append(needed)
    return given, named


@pytest.mark.parametrize(("family", "method", "flag"), list(flags_of()))
def test_a_flag_is_yes_or_no(family: str, method: str, flag: str) -> None:
    """Another value is refused before a request is spent."""
    seen: list[httpx.Request] = []

    async def main() -> None:
        async with client(seen) as litmos:
            call = getattr(getattr(litmos, family), method)
            for wrong in WRONG:
                given, named = arguments(call, flag, wrong)
                with pytest.raises(ConfigurationError, match=f"{flag} must be True or False"):
                    await call(*given, **named)
            assert litmos.quota.used == 0

    run_virtual(main())
    assert not seen
