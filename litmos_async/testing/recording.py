"""What a server answers, kept without secrets and names, and answered again without the server."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from html import escape, unescape
from os import PathLike
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote

from attrs import asdict, field, frozen

from litmos_async.client import LitmosClient
from litmos_async.errors import ConfigurationError
from litmos_async.resources.operations import operations
from litmos_async.testing.pseudonyms import Pseudonyms
from litmos_async.transport import Transport, answer, network

__all__ = ["recorded", "replayed"]

_VERSION: Final = 1
_KEPT: Final = ("content-type", "retry-after")
_LEFT_OUT: Final = frozenset({"apikey", "source"})
_PLAIN_QUERY: Final = frozenset(
    {"format", "limit", "start", "sort", "dir", "sendmessage", "showinactive", "since", "to"}
)
_IDENTIFIER: Final = re.compile(r"[A-Za-z_@$][\w:.-]{0,63}", re.ASCII)
_JSON_TEXT: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|(?<![\w.+-])[0-9]{4,}(?![\w.])', re.DOTALL)
_TAG: Final = re.compile(r"(<[^<>]*>)")
_TAG_NAME: Final = re.compile(r"<[/?]?[\w:.-]{1,99}")
_ATTRIBUTE: Final = re.compile(r"""\s([\w:.-]{1,99})=("[^"]*"|'[^']*')""")
_COMMENT: Final = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.DOTALL)
_BASE_URL: Final = "https://recorded.invalid/v1.svc"


@frozen(kw_only=True)
class Exchange:
    """A request and its answer, as they are kept.

    Attributes:
        method: The HTTP verb.
        path: Path below the base URL, percent-encoded.
        query: The query, sorted, without key and source.
        status: The HTTP status.
        reason: The reason phrase.
        headers: Those of the answer that matter.
        body: The answer as text; None where it is none.
        bytes: The answer in base64, where it is not text.
    """

    method: str
    path: str
    query: str
    status: int
    reason: str = ""
    headers: Mapping[str, str] = field(factory=dict[str, str])
    body: str | None = None
    bytes: str = ""


@asynccontextmanager
async def recorded(
    path: str | PathLike[str], *, transport: Transport | None = None, **options: Any
) -> AsyncGenerator[LitmosClient, None]:
    """Give a client whose answers are kept in a file, with secrets and names replaced.

    ```python
    async with recorded("answers.json", source="acme-hr", region="eu") as litmos:
        page = await litmos.users.list(page_size=5)
        await litmos.users.get(page.items[0].id)
    ```

    Every text of an answer is replaced by one that is as long and of the same kinds of characters, and the same
    wherever it comes up, so that ids and names still belong together; field names, dates, numbers of up to three
    digits, and values that every account has stay. Key and source are left out. The mapping is
    not kept. Read the file before you share it all the same: only you know what a number means in your
    account.

    Args:
        path: The file; written at the end, readable for you alone.
        transport: Another way to the server. None is the network.
        options: Those of `LitmosClient`.
    """
    recorder = _Recorder(transport)
    async with LitmosClient(transport=recorder, **options) as litmos:
        recorder.base_url = litmos.base_url
        try:
            yield litmos
        finally:
            document = {"version": _VERSION, "exchanges": [asdict(each) for each in recorder.exchanges]}
            text = json.dumps(document, indent=1)
            await asyncio.get_running_loop().run_in_executor(None, _write, Path(path), text)


@asynccontextmanager
async def replayed(path: str | PathLike[str], **options: Any) -> AsyncGenerator[LitmosClient, None]:
    """Give a client that gets the answers of a file that `recorded` wrote.

    ```python
    async with recorded("answers.json", source="acme-hr") as litmos:
        first = await litmos.users.list(page_size=5)
    async with replayed("answers.json") as litmos:
        page = await litmos.users.list(page_size=5)
    ```

    The same request gets the answers that it got then, one after the other, and the last one from then on.

    Args:
        path: The file.
        options: Those of `LitmosClient`, but the account.

    Raises:
        ConfigurationError: The file is not a recording. A request that is not in it raises this, too.
    """
    text = await asyncio.get_running_loop().run_in_executor(None, Path(path).read_text, "utf-8")
    player = _Player(_exchanges_in(text))
    async with LitmosClient(
        "recorded", "recorded", base_url=_BASE_URL, transport=player, **options
    ) as litmos:
        yield litmos


def _write(path: Path, text: str) -> None:
    """Write a file in one step, for its owner alone."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(text, "utf-8")
    new.replace(path)


def _exchanges_in(text: str) -> list[Exchange]:
    try:
        document = json.loads(text)
        if document["version"] == _VERSION:
            return [Exchange(**each) for each in document["exchanges"]]
    except (ValueError, TypeError, KeyError):
        pass
    raise ConfigurationError("the file is not a recording of this version of the library")


class _Recorder(Transport):
    """Hands requests on, and keeps the answers without what they tell of anybody."""

    def __init__(self, inner: Transport | None) -> None:
        self.base_url = ""
        self.exchanges: list[Exchange] = []
        self._inner = inner
        self._cleaner = _Cleaner()

    async def handle_async_request(self, request: Any) -> Any:
        if self._inner is None:
            self._inner = network(self.base_url)
        # Answers that are not compressed can be read here and once more by the client.
        request.headers["Accept-Encoding"] = "identity"
        reply = await self._inner.handle_async_request(request)
        body = await reply.aread()
        await reply.aclose()
        headers = {name: reply.headers[name] for name in _KEPT if name in reply.headers}
        path, query = _place(request, self.base_url)
        clean = self._cleaner.body(body, error=reply.status_code >= 400)
        text, raw = _text_or_bytes(clean)
        self.exchanges.append(
            Exchange(
                method=request.method,
                path=self._cleaner.path(path),
                query=self._cleaner.query(query),
                status=reply.status_code,
                reason=self._cleaner.words(reply.reason_phrase),
                headers=headers,
                body=text,
                bytes=raw,
            )
        )
        return answer(reply.status_code, headers, body, reply.reason_phrase)

    async def aclose(self) -> None:
        if self._inner is not None:
            await self._inner.aclose()


class _Player(Transport):
    """Answers from a recording."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self._exact: dict[tuple[str, str, str], deque[Exchange]] = defaultdict(deque)
        self._near: dict[tuple[str, str, str], deque[Exchange]] = defaultdict(deque)
        for each in exchanges:
            self._exact[each.method, each.path, each.query].append(each)
            self._near[each.method, each.path, _without_end(each.query)].append(each)

    async def handle_async_request(self, request: Any) -> Any:
        path, pairs = _place(request, _BASE_URL)
        query = _query_of(pairs)
        # A list until now is asked for until another moment than it was then.
        waiting = self._exact.get((request.method, path, query)) or self._near.get(
            (request.method, path, _without_end(query))
        )
        if not waiting:
            raise ConfigurationError(f"not in the recording: {request.method} {path}?{query}")
        each = waiting[0] if len(waiting) == 1 else waiting.popleft()
        body = base64.b64decode(each.bytes) if each.body is None else each.body.encode()
        return answer(each.status, each.headers, body, each.reason)


def _place(request: Any, base_url: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the path of a request below the base URL, and its query without key and source."""
    target = request.url.raw_path.decode("ascii")
    path, _, query = target.partition("?")
    below = "/" + base_url.partition("://")[2].partition("/")[2]
    pairs = parse_qsl(query, keep_blank_values=True)
    return path.removeprefix(below.rstrip("/")), [(n, v) for n, v in pairs if n.lower() not in _LEFT_OUT]


def _query_of(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(pairs))


def _without_end(query: str) -> str:
    return "&".join(part for part in query.split("&") if not part.startswith("to="))


def _text_or_bytes(body: bytes) -> tuple[str | None, str]:
    try:
        return body.decode(), ""
    except UnicodeDecodeError:
        return None, base64.b64encode(body).decode()


class _Cleaner:
    """Replaces what identifies a person, in every form in which it can come."""

    def __init__(self) -> None:
        self._names = Pseudonyms()

    def path(self, path: str) -> str:
        """Clean a path."""
        fixed = _fixed_segments()
        return "/".join(part if part in fixed else self._segment(part) for part in path.split("/"))

    def _segment(self, part: str) -> str:
        return quote(self._names.of(unquote(part)), safe="@")

    def query(self, pairs: list[tuple[str, str]]) -> str:
        """Clean a query."""
        return _query_of(
            [
                (name, value if name.lower() in _PLAIN_QUERY else self._names.of(value))
                for name, value in pairs
            ]
        )

    def words(self, text: str) -> str:
        """Clean a text of the server's own."""
        return self._names.of_error(text)

    def body(self, body: bytes, *, error: bool) -> bytes:
        """Clean an answer."""
        try:
            text, encoding = body.decode(), "utf-8"
        except UnicodeDecodeError:
            text, encoding = body.decode("latin-1"), "latin-1"
        return self._text(text, error=error).encode(encoding, "replace")

    def _text(self, text: str, *, error: bool) -> str:
        first = text.lstrip("\ufeff \t\r\n")[:1]
        if first == "<":
            return self._xml(text, error=error)
        try:
            json.loads(text.lstrip("\ufeff"))
        except (ValueError, RecursionError):
            # Where texts begin and end in it nothing can say.
            return self.words(text)
        return _JSON_TEXT.sub(lambda found: self._json_text(found, error=error), text)

    def _json_text(self, found: re.Match[str], *, error: bool) -> str:
        if found[1] is None:
            return self._names.of(found[0])
        value = json.loads(f'"{found[1]}"', strict=False)
        if found[2] is not None:
            return (
                found[0] if _IDENTIFIER.fullmatch(value) else f"{json.dumps(self._names.of(value))}{found[2]}"
            )
        return json.dumps(self._value(value, error=error), ensure_ascii=False)

    def _value(self, value: str, *, error: bool) -> str:
        return self._names.of_error(value) if error else self._names.of(value)

    def _xml(self, text: str, *, error: bool) -> str:
        # Comments and the like may hold anything.
        text = _COMMENT.sub("", text)
        parts = _TAG.split(text)
        for index, part in enumerate(parts):
            parts[index] = self._tag(part) if index % 2 else self._xml_text(part, error=error)
        return "".join(parts)

    def _xml_text(self, part: str, *, error: bool) -> str:
        core = part.strip()
        if not core:
            return part
        before, _, after = part.partition(core)
        return f"{before}{escape(self._value(unescape(core), error=error), quote=False)}{after}"

    def _tag(self, tag: str) -> str:
        """Clean the values of attributes; what is in a tag besides them and its name is left out."""
        name = _TAG_NAME.match(tag)
        if name is None:
            return ""
        values = [self._attribute(found) for found in _ATTRIBUTE.finditer(tag, name.end())]
        end = "?>" if tag.endswith("?>") else "/>" if tag.endswith("/>") else ">"
        return f"{name[0]}{''.join(values)}{end}"

    def _attribute(self, found: re.Match[str]) -> str:
        name, value = found[1], found[2][1:-1]
        plain = name.startswith("xmlns") or name in {"version", "encoding"}
        clean = value if plain else escape(self._names.of(unescape(value)))
        return f' {name}="{clean}"'


@cache
def _fixed_segments() -> frozenset[str]:
    """Return the parts of paths that are the same in each account."""
    parts = (part for operation in operations().values() for part in operation.path.split("/"))
    return frozenset(part for part in parts if part and "{" not in part)
