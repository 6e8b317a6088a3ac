"""One request, until it has an answer. The only I/O of the library, and the only module that knows httpx."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final, cast
from urllib.parse import urlsplit

import attrs
import httpx
from attrs import frozen

from litmos_async.attempt import (
    Failure,
    SendProgress,
    describe,
    facts_of,
    final_error,
    holding,
    no_young_slot,
    note,
    read_body,
    reason_of,
    retrieve,
    stop,
)
from litmos_async.config import Defaults, Service
from litmos_async.environment import Proxy, certificates, empty_context, proxy_for
from litmos_async.errors import (
    ConfigurationError,
    ConnectError,
    LitmosError,
    NetworkError,
    RateLimited,
    RequestTimeout,
)
from litmos_async.hooks import NO_HOOKS, Hooks, Watch
from litmos_async.limits import Lease, Limiter
from litmos_async.loops import PerLoop
from litmos_async.obstacle import obstacle_in
from litmos_async.redaction import without_secrets
from litmos_async.retry import Again, Fault, Tries, decide
from litmos_async.version import __version__
from litmos_async.wire.codec import Request
from litmos_async.wire.inflate import ACCEPTED
from litmos_async.wire.verdict import Reply, error_of, http_date_of, retry_after_of

logger = logging.getLogger("litmos_async")

Transport = httpx.AsyncBaseTransport
"""What `LitmosClient(transport=...)` takes."""

_NOT_CONNECTED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_TIMEOUTS: Final = (TimeoutError, httpx.TimeoutException)
_MAY_BE_CARRIED_OUT: Final = frozenset({500, 502, 504})
_ANSWER_HEADERS: Final = (b"content-type", b"date", b"retry-after")


class Sender:
    """Sends requests under the limit, and again where that is safe. Holds the one connection pool.

    Args:
        service: Where the requests go, and what each of them carries.
        limiter: Who gives the slots.
        transport: Another way to the server, for tests and for mounting an ASGI app.
        hooks: Who is told of waits, attempts and pauses.

    Raises:
        ConfigurationError: The address, or what the environment says of the way to it, cannot be used.
    """

    def __init__(
        self,
        service: Service,
        limiter: Limiter,
        transport: httpx.AsyncBaseTransport | None,
        hooks: Hooks = NO_HOOKS,
    ) -> None:
        _check_address(service.base_url)
        self._service = service
        self._limiter = limiter
        self.hooks = hooks
        self._watch = Watch(hooks, limiter, service.host, service.port)
        self._through = ""
        connect: Callable[[], httpx.AsyncBaseTransport]
        if transport is None:
            network = _Network.of(service.base_url)
            connect = network.transport
            if network.proxy is not None:
                secrets = service.secrets + network.proxy.secrets
                self._service = attrs.evolve(service, secrets=secrets)
                self._through = f" through the proxy {network.proxy.netloc}"
        else:
            given: httpx.AsyncBaseTransport = transport
            connect = lambda: given  # noqa: E731
        self._pools = PerLoop(
            lambda: _Pool(connect(), service),
            _Pool.release,
            _Pool.aclose,
            shared=transport is not None,
            connected=isinstance(transport, httpx.AsyncHTTPTransport),
        )
        self._server_clock: tuple[datetime, float] | None = None

    @property
    def server_time(self) -> datetime | None:
        """The server's time now, going by the last answer that said it, to the second; None where none did."""
        if self._server_clock is None:
            return None
        said, at = self._server_clock
        with suppress(OverflowError):  # a clock that stands at the end of the year 9999
            return said + timedelta(seconds=asyncio.get_running_loop().time() - at)
        return None

    @property
    def _http(self) -> httpx.AsyncClient:
        return self._pools.latest.http

    def __reduce__(self) -> str:
        raise TypeError("a client holds the key and connections: make one in each process")

    @property
    def limiter(self) -> Limiter:
        """Who gives the slots."""
        return self._limiter

    @property
    def base_url(self) -> str:
        """What stands in front of the path of each request."""
        return self._service.base_url

    async def send(
        self, request: Request, options: Defaults, before: Callable[[int], Awaitable[None]] | None = None
    ) -> Reply:
        """Return the answer of success, whatever it takes.

        Args:
            request: What to send.
            options: How.
            before: Called before each attempt, with its number from 1, when there is a slot and nothing of the
                attempt has left yet.

        Raises:
            APIError: The server said no.
            NetworkError: No answer came.
            OutcomeUnknown: No answer came to a write that may not be repeated.
        """
        await self._pools.here()
        loop = asyncio.get_running_loop()
        attempts = rejections = 0
        lost = noted = False
        started: float | None = None
        watch = self._watch.call(request.operation, request.method, options.priority)
        try:
            while True:
                spent = 0.0 if started is None else loop.time() - started
                with watch.slot(attempts + 1):
                    lease = await self._slot(options, spent)
                if started is None:
                    started = loop.time()
                if before is not None and not noted:
                    await holding(lease, before(attempts + 1))
                noted = True
                with watch.attempt(attempts + 1) as ending:
                    result = await self._attempt(request, lease, options.timeout)
                    note(ending, result)
                if result is None:
                    if loop.time() - started <= options.retry.deadline:
                        continue  # with another slot: nothing left
                    raise no_young_slot(self._facts(request, attempts))
                attempts += 1
                noted = False
                if isinstance(result, Reply):
                    return result
                rejections += result.fault is Fault.REJECTED
                step = decide(
                    result.fault,
                    Tries(attempts, rejections, loop.time() - started),
                    options.retry,
                    repeatable=request.repeatable,
                    retry_after=result.retry_after,
                )
                if not isinstance(step, Again):
                    raise final_error(result.error, self._facts(request, attempts), step)
                self._log_repeat(request, result, step.wait)
                lost = lost or result.fault is Fault.LOST
                await asyncio.sleep(step.wait)
        except LitmosError as problem:
            problem.after_lost = lost
            if isinstance(problem, RateLimited):  # that of a limiter knows nothing of the call
                describe(problem, self._facts(request, attempts))
            raise

    async def _slot(self, options: Defaults, spent: float) -> Lease:
        if self._pools.closed:
            raise ConfigurationError("the client is closed")
        return await self._limiter.acquire(
            options.priority,
            max_pause=max(0.0, options.retry.deadline - spent),
            timeout=options.timeout,
        )

    def _log_repeat(self, request: Request, result: Failure, wait: float) -> None:
        if result.fault is Fault.REJECTED:
            # The limiter holds it back, and all others with it.
            wait = max(wait, self._limiter.quota.next_free_in)
        logger.info("%s: %s; again in %.1f s", request.operation, result.error, wait)

    async def _attempt(self, request: Request, lease: Lease, seconds: float) -> Reply | Failure | None:
        """Send once, and settle the lease by the outcome: exactly once, whatever is raised in between.

        Returns:
            The answer, what went wrong, or None where the slot was too old and nothing was sent.
        """
        settle: Callable[[], None] = lease.unused
        progress = SendProgress(lease, seconds)
        try:
            built = self._build(request, seconds, progress)
            # From here on the request may be on its way, also where this is cancelled.
            settle = partial(lease.lost, seconds)
            response = await _exchange(self._http, built, progress, seconds)
            reply = self._reply(response)
            self._read_clock(response)
            settle = partial(lease.rejected, reply.retry_after) if reply.refused else lease.answered
        except _NOT_CONNECTED as problem:
            settle = lease.unused
            return self._failed(ConnectError, problem, request, seconds)
        except ConfigurationError:
            raise
        except Exception as problem:  # noqa: BLE001 - a transport, or an app that is mounted in it, raises anything
            if progress.too_old:
                settle = lease.unused
                return None
            if progress.connecting:
                settle = lease.unused
                return self._failed(ConnectError, problem, request, seconds)
            kind = RequestTimeout if isinstance(problem, _TIMEOUTS) else NetworkError
            return self._failed(kind, problem, request, seconds)
        finally:
            settle()
        logger.debug("%s: %s %s -> %d", request.operation, request.method, request.path, reply.status)
        return self._judge(reply, request)

    def _judge(self, reply: Reply, request: Request) -> Reply | Failure:
        if reply.success:
            return reply
        fault = Fault.LOST if reply.status in _MAY_BE_CARRIED_OUT else Fault.FINAL
        error = error_of(reply, (*self._service.secrets, *request.secrets))
        return Failure(Fault.REJECTED if reply.refused else fault, error, reply.retry_after)

    def _failed(
        self, kind: type[NetworkError], problem: Exception, request: Request, seconds: float
    ) -> Failure:
        secrets = (*self._service.secrets, *request.secrets)
        cause = without_secrets(problem, secrets)
        text = reason_of(kind, problem, cause, seconds, timeout=isinstance(problem, _TIMEOUTS))
        error = kind(f"{text}{self._through}" if kind is ConnectError else text)
        error.obstacle = obstacle_in(problem)
        error.__cause__ = cause
        return Failure(Fault.NEVER_LEFT if kind is ConnectError else Fault.LOST, error)

    def _build(self, request: Request, timeout: float, progress: SendProgress) -> httpx.Request:
        query = "&".join(part for part in (self._service.query, request.query) if part)
        headers = {**self._service.headers, **request.headers}
        if request.body is None and request.method != "GET":
            # Recordings of PUT and DELETE without a body carry it (api-facts 2).
            headers["Content-Length"] = "0"
        try:
            return self._http.build_request(
                request.method,
                f"{self._service.base_url}{request.path}{'?' if query else ''}{query}",
                headers=headers,
                content=request.body,
                timeout=timeout,
                extensions={"trace": progress.trace, "about_to_send": progress.about_to_send},
            )
        except (httpx.InvalidURL, ValueError) as problem:
            reason = "a lone surrogate" if isinstance(problem, UnicodeError) else str(problem)
        raise ConfigurationError(f"{request.operation}: this does not make a valid address: {reason}")

    def _reply(self, response: httpx.Response) -> Reply:
        return Reply(
            status=response.status_code,
            reason=response.reason_phrase,
            content_type=response.headers.get("content-type", ""),
            body=response.content,
            retry_after=retry_after_of(response.headers.get("retry-after")),
            unreadable=response.extensions.get("unreadable", ""),
            host=self._service.host,
            region=self._service.region,
        )

    def _read_clock(self, response: httpx.Response) -> None:
        """Note when the server says that it answered (RFC 9110, section 6.6.1), if it says that."""
        if (said := http_date_of(response.headers.get("date"))) is not None:
            self._server_clock = said, asyncio.get_running_loop().time()

    def _facts(self, request: Request, attempts: int) -> dict[str, Any]:
        return facts_of(request, attempts, self._service.host, self._service.region)

    async def aclose(self) -> None:
        """Close the connections. Later calls are refused."""
        await self._pools.aclose()


class _Pool:
    """The connections of one event loop."""

    def __init__(self, transport: httpx.AsyncBaseTransport, service: Service) -> None:
        self._transport = transport
        self.http = httpx.AsyncClient(
            transport=_KeyedTransport(transport, service),
            headers={"User-Agent": f"litmos-async/{__version__}", "Accept-Encoding": ACCEPTED},
            # A redirect would carry the key to another address; the API sends none.
            follow_redirects=False,
            trust_env=False,
        )

    async def release(self) -> None:
        """Let go of connections, of which no other kind of transport is known to have any."""
        if isinstance(self._transport, httpx.AsyncHTTPTransport):
            await self._transport.aclose()

    async def aclose(self) -> None:
        """Close the transport for good."""
        await self.http.aclose()


async def _exchange(
    http: httpx.AsyncClient, built: httpx.Request, progress: SendProgress, seconds: float
) -> httpx.Response:
    """Return the answer to a request, with its body."""
    sending = asyncio.ensure_future(http.send(built))
    # An attempt that was given up may still fail; no caller waits for that, and asyncio would report it.
    sending.add_done_callback(retrieve)
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.shield(sending)
    finally:
        await stop(sending, progress)


class _KeyedTransport(httpx.AsyncBaseTransport):
    """Adds the credentials at the last moment, so that no request that httpx logs or raises ever holds them.

    And reads the answer, which httpx would do without a bound on what comes out of a decoder.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, service: Service) -> None:
        self._inner = inner
        self._service = service

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, headers = request.url, request.headers.copy()
        if self._service.credential_query:
            url = url.copy_with(query=url.query + f"&{self._service.credential_query}".encode())
        headers.update(self._service.credentials)
        request.extensions["about_to_send"]()
        answer = await self._inner.handle_async_request(
            httpx.Request(
                request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
            )
        )
        try:
            body, unreadable = await self._read(answer)
        finally:
            with suppress(Exception):  # the answer is there, or why it is not is known
                await answer.aclose()
        known = {"reason_phrase", "http_version"}
        return httpx.Response(
            answer.status_code,
            # The others make httpx do more: cookies, redirects, decoding. As bytes, for texts must be ASCII.
            headers=[each for each in answer.headers.raw if each[0].lower() in _ANSWER_HEADERS],
            content=body,
            extensions={name: value for name, value in answer.extensions.items() if name in known}
            | {"unreadable": unreadable},
        )

    async def _read(self, answer: httpx.Response) -> tuple[bytes, str]:
        try:
            return await read_body(
                cast(httpx.AsyncByteStream, answer.stream),
                answer.headers.get("content-encoding", ""),
                self._service.max_answer_bytes,
                success=answer.is_success,
            )
        except (ValueError, httpx.HTTPError) as problem:
            if not answer.is_success:
                return b"", ""  # the status is known, and says more than the body could
            if isinstance(problem, httpx.HTTPError):
                raise
        raise httpx.DecodingError("the answer is damaged: its compressed body cannot be decoded")

    async def aclose(self) -> None:
        await self._inner.aclose()


# To read the usual authorities takes most of a client's making: all clients share them.
_usual_tls: Final = cache(lambda _keys: httpx.create_ssl_context(trust_env=False))


@frozen
class _Network:
    """The way over the network, as the environment has it."""

    proxy: Proxy | None
    tls: ssl.SSLContext

    @classmethod
    def of(cls, base_url: str) -> _Network:
        """Read the environment, once."""
        parts = urlsplit(base_url)
        proxy = proxy_for(parts.scheme, parts.hostname or "", parts.port)
        tls = certificates()
        if tls is None:
            # A log of keys that cannot be written is said in our words.
            tls = _usual_tls(empty_context().keylog_filename)
        return cls(proxy, tls)

    def transport(self) -> httpx.AsyncHTTPTransport:
        """Return a new pool: HTTP/1.1, since only there a reason phrase exists (api-facts 5)."""
        # No bound on connections but the limiter's, which hands out no more leases: a request that queues for a
        # connection and is cancelled would block one for good (encode/httpcore issue 1093).
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=15)
        with suppress(Exception):
            return httpx.AsyncHTTPTransport(
                verify=self.tls, trust_env=False, http2=False, proxy=self._proxy(), limits=limits
            )
        # Whatever httpx says of it, it may quote the value.
        variable = self.proxy.variable if self.proxy else "the environment"
        raise ConfigurationError(f"{variable}: no connection can be made with this value")

    def _proxy(self) -> httpx.Proxy | None:
        proxy = self.proxy
        if proxy is None:
            return None
        return httpx.Proxy(
            f"{proxy.scheme}://{proxy.netloc}",
            auth=proxy.credentials,
            ssl_context=self.tls if proxy.scheme == "https" else None,
        )


def mounted(app: Any) -> Transport:
    """Return a way to an ASGI app in this process, such as that of a sandbox."""
    return httpx.ASGITransport(app)


def network(base_url: str) -> Transport:
    """Return the way over the network that a client takes by itself."""
    return _Network.of(base_url).transport()


def answer(status: int, headers: Mapping[str, str], body: bytes, reason: str = "") -> httpx.Response:
    """Return an answer, for transports that make some themselves."""
    phrase = {"reason_phrase": reason.encode("latin-1", "replace")} if reason else {}
    return httpx.Response(status, headers=dict(headers), content=body, extensions=phrase)


def _check_address(base_url: str) -> None:
    """Refuse an address that only httpx finds out to be none, and some only when a slot is taken.

    Raises:
        ConfigurationError: It is none.
    """
    with suppress(Exception):
        url = httpx.URL(base_url)
        # `host` decodes an international name, and the codec of the standard library, which the resolver uses,
        # looks at the lengths of its parts.
        url.host.encode("idna")
        url.raw_host.decode("ascii").encode("idna")
        httpx.Request("GET", f"{base_url}/users?source=x")
        return
    raise ConfigurationError("base_url is not an address that can be requested")
