"""xAPI statements: the learning record store of the account. JSON only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, Unpack, get_args
from uuid import uuid4

import attrs
from attrs import frozen

from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError, Conflict, NotFound
from litmos_async.limits import Limiter
from litmos_async.models import XapiStatement
from litmos_async.models.record import check_class
from litmos_async.paging import Pages
from litmos_async.resources.arguments import several
from litmos_async.resources.base import Caller, naming
from litmos_async.resources.statements import StatementPages
from litmos_async.wire import codec, xapi
from litmos_async.wire.dates import utc
from litmos_async.wire.operation import Operation, Shape, many, one
from litmos_async.wire.verdict import Reply

StatementFormat = Literal["ids", "exact", "canonical"]

_STATEMENTS: Final[Shape[Any]] = many(XapiStatement, "Statements")

# With an id in every statement a repeat stores nothing twice: what is there already is left as it is.
ADD_STATEMENT: Operation[Any] = Operation(
    "xapi.add_statement",
    "POST",
    "{endpoint}",
    body=_STATEMENTS,
    repeatable=True,
    json_seen=True,
    json_only=True,
)
UPDATE_STATEMENT: Operation[Any] = Operation(
    "xapi.update_statement",
    "PUT",
    "{endpoint}?statementId={statement_id}",
    body=one(XapiStatement),
    repeatable=True,
    json_seen=True,
    json_only=True,
)
GET_STATEMENT = Operation(
    "xapi.get_statement",
    "GET",
    "{endpoint}?statementId={statement_id}",
    one(XapiStatement),
    json_seen=True,
    json_only=True,
)
LIST_STATEMENTS = Operation(
    "xapi.list_statements", "GET", "{endpoint}", _STATEMENTS, json_seen=True, json_only=True
)


@frozen
class StoreCaller:
    """What it takes to call a learning record store.

    Attributes:
        caller: Makes the calls, in connections and a budget of the store's own.
        path: The path of the endpoint, from the root of the host on.
        limiter: Keeps the budget.
    """

    caller: Caller
    path: str
    limiter: Limiter

    def with_options(self, options: CallOptions) -> StoreCaller:
        """Return a caller with other defaults."""
        return attrs.evolve(self, caller=self.caller.with_options(options))

    async def aclose(self) -> None:
        """Close the connections. Later calls are refused."""
        await self.caller.sender.aclose()
        await self.limiter.aclose()


class Xapi:
    """Statements of the learning record store: what came from outside, not from courses played in Litmos.

    ```python
    store = XapiStore("https://lrs.litmos.com/TCAPI/acme/db1/statements", "name", "password")
    async with LitmosClient(xapi=store) as litmos:
        [statement_id] = await litmos.xapi.add_statement(done)  # an `XapiStatement`
        async for statement in litmos.xapi.list_statements(verb="http://adlnet.gov/expapi/verbs/completed"):
            print(statement.id, statement.extra["object"])
    ```

    The store is a service of its own on another host: it never gets the key of the API, and has its own budget. It
    answers by the xAPI specification: `Conflict` for an id that exists with other content, and as `BadRequest`
    with that `status` also 412 and 413, the latter for a body that is too large. Attachments are not sent or read.

    Every call raises `ConfigurationError` where the client was not given `xapi=`.
    """

    def __init__(self, store: StoreCaller | None) -> None:
        self._given = store

    async def add_statement(
        self, statement: XapiStatement | Iterable[XapiStatement], **options: Unpack[CallOptions]
    ) -> list[str]:
        """Store a statement, or several in one request, and return their ids in the same order.

        `POST {endpoint}`

        Safe to repeat: a statement without an id gets one (a UUID) before it is sent, and a store leaves what it
        has as it is. It is all or nothing: one statement that the store does not take, and none is stored. So where
        an attempt got no answer, and its repeat finds an id that was made here, the first one was carried out; if
        other statements had ids of the caller's, one request more reads whether it was.

        Args:
            statement: The statement or statements: everything but the id stands in `extra`.
            options: The options of every call.

        Returns:
            The ids, one for each statement, also where there is only one.

        Raises:
            ConfigurationError: There is none, an id is not a UUID, or two have the same.
            BadRequest: The store does not take a statement; with `status` 413 it does not take so many at once.
            Conflict: An id that you gave exists with other content; with `after_lost` it may be that of an attempt
                of this call which got no answer.

        Source: openapi, vendor page, xAPI specification.
        """
        given = _rows(statement)
        body = [_with_id(each) for each in given]
        if not body:
            raise ConfigurationError("statement: the list is empty")
        if len({each.id.lower() for each in body}) < len(body):
            raise ConfigurationError("two statements have the same id: a store refuses the whole list")
        try:
            reply = await self._send(ADD_STATEMENT, None, body[0] if len(body) == 1 else body, options)
        except Conflict as conflict:
            made = [each.id for each, before in zip(body, given, strict=True) if not _id_of(before)]
            if conflict.after_lost and made and await self._holds(made, body, options):
                return [each.id for each in body]
            raise
        with naming(ADD_STATEMENT, reply):
            return xapi.decode_ids(reply, len(body))

    async def _holds(self, made: list[str], body: list[XapiStatement], options: CallOptions) -> bool:
        """Return whether a store that refused a repeat holds what was sent before, under ids made for this call."""
        if len(made) == len(body):
            return True  # nothing else can have brought them
        try:
            await self.get_statement(made[0], **options)
        except NotFound:
            return False
        return True

    async def update_statement(
        self, statement_id: str | XapiStatement, statement: XapiStatement, **options: Unpack[CallOptions]
    ) -> None:
        """Store a statement under an id. It never updates: what a store holds cannot be changed.

        `PUT {endpoint}?statementId={statement_id}`

        To take a statement back, add one that voids it.

        Args:
            statement_id: The id, a UUID, or a statement that has one.
            statement: The statement. It has the same id, or none.
            options: The options of every call.

        Raises:
            ConfigurationError: The id is not a UUID, or the statement has another one.
            Conflict: The id exists. With the same content some stores answer so too, others as if it was new.

        Source: openapi, vendor page, xAPI specification.
        """
        wanted = xapi.check_id(_id_of(statement_id))
        check_class(statement, XapiStatement)
        own = _id_of(statement)
        if own and own.lower() != wanted.lower():
            raise ConfigurationError(f"the statement has the id {own}, not {wanted}")
        body = statement.replace(id=wanted)
        reply = await self._send(UPDATE_STATEMENT, {"statementId": wanted}, body, options)
        with naming(UPDATE_STATEMENT, reply):
            codec.check_done(reply)

    async def get_statement(
        self, statement_id: str | XapiStatement, *, voided: bool = False, **options: Unpack[CallOptions]
    ) -> XapiStatement:
        """Return a statement.

        `GET {endpoint}?statementId={statement_id}`

        Args:
            statement_id: The id, a UUID, or a statement that has one.
            voided: True returns a statement that was taken back, and no other.
            options: The options of every call.

        Raises:
            ConfigurationError: The id is not a UUID.
            NotFound: There is no such statement; a voided one is not found without `voided`.

        Source: openapi, vendor page, xAPI specification.
        """
        name = "voidedStatementId" if voided else "statementId"
        query = {name: xapi.check_id(_id_of(statement_id))}
        reply = await self._send(GET_STATEMENT, query, None, options)
        with naming(GET_STATEMENT, reply):
            return xapi.decode_statement(reply)

    def list_statements(
        self,
        *,
        agent: Mapping[str, Any] | None = None,
        verb: str | None = None,
        activity: str | None = None,
        registration: str | None = None,
        related_activities: bool | None = None,
        related_agents: bool | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        page_size: int | None = None,
        format: StatementFormat | None = None,
        ascending: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> Pages[XapiStatement]:
        """List statements, the one that was stored last first.

        `GET {endpoint}`

        The list is continued by links that the store gives. They are followed on its own scheme, host and port
        only, since the credentials go along. `by_page(resume=...)` goes on for 24 hours at least.

        Args:
            agent: Only statements about this agent or group, such as `{"mbox": "mailto:user@example.com"}`. None
                takes all.
            verb: Only those with this verb, an IRI. None takes all.
            activity: Only those about this activity, an IRI. None takes all.
            registration: Only those of this registration, a UUID. None takes all.
            related_activities: True looks for the activity in the context and in sub-statements too. None is the
                store's default, False.
            related_agents: True looks for the agent in other places too. None is the store's default, False.
            since: Only those stored after it. None takes all.
            until: Only those stored at it or before. None takes all.
            page_size: Statements in one answer at most; None is as many as the store gives. It may give fewer.
            format: "exact", as stored, is the default of the store; "ids" leaves out what only describes;
                "canonical" has one language of each text.
            ascending: True begins with the oldest. None is the store's default, the newest.
            options: The options of every call.

        Raises:
            ConfigurationError: A filter cannot be sent.

        Source: xAPI specification.
        """
        _check_form(format, page_size)
        query = {
            "agent": None if agent is None else xapi.agent_text(agent),
            "verb": verb,
            "activity": activity,
            "registration": registration,
            "related_activities": related_activities,
            "related_agents": related_agents,
            "since": None if since is None else utc(since, "since"),
            "until": None if until is None else utc(until, "until"),
            "limit": page_size,
            "format": format,
            "ascending": ascending,
        }
        store = self._store()
        store.caller.settings(options)
        base_url = store.caller.sender.base_url
        # A value that cannot be sent is refused now, not when the list is read.
        xapi.encode(LIST_STATEMENTS, store.path, query)

        async def read(link: str) -> tuple[list[XapiStatement], str]:
            """Read one part of the list."""
            reply = await self._send(LIST_STATEMENTS, None if link else query, None, options, link)
            with naming(LIST_STATEMENTS, reply):
                statements, more = xapi.decode_statements(reply)
                return statements, xapi.link_to_more(more, base_url) if more else ""

        return StatementPages(
            read,
            name=repr((LIST_STATEMENTS.id, store.path, sorted(query.items(), key=str))),
            on_page=store.caller.sender.hooks.page(LIST_STATEMENTS.id),
        )

    async def _send(
        self,
        operation: Operation[Any],
        query: Mapping[str, Any] | None,
        body: XapiStatement | list[XapiStatement] | None,
        options: CallOptions,
        link: str = "",
    ) -> Reply:
        store = self._store()
        request = xapi.encode(operation, link or store.path, query, body)
        return await store.caller.sender.send(request, store.caller.settings(options))

    def _store(self) -> StoreCaller:
        if self._given is None:
            raise ConfigurationError(
                "no learning record store: give the client one, LitmosClient(xapi=XapiStore(endpoint, username, "
                "password))"
            )
        return self._given


def _check_form(form: object, page_size: object) -> None:
    if form is not None and form not in get_args(StatementFormat):
        raise ConfigurationError(f'format must be "ids", "exact" or "canonical", not {form!r}')
    if page_size is not None and (not isinstance(page_size, int) or page_size < 1):
        raise ConfigurationError(f"page_size must be 1 or more statements, not {page_size!r}")


def _rows(given: Any) -> list[Any]:
    return [given] if isinstance(given, Mapping) else list(several(given, "a statement, or several"))


def _id_of(given: object) -> Any:
    """Return the id of a statement: of one that was made of a whole JSON object it stands in `extra`."""
    if isinstance(given, XapiStatement):
        return given.id or given.extra.get("id")
    return given


def _with_id(statement: XapiStatement) -> XapiStatement:
    check_class(statement, XapiStatement)
    return statement.replace(id=xapi.check_id(_id_of(statement) or str(uuid4())))
