"""What all resources have in common: an operation and its values become a call, and its answer becomes records."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast

import attrs
from attrs import field, frozen

from litmos_async.ahead import AheadBudget, Batch, PageRequest
from litmos_async.config import CallOptions, Defaults
from litmos_async.errors import ConfigurationError, DecodeError
from litmos_async.limits import Priority
from litmos_async.models.record import Record, Tree
from litmos_async.paging import Pages
from litmos_async.reader import Caps
from litmos_async.resources.arguments import Ref, id_of
from litmos_async.wire import codec
from litmos_async.wire.dates import JsonDates, utc
from litmos_async.wire.operation import Operation, Shape
from litmos_async.wire.verdict import Reply

if TYPE_CHECKING:
    from litmos_async.transport import Sender

R = TypeVar("R", bound=Record)
D = TypeVar("D")

_LARGE: Final = 128 * 1024
"""Bytes of an answer beyond which it is decoded in a thread: some milliseconds of work."""

Rows: TypeAlias = list[R]
"""A list of rows: inside a resource, `list` is the method of that name."""


class ListOptions(CallOptions, total=False):
    """Options that every paged list takes, beside those of every call.

    Attributes:
        page_size: Rows per request, 1 to 1,000. The default, 1,000, takes the fewest requests.
        start: Offset of the first row wanted, from 0.
        pages_ahead: Pages to request before their turn, 0 to 8, so that a list is read as fast as the quota
            allows even if the server takes seconds per page. They are requested in the bulk lane; all lists of
            a client share 8. A short list takes up to `pages - 1` requests more, a long one up to 7, one with a
            total none. The default, 0, requests one page after another.
        confirm_end: Request one more page after the last page of a list with an id in its path, whatever that
            page looks like. Other lists are always read until nothing new comes; `litmos_async.reader` has the
            rules.
    """

    page_size: int
    start: int
    confirm_end: bool
    pages_ahead: int


@frozen
class Caller:
    """What a resource needs to make calls. One pool and one limiter stand behind all of them.

    Attributes:
        sender: Sends the requests.
        defaults: What holds for a call that says nothing else.
        json_dates: How JSON dates are read.
        before: Called before each attempt of a request, with its number from 1, when it has a slot and nothing
            of it has left yet.
        caps: The page sizes that the server was found to cap at.
        ahead: How many pages of lists may be ahead.
    """

    sender: Sender
    defaults: Defaults
    json_dates: JsonDates
    before: Callable[[int], Awaitable[None]] | None = None
    caps: Caps = field(factory=Caps)
    ahead: AheadBudget = field(
        default=attrs.Factory(lambda self: AheadBudget(self.sender.limiter), takes_self=True)
    )

    async def reply(
        self,
        operation: Operation[Any],
        refs: Sequence[Ref],
        query: Mapping[str, Any] | None,
        body: codec.Body,
        options: CallOptions,
    ) -> Reply:
        """Make one call and return its answer, undecoded."""
        settings = self.settings(options)
        ids = (id_of(ref, name) for ref, name in zip(refs, operation.path_names, strict=True))
        request = codec.encode(
            operation,
            dict(zip(operation.path_names, ids, strict=True)),
            query,
            body,
            wire=codec.choose(operation, settings.wire, body),
        )
        return await self.sender.send(request, settings, self.before)

    def for_page(self, page: PageRequest | None) -> Caller:
        """Return a caller that notes when the request for a page has a slot; ahead of its turn it is bulk work."""
        if page is None:
            return self

        async def before(attempt: int) -> None:
            if self.before is not None:
                await self.before(attempt)
            page.got_slot()

        return attrs.evolve(self, before=before)

    def with_priority(self, priority: Priority) -> Caller:
        """Return a caller whose calls stand in another lane."""
        return self.with_options({"priority": priority})

    def with_options(self, options: CallOptions) -> Caller:
        """Return a caller with other defaults."""
        return attrs.evolve(self, defaults=self.settings(options))

    def settings(self, options: CallOptions) -> Defaults:
        """Return what holds for a call with these options.

        Raises:
            ConfigurationError: An option is unknown or cannot work.
        """
        unknown = options.keys() - CallOptions.__annotations__.keys()
        if unknown:
            raise ConfigurationError(f"no such option: {', '.join(sorted(unknown))}")
        return attrs.evolve(self.defaults, **options)


class Resource:
    """The base of all resources: a family of operations."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def _call(
        self,
        operation: Operation[R],
        *refs: Ref,
        query: Mapping[str, Any] | None = None,
        body: codec.Body = None,
        options: CallOptions,
        page: PageRequest | None = None,
    ) -> R:
        """Make a call that answers with one record."""
        reply = await self._caller.for_page(page).reply(operation, refs, query, body, options)
        decode = partial(codec.decode_one, reply, answer_of(operation), self._caller.json_dates)
        return await _decoded(operation, reply, decode)

    async def _rows(
        self,
        operation: Operation[R],
        *refs: Ref,
        query: Mapping[str, Any] | None = None,
        body: codec.Body = None,
        options: CallOptions,
        page: PageRequest | None = None,
    ) -> list[R]:
        """Make a call that answers with a list that has no pages, or with one page."""
        reply = await self._caller.for_page(page).reply(operation, refs, query, body, options)
        decode = partial(codec.decode_many, reply, answer_of(operation), self._caller.json_dates)
        return await _decoded(operation, reply, decode)

    async def _do(
        self,
        operation: Operation[Any],
        *refs: Ref,
        query: Mapping[str, Any] | None = None,
        body: codec.Body = None,
        options: CallOptions,
    ) -> None:
        """Make a call that answers with nothing, or with something that no source describes."""
        reply = await self._caller.reply(operation, refs, query, body, options)
        with naming(operation, reply):
            codec.check_done(reply)

    async def _created(
        self,
        operation: Operation[R],
        *refs: Ref,
        body: codec.Body,
        options: CallOptions,
    ) -> list[R]:
        """Make a create of which no source says what it answers: the records that came back, if any."""
        reply = await self._caller.reply(operation, refs, None, body, options)
        with naming(operation, reply):
            codec.check_done(reply)
        decode = partial(codec.decode_any, reply, answer_of(operation), self._caller.json_dates)
        return await _decoded(operation, reply, decode)

    def _list(
        self,
        operation: Operation[R],
        *refs: Ref,
        query: Mapping[str, Any] | None = None,
        options: ListOptions,
    ) -> Pages[R]:
        """Return a list that is read page by page."""

        async def read(asked: Mapping[str, Any], call: CallOptions, page: PageRequest) -> Batch[R]:
            return Batch(await self._rows(operation, *refs, query=asked, options=call, page=page))

        return self._pages(operation, refs, query or {}, options, read)

    def _pages(
        self,
        operation: Operation[Any],
        refs: Sequence[Ref],
        query: Mapping[str, Any],
        options: ListOptions,
        read: Callable[[Mapping[str, Any], CallOptions, PageRequest], Awaitable[Batch[R]]],
    ) -> Pages[R]:
        """Return a list of which `read` gets a part: it is given the query with `start` and `limit`."""
        paging, call = split_options(options)
        # A bad id, text or option is refused now, and not when iterating begins.
        self._check(operation, refs, query, call)

        def fetch(page: PageRequest) -> Awaitable[Batch[R]]:
            return read({**query, "start": page.start, "limit": page.limit}, in_lane(call, page), page)

        return Pages(
            fetch, name=name_of(operation, refs, query), **self._paging_of(operation, call), **paging
        )

    def _paging_of(self, operation: Operation[Any], call: CallOptions) -> dict[str, Any]:
        """Return what `Pages` has to know of the operation and of this client."""
        caller = self._caller
        return {
            "top_level": operation.is_top_level,
            "caps": caller.caps,
            "ahead": caller.ahead,
            "urgent": caller.settings(call).priority == "interactive",
            "tree": operation.answer is not None and issubclass(operation.answer.record, Tree),
            "on_page": caller.sender.hooks.page(operation.id),
        }

    def _check(
        self,
        operation: Operation[Any],
        refs: Sequence[Ref],
        query: Mapping[str, Any],
        options: CallOptions,
    ) -> None:
        self._caller.settings(options)
        for ref, name in zip(refs, operation.path_names, strict=True):
            codec.segment(id_of(ref, name), name)
        for name in ("since", "to"):
            if query.get(name) is not None:
                utc(query[name], name)
        codec.query_string(query, "json")


class naming:  # noqa: N801 - reads as a statement
    """Puts the operation in front of what a decoder says, who answered, and whether the write went through."""

    def __init__(self, operation: Operation[Any], reply: Reply) -> None:
        self._operation = operation
        self._reply = reply

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, DecodeError):
            # It stays as the context of the next one, and its frames hold the body, with log-in links in it.
            problem.__traceback__ = None
            reply = self._reply
            origin = f" from {reply.host}" if reply.host else ""
            region = f", region {reply.region}" if reply.region else ""
            message = f"{self._operation.id}: {problem} (HTTP {reply.status}{origin}{region})"
            if self._operation.method != "GET":
                message += "; the server has probably carried it out"
            raise DecodeError(message, host=reply.host, region=reply.region) from None


async def _decoded(operation: Operation[Any], reply: Reply, decode: Callable[[], D]) -> D:
    """Decode an answer; a large one off the event loop, which goes on in between."""
    with naming(operation, reply):
        if len(reply.body) <= _LARGE:
            return decode()
        return await asyncio.get_running_loop().run_in_executor(None, decode)


def name_of(operation: Operation[Any], refs: Sequence[Ref], query: Mapping[str, Any]) -> str:
    """Return what tells this list from others, for its resume tokens."""
    ids = [id_of(ref, "id") for ref in refs]
    return repr((operation.id, ids, sorted((name, str(value)) for name, value in query.items())))


def answer_of(operation: Operation[R]) -> Shape[R]:
    """Return the shape of an operation's answer."""
    if operation.answer is None:
        raise ConfigurationError(f"{operation.id} answers with nothing")
    return operation.answer


def split_options(options: ListOptions) -> tuple[dict[str, Any], CallOptions]:
    """Part the options of paging from those of the call."""
    names = ListOptions.__annotations__.keys() - CallOptions.__annotations__.keys()
    paging = {name: value for name, value in options.items() if name in names}
    return paging, cast(CallOptions, {name: value for name, value in options.items() if name not in names})


def in_lane(options: CallOptions, page: PageRequest) -> CallOptions:
    """Return the options of the call for a page: ahead of its turn it keeps no other call from a slot."""
    return cast(CallOptions, {**options, "priority": "bulk"}) if page.ahead else options
