"""Lists of statements: filters, further pages, links that lead elsewhere, and how large an answer may be."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest

from litmos_async import LitmosClient, Pages
from litmos_async.errors import ConfigurationError, DecodeError, IncompleteListing, LitmosError
from litmos_async.models import XapiStatement
from litmos_async.resources.statements import MOST_EMPTY
from litmos_async.testing import run_virtual
from tests.contract.store import ID, OTHER, Store, statement


async def test_filters() -> None:
    """They travel by their names in the specification; times in UTC."""
    store = Store({"statements": [{"id": ID}]})
    moment = datetime(2024, 5, 1, 6, 30, 0, 250_000, tzinfo=UTC)

    async with store.client() as litmos:
        page = await litmos.xapi.list_statements(
            agent={"mbox": "mailto:ä@example.com"},
            verb="http://example.com/did?x=1&y",
            activity="http://example.com/ü",
            registration=OTHER,
            related_activities=True,
            related_agents=False,
            since=moment,
            until=moment,
            page_size=7,
            format="ids",
            ascending=True,
        )

    assert page.items == [XapiStatement(id=ID)]
    assert page.resume is None
    assert dict(parse_qsl(store.requests[0].url.query.decode())) == {
        "agent": '{"mbox":"mailto:ä@example.com"}',
        "verb": "http://example.com/did?x=1&y",
        "activity": "http://example.com/ü",
        "registration": OTHER,
        "related_activities": "true",
        "related_agents": "false",
        "since": "2024-05-01T06:30:00.250000Z",
        "until": "2024-05-01T06:30:00.250000Z",
        "limit": "7",
        "format": "ids",
        "ascending": "true",
    }


GOOD_LINKS = {
    "/TCAPI/more/7?a=b%20c&d": "/TCAPI/more/7?a=b%20c&d",
    "/x": "/x",
    "TCAPI/more": "/TCAPI/more",
    "?from=7": "/?from=7",
    "https://lrs.litmos.example/more?x=1": "/more?x=1",
    "HTTPS://LRS.litmos.example:443/more": "/more",
    "/mehr?für=ä": "/mehr?f%C3%BCr=%C3%A4",
    "/TCAPI/more?agent=%7B%22mbox%22%3A%22x%22%7D": "/TCAPI/more?agent=%7B%22mbox%22%3A%22x%22%7D",
}


@pytest.mark.parametrize(("more", "place"), GOOD_LINKS.items(), ids=GOOD_LINKS)
async def test_more(more: str, place: str) -> None:
    """A link is relative to the root of the host, whatever the endpoint; its query stands as it is."""
    store = Store({"statements": [{"id": ID}], "more": more}, {"statements": [{"id": OTHER}], "more": ""})

    async with store.client() as litmos:
        found = await litmos.xapi.list_statements(verb="http://example.com/did").collect()

    second = store.requests[1]
    assert [each.id for each in found] == [ID, OTHER]
    assert (second.url.scheme, second.url.host, second.url.port) == ("https", "lrs.litmos.example", None)
    assert second.url.raw_path.decode() == place
    assert second.headers["X-Experience-API-Version"] == "1.0.3"


async def _kept(statements: Pages[XapiStatement], kept: list[str]) -> AsyncIterator[XapiStatement]:
    """Yield statements, and keep their ids whatever comes then."""
    async for each in statements:
        kept.append(each.id)
        yield each


BAD_LINKS = (
    "https://evil.example/more",
    "//evil.example/more",
    "http://lrs.litmos.example/more",
    "https://lrs.litmos.example:8443/more",
    "https://lrs.litmos.example@evil.example/more",
    "https://name@lrs.litmos.example/more",
    "https://lrs.litmos.example.evil.example/more",
    "/\\evil.example/more",
    "\\\\evil.example/more",
    "https:/\\evil.example",
    "ht\ttps://evil.example/",
    " https://evil.example/",
    "//\nevil.example",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://lrs.litmos.example:port/more",
    "https://[::1/more",
    "/more#part",
    "/TCAPI/../more",
    "https:///more",
    "/more like this",
    "/\u202emore",
    "/more\u200b",
)


@pytest.mark.parametrize("more", BAD_LINKS, ids=ascii)
async def test_links_that_lead_elsewhere(more: str) -> None:
    """The credentials go along, so a link is followed on the store's own scheme, host and port only."""
    first = {"statements": [{"id": ID}], "more": "/next"}
    store = Store(first, {"statements": [{"id": OTHER}], "more": more})
    found: list[str] = []

    async with store.client() as litmos:
        with pytest.raises(LitmosError) as caught:
            _ = [each async for each in _kept(litmos.xapi.list_statements(), found)]
        store.answers = [{"statements": [{"id": OTHER}]}]
        (rest,) = [page async for page in litmos.xapi.list_statements().by_page(resume=caught.value.resume)]

    assert found == [ID]
    assert {request.url.host for request in store.requests} == {"lrs.litmos.example"}
    assert store.requests[2].url.path == "/next"
    assert [each.id for each in rest.items] == [OTHER]


@pytest.mark.parametrize("length", [1, 2, 3, 7])
async def test_links_in_a_circle(length: int) -> None:
    """A store that leads back to where it was is an error, not a loop without an end."""
    answers = [{"statements": [], "more": f"/more?{number % length}"} for number in range(100)]

    async with Store(*answers).client() as litmos:
        with pytest.raises(IncompleteListing, match="circle"):
            await litmos.xapi.list_statements().collect()


@pytest.mark.parametrize("by_page", [False, True])
def test_carried_to_another_loop(by_page: bool) -> None:
    """A list that the end of its event loop broke off says so when it is asked for more."""
    store = Store({"statements": [{"id": ID}], "more": "/more"})
    statements = store.client().xapi.list_statements()
    walk = statements.by_page() if by_page else aiter(statements)

    async def following() -> object:
        return await anext(walk)

    asyncio.run(following())
    with pytest.raises(ConfigurationError, match="broken off before its end") as caught:
        asyncio.run(following())
    assert caught.value.resume is not None


def test_links_without_an_end() -> None:
    """A store that has always another link, and never a statement, is an error; statements in between are none."""
    empty = [{"statements": [], "more": f"/more?{number}"} for number in range(MOST_EMPTY + 1)]
    one = {"statements": [{"id": ID}], "more": "/between"}
    store = Store(*empty[:-1], one, *empty)

    async def main() -> None:
        async with store.client() as litmos:
            rows = aiter(litmos.xapi.list_statements())
            assert (await anext(rows)).id == ID
            with pytest.raises(IncompleteListing, match=f"{MOST_EMPTY + 1} parts without") as caught:
                await anext(rows)
        assert not store.answers
        assert caught.value.resume is not None

    run_virtual(main())


def test_empty_parts_before_the_end() -> None:
    """The last part has no link, so it ends the list, however many were empty before it."""
    empty = [{"statements": [], "more": f"/more?{number}"} for number in range(MOST_EMPTY)]

    async def main() -> None:
        async with Store(*empty, {"statements": []}).client() as litmos:
            assert await litmos.xapi.list_statements().collect() == []

    run_virtual(main())


@pytest.mark.parametrize(
    "answer",
    [[], {}, {"more": "/x"}, {"statements": None}, {"statements": {}}, {"statements": [7]}, {"statements": [{}]},
     {"statements": [], "more": 7}, {"message": "moved"}],
    ids=str,
)  # fmt: skip
async def test_answers_that_are_no_list(answer: Any) -> None:
    """No row is ever left out in silence."""
    async with Store(answer).client() as litmos:
        with pytest.raises(DecodeError):
            await litmos.xapi.list_statements().collect()


@pytest.mark.parametrize(
    "call",
    [
        lambda litmos: litmos.xapi.list_statements().collect(),
        lambda litmos: litmos.xapi.get_statement(ID),
        lambda litmos: litmos.xapi.add_statement(statement(id=ID)),
    ],
)
async def test_an_answer_of_the_store_that_is_too_large(
    call: Callable[[LitmosClient], Awaitable[Any]],
) -> None:
    """The error says so, and not that the answer was empty."""
    async with Store({"statements": ["x" * 500]}).client(max_answer_bytes=100) as litmos:
        with pytest.raises(DecodeError, match="more than 100 bytes"):
            await call(litmos)


@pytest.mark.parametrize("resume", ["", "x", "/more", "bm8=", 7, base64.b64encode(b"[" * 100_000).decode()])
async def test_resume_of_something_else(resume: Any) -> None:
    """A token of another list is refused, and so is what is not a token."""
    store = Store({"statements": [], "more": "/next"})

    async with store.client() as litmos:
        page = await litmos.xapi.list_statements(verb="http://example.com/did")
        for token in (resume, page.resume):
            with pytest.raises(ConfigurationError, match="resume"):
                await anext(litmos.xapi.list_statements().by_page(resume=token))
