"""One text where many are wanted stands for one, or is refused: it is never taken apart."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.bulk import Bulk
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.resources.base import Resource
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

TEXT = "Qz7Qz7"
"""An id of which no part turns up in a request by chance."""

NONE_OF_THEM = [5, None, 1.5, b"ab", object()]


def offline(sent: list[httpx.Request]) -> LitmosClient:
    """Return a client whose server takes everything and has nothing."""

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json=[])

    return LitmosClient(
        "k", "t", base_url="https://litmos.example.com", transport=httpx.MockTransport(answer), wire="json"
    )


def resources(litmos: LitmosClient) -> Iterator[tuple[str, Resource]]:
    """Yield the families of operations."""
    for name in dir(type(litmos)):
        if not name.startswith("_") and isinstance(family := getattr(litmos, name, None), Resource):
            yield name, family


def takes_many(parameter: inspect.Parameter) -> bool:
    """Return whether a parameter is annotated as an iterable."""
    return "Iterable" in str(parameter.annotation)


METHODS = [
    (family, name)
    for family, resource in resources(offline([]))
    for name, method in inspect.getmembers(resource, inspect.ismethod)
    if not name.startswith("_") and any(map(takes_many, inspect.signature(method).parameters.values()))
]


def arguments(method: Any, given: object) -> dict[str, Any]:
    """Return arguments for a method: what is given where it takes many, and something plain elsewhere."""
    values: dict[str, Any] = {}
    for name, parameter in inspect.signature(method).parameters.items():
        if takes_many(parameter):
            values[name] = given
        elif parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD:
            values[name] = False if "bool" in str(parameter.annotation) else "other"
    return values


def test_there_are_such_methods() -> None:
    """The walk finds them."""
    assert len(METHODS) > 20


@pytest.mark.parametrize(("family", "name"), METHODS)
def test_a_method_of_a_resource(family: str, name: str) -> None:
    """One id is sent as one id; where records are wanted it is refused, and so is what is no iterable."""

    async def main() -> None:
        sent: list[httpx.Request] = []
        async with offline(sent) as litmos:
            method = getattr(getattr(litmos, family), name)
            try:
                await method(**arguments(method, TEXT))
            except ConfigurationError:
                assert not sent
            except LitmosError:
                pass  # the answer made no sense
            for request in sent:
                content = request.content.decode() + str(request.url)
                assert content.count(TEXT) == content.count("Qz7") / 2 == 1
            for given in NONE_OF_THEM:
                sent.clear()
                with pytest.raises(ConfigurationError):
                    await method(**arguments(method, given))
                assert not sent

    run_virtual(main())


HELPERS = [
    name
    for name in dir(Bulk)
    if not name.startswith("_")
    and inspect.isfunction(getattr(Bulk, name))
    and not inspect.iscoroutinefunction(getattr(Bulk, name))
]

RESOLVERS = [name for name in dir(Bulk) if name.startswith("resolve_")]


@pytest.mark.parametrize("name", HELPERS)
@pytest.mark.parametrize("given", [TEXT, *NONE_OF_THEM], ids=lambda given: type(given).__name__)
def test_a_bulk_helper(name: str, given: object) -> None:
    """One text is one item, or no job: before anything is sent."""

    async def main() -> None:
        sent: list[httpx.Request] = []
        async with offline(sent) as litmos:
            helper = getattr(litmos.bulk, name)
            options = (
                {"send_message": False} if "send_message" in inspect.signature(helper).parameters else {}
            )
            try:
                plan = await helper(given, **options).plan()
            except ConfigurationError:
                assert not sent
            else:
                assert given == TEXT
                assert plan.items == 1

    run_virtual(main())


@pytest.mark.parametrize(
    "name", [each for each in HELPERS if "pairs" in inspect.signature(getattr(Bulk, each)).parameters]
)
def test_one_text_in_a_mapping(name: str) -> None:
    """A mapping from an id to one id is one pair."""

    async def main() -> None:
        async with offline([]) as litmos:
            helper = getattr(litmos.bulk, name)
            options = (
                {"send_message": False} if "send_message" in inspect.signature(helper).parameters else {}
            )
            assert (await helper({"other": TEXT}, **options).plan()).items == 1
            for given in NONE_OF_THEM:
                with pytest.raises(ConfigurationError):
                    await helper({"other": given}, **options).plan()

    run_virtual(main())


@pytest.mark.parametrize("name", RESOLVERS)
def test_a_resolver(name: str) -> None:
    """One name is looked up as one; what is no text is refused before anything is sent."""
    sandbox = Sandbox(Tenant.example(users=3))

    async def main() -> None:
        async with client(sandbox) as litmos:
            resolve = getattr(litmos.bulk, name)
            resolved = await resolve(TEXT)
            assert [*resolved.ids, *resolved.problems] == [TEXT]
            sandbox.requests.clear()
            for given in (*NONE_OF_THEM, [5], [None], [b"x"], [["a"]]):
                with pytest.raises(ConfigurationError):
                    await resolve(given)
            assert not sandbox.requests

    run_virtual(main())
