"""Any answer to every operation: a result or an error of this library, and no slot left taken."""

from __future__ import annotations

import gzip
import zlib
from functools import cache
from typing import Any

import httpx
import pytest
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from litmos_async import LitmosClient, RateLimit, RetryPolicy, errors
from litmos_async.paging import Pages
from litmos_async.testing import run_virtual
from tests.contract.cases import Case, method_of, prepare, respond
from tests.contract.catalogue import CALLS
from tests.support.amounts import amount

PAGES = 3
"""Pages that are read of a list: a server may go on for ever."""


@cache
def case_of(entry_id: str, wire: str) -> tuple[Case, bytes]:
    """Return an operation with invented arguments, and the body of a right answer."""
    entry = next(each for each in CALLS if each.id == entry_id)
    case = prepare(entry, wire)
    return case, respond(case).content


@define
class Answer:
    """An answer as it is on the wire."""

    status: int = 200
    headers: list[tuple[bytes, bytes]] = field(factory=list)
    body: bytes = b""
    reason: bytes = b"OK"

    def response(self) -> httpx.Response:
        """Return it as a transport gives it."""
        stream = httpx.ByteStream(self.body)
        return httpx.Response(
            self.status, headers=self.headers, stream=stream, extensions={"reason_phrase": self.reason}
        )


class Transport(httpx.AsyncBaseTransport):
    """Answers everything in one way."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        return self.answer.response()


async def outcome(case: Case, answer: Answer) -> Any:
    """Make the call and read what it gives."""
    client = LitmosClient(
        "key",
        "tests",
        base_url="https://litmos.example/v1.svc",
        transport=Transport(answer),
        retry=RetryPolicy(max_attempts=2, max_rejections=1, deadline=10_000.0),
        rate_limit=RateLimit(requests=10_000, burst=10_000),
    )
    async with client:
        try:
            result = method_of(client, case.entry)(*case.given, **case.options, wire=case.wire)
            if not isinstance(result, Pages):
                return await result
            pages = []
            async for page in result.by_page():
                pages.append(page)
                if len(pages) == PAGES:
                    break
        except errors.LitmosError as problem:
            str(problem).encode()
            return problem
        else:
            return pages
        finally:
            queue = client._limiter._queue
            assert queue is None or queue.window.held == 0
            assert client.quota.waiting == 0


WIRES = ("json", "xml")
ENTRIES = st.sampled_from([entry.id for entry in CALLS])

STATUSES = st.sampled_from(
    [200, 201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 406, 409, 429, 500, 502, 503, 504]
) | (st.integers(200, 599))
HEADERS = st.sampled_from(
    [
        (b"Retry-After", b"9" * 400),
        (b"Retry-After", b"Wed, 01 Jan 99999999999 00:00:00 +99999999"),
        (b"Retry-After", b"1"),
        (b"Retry-After", b"\xff\xfe"),
        (b"Content-Type", b"text/xml; charset=utf-16"),
        (b"Content-Type", b"application/json; charset=no-such-thing"),
        (b"Content-Type", b"application/json; charset=rot13"),
        (b"Content-Type", b"\xff; charset=\xff"),
        (b"Content-Encoding", b"gzip"),
        (b"Content-Encoding", b"deflate"),
        (b"Content-Encoding", b"gzip, gzip"),
        (b"Content-Encoding", b"br"),
        (b"Content-Encoding", b"\xff"),
        (b"Location", b"https://xn--a\xff/"),
        (b"Location", b"http://[::1"),
        (b"Set-Cookie", b"a=b; Domain=\xff; Expires=never; Max-Age=" + b"9" * 400),
        (b"Content-Length", b"-1"),
        (b"\xff", b"\x00"),
    ]
)
NOISE = st.binary(max_size=40) | st.sampled_from(
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b"{}",
        b"[[]]",
        b"5",
        b'""',
        b"<a/>",
        b"<Users/>",
        b"<html></html>",
        b"<",
        b"[",
        b"\xef\xbb\xbf",
        b"<!DOCTYPE a><a/>",
        b"[" * 5_000,
        b"<a>" * 500,
        b'"\\ud800"',
        b"[null]",
        b"[5]",
        b'[{"Id": {"a": [1]}}]',
        b'{"Id": 1e999}',
        b"<a b='1'><c/></a>",
        b"9" * 5_000,
        b"\xff\xfe<\0a\0/\0>\0",
    ]
)


@st.composite
def damaged(draw: st.DrawFn, body: bytes) -> bytes:
    """Draw what may come of a right answer on its way."""
    kind = draw(st.sampled_from(["whole", "cut", "changed", "noise", "spliced", "utf-16", "latin-1"]))
    if kind == "noise":
        return draw(NOISE)
    if kind in {"utf-16", "latin-1"}:
        return body.decode().encode(kind, "replace")
    if kind == "cut":
        return body[: draw(st.integers(0, len(body)))]
    changed = bytearray(body)
    for _ in range(draw(st.integers(1, 4)) if kind != "whole" else 0):
        place = draw(st.integers(0, len(changed)))
        changed[place : place + draw(st.integers(0, 3))] = (
            draw(NOISE) if kind == "spliced" else draw(st.binary(max_size=3))
        )
    return bytes(changed)


@st.composite
def answers(draw: st.DrawFn, body: bytes) -> Answer:
    """Draw an answer to an operation whose right answer has this body."""
    content = draw(damaged(body))
    headers = draw(st.lists(HEADERS, max_size=3))
    match draw(st.sampled_from(["plain", "plain", "gzip", "deflate", "gzip, cut"])):
        case "gzip":
            content, headers = gzip.compress(content), [*headers, (b"Content-Encoding", b"gzip")]
        case "deflate":
            content, headers = zlib.compress(content), [*headers, (b"Content-Encoding", b"deflate")]
        case "gzip, cut":
            content, headers = gzip.compress(content)[:-5], [*headers, (b"Content-Encoding", b"gzip")]
    return Answer(
        draw(STATUSES), headers, content, draw(st.sampled_from([b"OK", b"", b"\xff\x00", b"x" * 5_000]))
    )


@settings(max_examples=amount(400, quick=80))
@given(ENTRIES, st.sampled_from(WIRES), st.data())
def test_any_answer(entry_id: str, wire: str, data: st.DataObject) -> None:
    """A random answer to a random operation."""
    case, body = case_of(entry_id, wire)
    run_virtual(outcome(case, data.draw(answers(body))))


FIXED: dict[str, Answer] = {
    "nothing": Answer(),
    "no content": Answer(204),
    "null": Answer(body=b"null"),
    "a number": Answer(body=b"5"),
    "odd rows": Answer(body=b'[null, 5, "x", [], {"Id": {"a": 1}}]'),
    "a web page": Answer(body=b"<html><title>Log in</title></html>"),
    "another element": Answer(body=b"<a b='1'><c/><c><Id>1</Id></c></a>"),
    "deep": Answer(body=b"[" * 5_000),
    "gzip in gzip": Answer(headers=[(b"Content-Encoding", b"gzip, gzip")], body=b"x"),
    "cut gzip": Answer(headers=[(b"Content-Encoding", b"gzip")], body=gzip.compress(b"[]")[:-4]),
    "a redirect": Answer(302, [(b"Location", b"http://[::1")]),
    "an endless pause": Answer(503, [(b"Retry-After", b"9" * 400)]),
    "an error in a strange charset": Answer(400, [(b"Content-Type", b"a/b; charset=zip")], b"\xff\xfe\xd8"),
}


@pytest.mark.parametrize("name", FIXED)
def test_every_operation(name: str) -> None:
    """One answer to every operation over either wire; in part, every fifth operation."""

    async def main() -> None:
        for entry in CALLS[:: amount(1, quick=5)]:
            for wire in WIRES:
                await outcome(case_of(entry.id, wire)[0], FIXED[name])

    assert len(CALLS) > 100
    run_virtual(main())


@pytest.mark.parametrize("wire", WIRES)
def test_the_right_answer_is_a_result(wire: str) -> None:
    """What the fuzzer starts from is no error: else it would prove nothing."""

    async def main() -> list[str]:
        failed = []
        for entry in CALLS:
            case, body = case_of(entry.id, wire)
            result = await outcome(case, Answer(entry.success[0], body=body))
            if isinstance(result, errors.LitmosError) and not isinstance(result, errors.IncompleteListing):
                failed.append(f"{entry.id}: {result}")
        return failed

    assert run_virtual(main()) == []
