"""The stand-in server: what every request goes through before and after its operation."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from datetime import UTC
from email.utils import format_datetime
from functools import cache
from typing import Any, Final
from urllib.parse import unquote, urlencode

from attrs import define, frozen
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from litmos_async.sandbox.call import Call, Handler, refuse
from litmos_async.sandbox.faults import REQUEST_ERROR_PAGE, Dropped, Fault, Faults
from litmos_async.sandbox.lrs import VERSION, RecordStore, StoreRequest
from litmos_async.sandbox.quota import RequestLog
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.routes import TABLES, collections
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.webhooks import Webhooks
from litmos_async.sandbox.wire.read import BadBody, BadDate
from litmos_async.sandbox.wire.render import json_text

PREFIX: Final = "/v1.svc"

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@define(kw_only=True)
class LoggedRequest:
    """What the sandbox notes of a request.

    ```python
    await litmos.users.get(user_id)
    last = sandbox.requests[-1]
    assert (last.method, last.path, last.status) == ("GET", f"/users/{user_id}", 200)
    ```

    Attributes:
        time: When it came, on the clock of the event loop.
        method: The HTTP method.
        path: The path below the base URI, percent-encoded as it came.
        query: The query without the key.
        status: What was answered; None while it is under way and where the connection broke.
        carried_out: Whether it had its effect, whatever came of the answer.
    """

    time: float
    method: str
    path: str
    query: str
    status: int | None = None
    carried_out: bool = False


@frozen
class Snapshot:
    """The state of an organisation at one moment.

    ```python
    before = sandbox.snapshot()
    await litmos.users.delete(user_id)
    sandbox.restore(before)
    assert user_id in sandbox.tenant.users
    ```

    Attributes:
        tenant: The organisation.
        state: A copy of its attributes.
    """

    tenant: Tenant
    state: dict[str, Any]


class Sandbox:
    """A stand-in for the service, to be mounted in process (`app`) or served on a loopback port (`serve`).

    ```python
    sandbox = Sandbox(Tenant.example(users=200), requests=20, period=10.0)
    async with sandbox.serve() as base_url, LitmosClient("sandbox-key", "demo", base_url=base_url) as litmos:
        print(await litmos.users.list().collect())
    print(len(sandbox.requests), sandbox.quota.rejections)
    ```

    Args:
        tenant: The organisation; by default an example.
        requests: How many requests any window of `period` seconds holds.
        period: Length of the window in seconds, on the clock of the event loop.
        counts_rejected: Whether refused requests fill the window too.
        api_key: The one key that is accepted.
        latency: Gives the seconds that each answer takes. None answers at once.
        singular_collection: Whether a collection is deleted at `/collection/{id}`, as one source has it, and
            not at `/collections/{id}`, as another does (api-facts 10). The other place answers 404.
        list_limit: How many ids the lists take for which no limit is documented (api-facts 12): people of a team,
            courses and learning paths of a person or a team. None takes any number.
        list_refusal: The status for a longer list, of which nothing is carried out then; None passes over the ids
            beyond the limit, in silence. Which of both the service does, no source says.

    Attributes:
        app: The ASGI application; its base URI ends in `/v1.svc`.
        tenant: The state, free to be read and changed.
        quota: The rolling window and its log.
        faults: Where faults are put in wait.
        webhooks: Who is told of achievements; nothing is sent before `webhooks.deliver()`.
        requests: The last 10,000 requests, oldest first.
        store: The learning record store, a service of its own beside the API: on the same port, below `/TCAPI`,
            with its own credentials, budget and requests.
    """

    def __init__(
        self,
        tenant: Tenant | None = None,
        *,
        requests: int = 100,
        period: float = 60.0,
        counts_rejected: bool = False,
        api_key: str = "sandbox-key",
        latency: Callable[[], float] | None = None,
        singular_collection: bool = False,
        list_limit: int | None = None,
        list_refusal: int | None = 400,
    ) -> None:
        self.tenant = tenant or Tenant.example()
        self.quota = RequestLog(requests, period, counts_rejected=counts_rejected)
        self.faults = Faults()
        self.webhooks = Webhooks(self.tenant)
        self.requests: deque[LoggedRequest] = deque(maxlen=10_000)
        self.store = RecordStore(self.tenant, requests, period)
        self._api_key = api_key
        self._latency = latency
        self._list_limit = list_limit
        self._list_refusal = list_refusal
        unanswered = collections.DELETE_PLURAL if singular_collection else collections.DELETE_SINGULAR
        self.app = Starlette(routes=_routes(unanswered), middleware=[Middleware(_RawPath)])
        self.app.state.answer = self._answer
        self.app.state.answer_store = self._answer_store

    def serve(self, port: int = 0) -> AbstractAsyncContextManager[str]:
        """Serve on a loopback port while the block runs, and give the base URI.

        Args:
            port: The port; 0 takes any free one.
        """
        from litmos_async.sandbox.serve import serve  # noqa: PLC0415 - a sandbox mounted in process does without uvicorn

        return serve(self.app, port, PREFIX)

    def snapshot(self) -> Snapshot:
        """Return the state of the organisation as it is now, for `restore`.

        ```python
        empty = sandbox.snapshot()
        ...  # a test that changes things
        sandbox.restore(empty)
        ```
        """
        self.tenant.long_lists.clear()
        return Snapshot(self.tenant, _copy(self.tenant, vars(self.tenant)))

    def restore(self, snapshot: Snapshot) -> None:
        """Put the organisation back into an earlier state. A snapshot can be restored any number of times.

        Args:
            snapshot: What `snapshot` returned, of this sandbox.

        Raises:
            ValueError: The snapshot is of another organisation.
        """
        if snapshot.tenant is not self.tenant:
            raise ValueError("the snapshot is of another organisation")
        state = vars(self.tenant)
        state.clear()
        state.update(_copy(self.tenant, snapshot.state))

    async def _answer(self, request: Request, handler: Handler) -> Response:
        now = asyncio.get_running_loop().time()
        path = str(request.scope["path"]).removeprefix(PREFIX)
        entry = LoggedRequest(time=now, method=request.method, path=path, query=_without_key(request))
        self.requests.append(entry)
        admitted = self.quota.admit(now)
        fault = self.faults.meet(request.method, path) if admitted else None
        try:
            body = await request.body()
        except ClientDisconnect:  # the caller was killed, say: what came in part has no effect
            return Response()

        def effect() -> Response:
            if not admitted:
                return _too_many()
            answer = self._carry_out(request, now, body, handler)
            entry.carried_out = answer.status_code < 400
            return answer

        try:
            response = await (fault or Fault()).around(effect)
        except Dropped as dropped:
            return await _drop(request, (fault and fault.error) or dropped)
        if self._latency:
            await asyncio.sleep(self._latency())
        entry.status = response.status_code
        # The server's own clock, which need not agree with the client's.
        response.headers["Date"] = format_datetime(self.tenant.now().astimezone(UTC), usegmt=True)
        return response

    async def _answer_store(self, request: Request) -> Response:
        """Let the learning record store answer: it knows nothing of the API's key and quota."""
        path = str(request.scope["path"])
        fault = self.faults.meet(request.method, path)
        asked = StoreRequest(
            asyncio.get_running_loop().time(),
            request.method,
            unquote(path),
            request.url.query,
            request.headers,
            await request.body(),
        )

        def effect() -> Response:
            answer = self.store.answer(asked)
            if answer.content is None:
                return Response(status_code=answer.status)
            return Response(json_text(answer.content), answer.status, {"content-type": "application/json"})

        try:
            response = await (fault or Fault()).around(effect)
        except Dropped as dropped:
            return await _drop(request, (fault and fault.error) or dropped)
        if self._latency:
            await asyncio.sleep(self._latency())
        response.headers["X-Experience-API-Version"] = VERSION
        if request.method == "GET":
            # What was stored until then is in the answer: here everything always is.
            response.headers["X-Experience-API-Consistent-Through"] = self.tenant.now().isoformat()
        return response

    def _carry_out(self, request: Request, time: float, body: bytes, handler: Handler) -> Response:
        query = {name.lower(): value for name, value in request.query_params.items()}
        wants_json = _wants_json(query, request.headers)
        try:
            self._check_caller(query, request.headers)
            self.tenant.run_due(time)
            call = Call(
                tenant=self.tenant,
                time=time,
                query=query,
                body=body,
                content_type=request.headers.get("content-type", ""),
                wants_json=wants_json,
                list_limit=self._list_limit,
                list_refusal=self._list_refusal,
            )
            # The routes saw the path as it came, so a slash inside an id is still %2F and moves nothing.
            return handler(call, **{name: unquote(value) for name, value in request.path_params.items()})
        except Refusal as refusal:
            return refuse(refusal, wants_json=wants_json)
        except BadBody as error:
            return refuse(Refusal(400, str(error)), wants_json=wants_json)
        except BadDate:
            return Response(REQUEST_ERROR_PAGE, 500, {"content-type": "text/html"})

    def _check_caller(self, query: Mapping[str, str], headers: Mapping[str, str]) -> None:
        """Refuse a call without key or source.

        401 and 403 are both documented for a bad key (api-facts 1): here 403 for none, 401 for a wrong one.
        """
        key = headers.get("apikey") or query.get("apikey")
        if not key:
            raise Refusal(403, "No API key")
        if key != self._api_key:
            raise Refusal(401, "Invalid API key")
        if not query.get("source"):
            raise Refusal(403, "source is required")
        if len(query["source"]) > 50:
            raise Refusal(400, "source is longer than 50 characters")


@cache
def _routes(unanswered: str) -> tuple[Route, ...]:
    """Return the routes of every sandbox; to compile the patterns for each anew would take most of its making."""
    operations = [
        Route(PREFIX + path, _endpoint(handler), methods=[method])
        for table in TABLES
        for method, path, handler in table.table
        if path != unanswered
    ]
    store = Route("/TCAPI/{path:path}", _store_endpoint, methods=_METHODS)
    anything_else = Route("/{path:path}", _endpoint(_no_such_operation), methods=_METHODS)
    return (*operations, store, anything_else)


def _endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        response: Response = await request.app.state.answer(request, handler)
        return response

    return endpoint


async def _store_endpoint(request: Request) -> Response:
    response: Response = await request.app.state.answer_store(request)
    return response


def _copy(tenant: Tenant, state: dict[str, Any]) -> dict[str, Any]:
    """Copy the attributes of a tenant; what refers to the tenant itself goes on doing so."""
    return deepcopy(state, {id(tenant): tenant})


class _RawPath:
    """Lets Starlette route on the path as it came, before percent-decoding."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "path": scope["raw_path"].decode("latin-1")}, receive, send)


async def _drop(request: Request, error: Exception) -> Response:
    """Break the connection: reset the socket if there is one, raise where the app is mounted in process."""
    transport = request.scope.get("state", {}).get("transport")
    if transport is None:
        raise error
    transport.abort()
    await request.receive()  # the body is read, so what comes next is the end of the connection
    return Response()  # no one is there to get it


def _too_many() -> Response:
    """Refuse for the quota. The body and headers of a 503 were never recorded (api-facts 5)."""
    return Response("Rating Limit Exceeded", 503, media_type="text/plain")


def _no_such_operation(_call: Call, path: str) -> Response:
    raise Refusal(404, f"There is no operation /{path}")


def _wants_json(query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """`format` decides, without it the Accept header; XML is the native form (api-facts 2)."""
    if "format" in query:
        return query["format"].lower() == "json"
    return "application/json" in headers.get("accept", "").lower()


def _without_key(request: Request) -> str:
    pairs = request.query_params.multi_items()
    return urlencode([(name, value) for name, value in pairs if name.lower() != "apikey"])
