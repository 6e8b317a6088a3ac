"""No answer is larger in memory than it may be: what is read, decoded, parsed and made into records is bounded."""

from __future__ import annotations

import asyncio
import gzip
import sys
import zlib
from collections.abc import AsyncIterator, Iterable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from litmos_async import LitmosClient, RetryPolicy, User, errors
from litmos_async.attempt import read_body
from litmos_async.models import UserSummary
from litmos_async.testing import run_virtual
from litmos_async.wire import codec, converter, json, xml
from litmos_async.wire.inflate import MOST_MEMBERS, PIECE, Coding, Inflater, coding_of
from litmos_async.wire.operation import many
from litmos_async.wire.verdict import ERROR_BODY, Reply, detail_of

USERS = many(UserSummary, "Users", "User")
NEW = User(user_name="a@example.com", first_name="A", last_name="B")


def packed(data: bytes, form: str) -> bytes:
    """Return data in a coding: deflate in the form of zlib, or bare as some servers send it."""
    if form == "gzip":
        return gzip.compress(data)
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS if form == "bare" else zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


class Body(httpx.AsyncByteStream):
    """A body that counts what is read of it."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.read = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the chunks."""
        for chunk in self._chunks:
            self.read += len(chunk)
            yield chunk

    async def aclose(self) -> None:
        """Remember it."""
        self.closed = True


class Server(httpx.AsyncBaseTransport):
    """A server that answers everything with one answer, the body as it is on the wire."""

    def __init__(self, chunks: Iterable[bytes], status: int = 200, **headers: str) -> None:
        self.body = Body(chunks)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.seen: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        self.seen.append(request)
        return httpx.Response(self.status, headers=self.headers, stream=self.body)


def client(server: Server, **options) -> LitmosClient:
    """Return a client of that server that tries once."""
    policy = RetryPolicy(max_attempts=1, max_rejections=0)
    return LitmosClient(
        "k", "t", base_url="https://sandbox/v1.svc", transport=server, retry=policy, **options
    )


def outcome(server: Server, **options) -> object:
    """Ask for a person and return what comes of it; no slot is left taken."""

    async def main() -> object:
        async with client(server, **options) as litmos:
            try:
                return await litmos.users.get("u1")
            except errors.LitmosError as problem:
                return problem
            finally:
                assert litmos._limiter._queue.window.held == 0
                assert server.body.closed

    return run_virtual(main())


@given(st.binary(max_size=2_000), st.sampled_from(["gzip", "zlib", "bare"]), st.integers(1, 50))
def test_one_layer_is_taken_off(data: bytes, form: str, size: int) -> None:
    """However the bytes are cut into chunks, the body is whole, and its end is known."""
    coded = packed(data, form)
    inflater = Inflater("gzip" if form == "gzip" else "deflate")
    parts = [b"".join(inflater.pieces(coded[start : start + size])) for start in range(0, len(coded), size)]
    assert b"".join(parts) == data
    assert inflater.complete


@given(
    st.lists(st.binary(max_size=200), min_size=1, max_size=6),
    st.integers(1, 50),
    st.sampled_from([b"", b"\0\x1f", b"\x1f"]),
)
def test_members_of_gzip_are_one_text(members: list[bytes], size: int, behind: bytes) -> None:
    """One behind the other (RFC 1952), however they are cut; what follows and is none is passed over."""
    coded = b"".join(map(gzip.compress, members)) + behind
    inflater = Inflater("gzip")
    parts = [b"".join(inflater.pieces(coded[start : start + size])) for start in range(0, len(coded), size)]
    assert b"".join(parts) == b"".join(members)
    assert inflater.complete
    cut = Inflater("gzip")
    list(cut.pieces(coded.removesuffix(behind)[:-9]))
    assert not cut.complete


def test_how_many_members_are_decoded() -> None:
    """Each costs a decoder; and what they hold together is bounded as that of one is."""
    most = gzip.compress(b"x") * MOST_MEMBERS
    assert sum(map(len, Inflater("gzip").pieces(most))) == MOST_MEMBERS
    with pytest.raises(ValueError, match="damaged"):
        list(Inflater("gzip").pieces(most + gzip.compress(b"x")))
    many_bombs = gzip.compress(b" " * 1_000_000)
    server = Server([many_bombs] * 100, content_encoding="gzip")
    assert "max_answer_bytes" in str(outcome(server, max_answer_bytes=5_000_000))
    assert server.body.read == 6 * len(many_bombs)


def test_a_deep_document_is_refused() -> None:
    """Deeper than any record, so that no reader of it runs out of its stack."""
    with pytest.raises(errors.DecodeError):
        xml.read(b"<a>" * 300 + b"</a>" * 300)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "identity"])
def test_nothing_is_whole(coding: Coding) -> None:
    """An answer without a body may say how its body is coded."""
    inflater = Inflater(coding)
    assert inflater.complete
    assert list(inflater.pieces(b"")) == ([b""] if coding == "identity" else [])
    assert inflater.complete


def test_a_bare_stream_is_known_whatever_it_begins_with() -> None:
    """One in 31 has two first bytes that the check of zlib's form divides."""
    for number in range(300):
        data = str(number * 7_919).encode()
        inflater = Inflater("deflate")
        assert b"".join(inflater.pieces(packed(data, "bare"))) == data
        assert inflater.complete


@pytest.mark.parametrize("form", ["gzip", "zlib", "bare"])
def test_no_piece_is_large(form: str) -> None:
    """What a small chunk decodes to comes a piece at a time; a cut stream is not taken for a whole one."""
    coded = packed(b"x" * (5 * PIECE + 7), form)
    inflater = Inflater("gzip" if form == "gzip" else "deflate")
    sizes = [len(piece) for piece in inflater.pieces(coded)]
    assert max(sizes) <= PIECE
    assert sum(sizes) == 5 * PIECE + 7
    assert inflater.complete
    cut = Inflater("gzip" if form == "gzip" else "deflate")
    assert sum(len(piece) for piece in cut.pieces(coded[:-9])) > 0
    assert not cut.complete
    with pytest.raises(ValueError, match="damaged"):
        list(Inflater("gzip").pieces(b"no gzip at all"))


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", "identity"),
        ("identity", "identity"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        (" deflate ,", "deflate"),
        ("gzip, identity", "gzip"),
        ("gzip, gzip", None),
        ("deflate, gzip", None),
        ("br", None),
        ("zstd", None),
        ("nonsense", None),
    ],
)
def test_which_codings_are_undone(header: str, coding: str | None) -> None:
    """One layer of what zlib knows; a second layer would multiply the first."""
    assert coding_of(header) == coding


def test_what_is_asked_for() -> None:
    """No coding is asked for that would be decoded without a bound, whichever httpx can."""
    server = Server([b'{"Id": "u1"}'])
    assert outcome(server) == User(id="u1")
    assert server.seen[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("form", ["gzip", "zlib", "bare", ""])
def test_an_answer_as_large_as_allowed_and_one_byte_larger(form: str) -> None:
    """The bound counts decoded bytes, and the answer that has exactly as many is read."""
    body = b'{"Id": "u1"}'.ljust(10_000)
    headers = {"content_encoding": "gzip" if form == "gzip" else "deflate"} if form else {}
    chunks = [packed(body, form) if form else body]
    assert outcome(Server(chunks, **headers), max_answer_bytes=10_000) == User(id="u1")
    problem = outcome(Server(chunks, **headers), max_answer_bytes=9_999)
    assert isinstance(problem, errors.DecodeError)
    assert "9,999 bytes" in str(problem)
    assert problem.host == "sandbox"


def test_reading_stops_at_the_bound() -> None:
    """Of an answer without an end no more is read than allowed, plain or packed, and the connection is given up."""
    endless = Server(b" " * 1_000 for _ in range(10**9))
    assert "max_answer_bytes" in str(outcome(endless, max_answer_bytes=50_000))
    assert endless.body.read <= 51_000
    bomb = gzip.compress(b" " * 50_000_000)
    packed_bomb = Server(
        [bomb[start : start + 500] for start in range(0, len(bomb), 500)], content_encoding="gzip"
    )
    assert "max_answer_bytes" in str(outcome(packed_bomb, max_answer_bytes=1_000_000))
    assert packed_bomb.body.read < len(bomb) / 10


async def test_others_go_on_while_a_body_is_decoded() -> None:
    """Each full piece lets the loop turn once; many small ones, which took no time, do not."""

    async def chunks() -> AsyncIterator[bytes]:
        yield gzip.compress(bytes(20 * PIECE))
        for _ in range(500):
            yield b""

    async def small() -> AsyncIterator[bytes]:
        for _ in range(500):
            yield b"x"

    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    going_on = asyncio.ensure_future(others())
    await read_body(chunks(), "gzip", 30 * PIECE, success=True)
    assert 20 <= turns < 25
    turns = 0
    await read_body(small(), "", PIECE, success=True)
    assert turns == 0
    going_on.cancel()


@pytest.mark.parametrize("header", ["gzip, gzip", "br", "zstd", "compress"])
def test_another_coding_is_not_read(header: str) -> None:
    """Nothing of it is read, and the error is ours; a write says that it was probably carried out."""
    server = Server([b"x"], content_encoding=header)
    problem = outcome(server)
    assert isinstance(problem, errors.DecodeError)
    assert "not asked for" in str(problem)
    assert server.body.read == 0

    async def main() -> None:
        async with client(Server([b"x"], content_encoding=header)) as litmos:
            for call in (litmos.users.delete("u1"), litmos.users.create(NEW), litmos.request("PUT", "/x")):
                with pytest.raises(errors.DecodeError, match="probably carried it out"):
                    await call

    run_virtual(main())


@pytest.mark.parametrize("damage", ["cut", "flipped", "not packed"])
def test_a_damaged_body_is_no_answer(damage: str) -> None:
    """As one that was cut off: a read may be repeated, a create is of unknown outcome. A status of error counts."""
    whole = gzip.compress(b'{"Id": "u1"}')
    flipped = bytes([*whole[:12], whole[12] ^ 0xFF, *whole[13:]])
    body = {"cut": whole[:-6], "flipped": flipped, "not packed": b'{"Id": "u1"}'}[damage]
    problem = outcome(Server([body], content_encoding="gzip"))
    assert isinstance(problem, errors.NetworkError)
    assert isinstance(outcome(Server([body], 404, content_encoding="gzip")), errors.NotFound)
    assert isinstance(outcome(Server([body], 503, content_encoding="gzip")), errors.RateLimited)

    async def main() -> None:
        async with client(Server([body], content_encoding="gzip")) as litmos:
            with pytest.raises(errors.OutcomeUnknown):
                await litmos.users.create(NEW)

    run_virtual(main())


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_of_an_error_only_the_beginning_is_read(status: int) -> None:
    """What the server says stands in the first lines; the rest is left, however much there is."""
    server = Server([b"the reason ", *[b"x" * 1_000] * 10_000], status)
    problem = outcome(server)
    assert isinstance(problem, errors.APIError)
    assert problem.status == status
    assert problem.detail.startswith("the reason")
    assert server.body.read <= ERROR_BODY + 2_000


@pytest.mark.parametrize("value", [0, -1, 1.5, "32", True, None])
def test_a_bound_that_is_none(value: object) -> None:
    """It is a number of bytes."""
    with pytest.raises(errors.ConfigurationError, match="max_answer_bytes"):
        LitmosClient("k", "t", max_answer_bytes=value)


# ------------------------------------------------ parsing


@pytest.mark.parametrize(
    "body", [b"[" + b"{}," * 400_000 + b"1]", b"[" + b"[]," * 400_000 + b"1]", b"[" + b"1," * 800_000 + b"1]",
             b"{" + b'"a":1,' * 400_000 + b'"b":1}'],
    ids=["mappings", "lists", "numbers", "one mapping"],
)  # fmt: skip
def test_values_are_counted_before_parsing(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would fill the memory is refused without a parser that cannot be stopped."""

    def parse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(json.json, "loads", parse)
    with pytest.raises(errors.DecodeError, match="more values"):
        json.read(body)


@pytest.mark.parametrize(
    "body",
    [b"<a>" + b"<b/>" * 600_000 + b"</a>", b"<a>" + b'<b c="1"/>' * 120_000 + b"</a>"],
    ids=["elements", "attributes"],
)
def test_elements_are_counted_before_parsing(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same over XML."""

    def parse(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(xml.etree, "fromstring", parse)
    with pytest.raises(errors.DecodeError, match="more values"):
        xml.read(body)


@pytest.mark.parametrize(
    ("wire", "mark", "most"),
    [
        ("json", b"{", 335_544),
        ("json", b"[", 745_654),
        ("json", b":", 447_392),
        ("json", b",", 745_654),
        ("xml", b"<", 536_870),
        ("xml", b"=", 134_217),
    ],
)
def test_as_many_values_as_memory_is_spent_on(
    wire: str, mark: bytes, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 MiB over JSON and 128 MiB over XML, at what a value costs at most; one value more is refused."""

    def parse(*_: object, **__: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(json.json, "loads", parse)
    monkeypatch.setattr(xml.etree, "fromstring", parse)
    read = json.read if wire == "json" else xml.read
    with pytest.raises(NotImplementedError):
        read(mark * most)
    with pytest.raises(errors.DecodeError, match="more values"):
        read(mark * (most + 1))


@pytest.mark.costly
@pytest.mark.parametrize("wire", ["json", "xml"])
@pytest.mark.parametrize(("more", "most"), [("", 24), ("\U0001f600", 6)])
def test_how_large_an_answer_is_repaired(wire: str, more: str, most: int) -> None:
    """Up to 24 MiB, and with wide characters as much as takes the same memory; a page is smaller."""
    start, end = (f'["C:\\dir{more}"', "]") if wire == "json" else (f"<a>R&D{more}<b>", "</b></a>")

    def read(size: int) -> object:
        # A text of XML has a bound of its own.
        blanks = " " * (size - len(f"{start}{end}".encode()))
        filling = blanks.replace(" " * 1_000_000, f"<c/>{' ' * 999_996}") if wire == "xml" else blanks
        body = f"{start}{filling}{end}".encode()
        assert len(body) == size
        return json.read(body) if wire == "json" else str(xml.read(body).text).split()

    assert read(most * 1024 * 1024) == ([f"C:\\dir{more}"] if wire == "json" else [f"R&D{more}"])
    with pytest.raises(errors.DecodeError, match="damaged"):
        read(most * 1024 * 1024 + 4_096)


def test_many_attributes_are_read_once_each() -> None:
    """All of them, with their names; the two ways of reading them agree."""
    for count in (3, 19, 20, 21, 5_000):
        names = [f"a{number}" for number in range(count)]
        element = etree.Element("x", {name: f"value of {name}" for name in names})
        element.set("{urn:y}z", "1")
        assert xml.plain(element) == {name: f"value of {name}" for name in names} | {"z": "1", "#text": ""}


@pytest.mark.parametrize("wire", ["json", "xml"])
def test_more_rows_than_a_page_can_hold(wire: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are refused, and none behind the bound becomes a record; as many as the bound are taken."""
    made = 0
    make = converter.structure

    def structure(*given: object) -> object:
        nonlocal made
        made += 1
        return make(*given)

    def body(count: int) -> bytes:
        if wire == "xml":
            return b"<Users>" + b"<User><Id>u</Id></User>" * count + b"</Users>"
        return b"[" + b",".join([b'{"Id":"u"}'] * count) + b"]"

    monkeypatch.setattr(codec, "structure", structure)
    with pytest.raises(errors.DecodeError, match="10,000 rows"):
        codec.decode_many(Reply(200, body=body(codec.MOST_ROWS + 1_000)), USERS)
    assert made == codec.MOST_ROWS
    assert len(codec.decode_many(Reply(200, body=body(codec.MOST_ROWS)), USERS)) == codec.MOST_ROWS


def test_a_text_that_is_too_wide() -> None:
    """A character beyond the first plane makes all of a text four bytes wide."""
    with pytest.raises(errors.DecodeError, match="too large a text"):
        json.read(b'["' + "\U0001f600".encode() + b"x" * 17_000_000 + b'"]')
    # 64 MiB at four bytes a character, without what a text takes besides.
    longest = (64 * 1024 * 1024 - sys.getsizeof("\U0001f600") + 4) // 4
    with pytest.raises(errors.DecodeError, match="damaged"):
        json.read("\U0001f600".encode().ljust(longest + 3))
    with pytest.raises(errors.DecodeError, match="too large a text"):
        json.read("\U0001f600".encode().ljust(longest + 4))


def test_large_answers_are_decoded_off_the_loop() -> None:
    """A page is decoded in a thread, where the loop goes on; a small answer is not worth one."""
    page = (
        b"["
        + b",".join(b'{"Id": "u%d", "UserName": "%s"}' % (number, b"x" * 100) for number in range(2_000))
        + b"]"
    )
    used: list[object] = []

    async def main(body: bytes) -> int:
        loop = asyncio.get_running_loop()
        run = loop.run_in_executor
        loop.run_in_executor = lambda *given: used.append(given) or run(*given)
        async with client(Server([body])) as litmos:
            return len((await litmos.users.list(page_size=1_000)).items)

    assert run_virtual(main(page)) == 2_000
    assert len(used) == 1
    used.clear()
    assert run_virtual(main(b'[{"Id": "u1"}]')) == 1
    assert not used


@pytest.mark.parametrize(
    "body",
    [
        b"<html>" + b"Details:" * 200_000,
        b"<html>" + b"<title>" * 200_000,
        b"<html>Details:" + b"<!--" * 200_000 + b"</p>",
        b"<html>Details:" + b"<" * 1_000_000 + b"</p>",
        b'{"Detail": ' * 100_000,
        b"<a>" * 100_000,
        b"<a>" + b" " * 1_000_000 + b"&",
        b"<?xml " * 200_000,
        b'{"Detail": "' + b"x" * 1_000_000 + b'"}',
        b" " * 1_000_000,
    ],
)
def test_what_an_error_page_says_is_found_in_linear_time(body: bytes) -> None:
    """Repeated beginnings without an end are looked at once; a quadratic search would take hours."""
    assert len(detail_of(Reply(500, "Internal Server Error", body=body))) <= 500


def test_the_words_of_an_error_page() -> None:
    """They are still found, also with tags and comments between."""
    page = b"<html><title>Oops</title><P><B>Details: </B> The <i>name</i> is <!-- x --> taken</P></html>"
    assert detail_of(Reply(500, body=page)) == "The name is taken"
    assert detail_of(Reply(500, body=b"<html><head><title>Oops &amp; sorry</title>")) == "Oops &amp; sorry"


def test_how_much_of_an_error_is_looked_at() -> None:
    """64 KiB of its body, and of a text in it four times as much as is shown: blanks and tags fall out."""

    def detail(start: bytes, blanks: int, end: bytes) -> str:
        return detail_of(Reply(500, "Reason", body=start + b" " * blanks + end))

    start, end = b"{", b'"Detail":"x"}'
    blanks = 64 * 1024 - len(start) - len(end)
    assert (detail(start, blanks, end), detail(start, blanks + 1, end)) == ("x", "Reason")
    assert (detail(b"", 1_999, b"x"), detail(b"", 2_000, b"x")) == ("x", "Reason")
    start, end = b"<html><title>", b"x</title>"
    assert (detail(start, 1_999, end), detail(start, 2_000, end)) == ("x", "Reason")


def test_how_much_is_read_of_an_error() -> None:
    """Chunk by chunk, until there is more than is looked at."""
    chunks = [b"x" * 1_024] * 100
    server = Server(chunks, 500)
    assert isinstance(outcome(server), errors.ServerError)
    assert server.body.read == 65 * 1_024
