"""One request, until it has an answer. The only I/O of the library, and the only module that knows httpx."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from attrs import define, frozen

from litmos_async.config import Defaults, Service
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    ConnectError,
    LitmosError,
    NetworkError,
    OutcomeUnknown,
    RateLimited,
    RequestTimeout,
)
from litmos_async.limits import Lease, Limiter
from litmos_async.obstacle import obstacle_in
from litmos_async.retry import Again, Fault, GiveUp, Tries, decide
from litmos_async.version import __version__
from litmos_async.wire.codec import Request
from litmos_async.wire.verdict import Reply, error_of, redact, retry_after_of

logger = logging.getLogger("litmos_async")

Transport = httpx.AsyncBaseTransport
"""What `LitmosClient(transport=...)` takes."""

_MAY_BE_CARRIED_OUT = frozenset({500, 502, 504})


@frozen
class _Failure:
    """An attempt without success: what is known of its effect, and the error to raise if it stays so."""

    fault: Fault
    error: NetworkError | APIError
    retry_after: float | None = None


class Sender:
    """Sends requests under the limit, and again where that is safe. Holds the one connection pool.

    Args:
        service: Where the requests go, and what each of them carries.
        limiter: Who gives the slots.
        transport: Another way to the server, for tests and for mounting an ASGI app.
    """

    def __init__(
        self, service: Service, limiter: Limiter, transport: httpx.AsyncBaseTransport | None
    ) -> None:
        self._service = service
        self._limiter = limiter
        self._http = httpx.AsyncClient(
            transport=_KeyedTransport(transport or _network(service.base_url), service),
            headers={"User-Agent": f"litmos-async/{__version__}"},
            # A redirect would carry the key to another address; the API sends none.
            follow_redirects=False,
        )
        self._closed = False
        self._server_clock: tuple[datetime, float] | None = None

    @property
    def server_time(self) -> datetime | None:
        """The server's time now, going by the last answer that said it, to the second; None where none did."""
        if self._server_clock is None:
            return None
        said, at = self._server_clock
        return said + timedelta(seconds=asyncio.get_running_loop().time() - at)

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
        loop = asyncio.get_running_loop()
        attempts = rejections = 0
        lost = False
        started: float | None = None
        while True:
            spent = 0.0 if started is None else loop.time() - started
            lease = await self._slot(request, options, spent, attempts)
            if started is None:
                started = loop.time()
            attempts += 1
            if before is not None:
                await _holding(lease, before(attempts))
            result = await self._attempt(request, lease, options.timeout)
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
                result.error.after_lost = lost
                self._locate(result.error)
                raise _final(result.error, request, attempts, step)
            logger.info("%s: %s; again in %.1f s", request.operation, result.error, step.wait)
            lost = lost or result.fault is Fault.LOST
            await asyncio.sleep(step.wait)

    async def _slot(self, request: Request, options: Defaults, spent: float, attempts: int) -> Lease:
        if self._closed:
            raise ConfigurationError("the client is closed")
        try:
            return await self._limiter.acquire(
                options.priority,
                max_pause=max(0.0, options.retry.deadline - spent),
                timeout=options.timeout,
            )
        except RateLimited as pause:
            _describe(pause, request, attempts)
            self._locate(pause)
            raise

    def _locate(self, error: NetworkError | APIError) -> None:
        error.host, error.region = self._service.host, self._service.region

    async def _attempt(self, request: Request, lease: Lease, seconds: float) -> Reply | _Failure:
        """Send once, and settle the lease by what became of it."""
        progress = _Progress()
        try:
            built = self._build(request, seconds, progress)
        except httpx.InvalidURL as problem:
            lease.unused()
            raise ConfigurationError(f"{request.operation}: no address: {problem}") from None
        sending = asyncio.ensure_future(self._http.send(built))
        try:
            async with asyncio.timeout(seconds):
                response = await asyncio.shield(sending)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as problem:
            lease.unused()
            return self._failed(ConnectError, problem, request, seconds)
        except (httpx.RequestError, OSError) as problem:
            # An app that is mounted in process raises what a socket would, and httpx lets it through as it is.
            if progress.connecting:
                lease.unused()
                return self._failed(ConnectError, problem, request, seconds)
            lease.lost(seconds)
            return self._failed(
                RequestTimeout if _is_timeout(problem) else NetworkError, problem, request, seconds
            )
        except BaseException:
            # Cancelled, most of all: the request may be on its way.
            lease.lost(seconds)
            raise
        finally:
            await _stop(sending, progress)
        said = _date_of(response)
        if said is not None:
            self._server_clock = said, asyncio.get_running_loop().time()
        logger.debug("%s: %s %s -> %d", request.operation, request.method, request.path, response.status_code)
        return self._judge(_reply(response), request, lease)

    def _judge(self, reply: Reply, request: Request, lease: Lease) -> Reply | _Failure:
        if reply.refused:
            lease.rejected(reply.retry_after)
            fault = Fault.REJECTED
        else:
            lease.answered()
            if reply.success:
                return reply
            fault = Fault.LOST if reply.status in _MAY_BE_CARRIED_OUT else Fault.FINAL
        error = error_of(reply, (*self._service.secrets, *request.secrets))
        return _Failure(fault, error, reply.retry_after)

    def _failed(
        self, kind: type[NetworkError], problem: Exception, request: Request, seconds: float
    ) -> _Failure:
        secrets = (*self._service.secrets, *request.secrets)
        error = kind(redact(_reason(kind, problem, seconds), secrets))
        error.obstacle = obstacle_in(problem)
        error.__cause__ = _without_frames(problem)
        return _Failure(Fault.NEVER_LEFT if kind is ConnectError else Fault.LOST, error)

    def _build(self, request: Request, timeout: float, progress: _Progress) -> httpx.Request:
        query = "&".join(part for part in (self._service.query, request.query) if part)
        headers = {**self._service.headers, **request.headers}
        if request.body is None and request.method != "GET":
            # Recordings of PUT and DELETE without a body carry it (api-facts 2).
            headers["Content-Length"] = "0"
        return self._http.build_request(
            request.method,
            f"{self._service.base_url}{request.path}{'?' if query else ''}{query}",
            headers=headers,
            content=request.body,
            timeout=timeout,
            extensions={"trace": progress.trace},
        )

    async def aclose(self) -> None:
        """Close the connections. Later calls are refused."""
        self._closed = True
        await self._http.aclose()


@define
class _Progress:
    """How far httpcore is with an attempt. Other transports say nothing, and are taken to have sent it."""

    event: str = ""

    async def trace(self, event: str, _: Mapping[str, Any]) -> None:
        """Heed httpcore's events, such as `http11.send_request_headers.started`."""
        self.event = event.partition(".")[2]

    @property
    def connecting(self) -> bool:
        """Nothing of the request has left, nor will: `_stop` lets an indivisible moment pass, and then it may."""
        return self.event.startswith(("connect_tcp.", "start_tls.")) and not self.indivisible

    @property
    def indivisible(self) -> bool:
        """Between connecting and sending, or between the last byte and the return of the connection."""
        return self.event in {"connect_tcp.complete", "start_tls.complete"} or self.event.startswith(
            ("receive_response_body.complete", "response_closed.")
        )


async def _stop(sending: asyncio.Future[httpx.Response], progress: _Progress) -> None:
    """See that an attempt that was given up leaves no connection in use.

    httpcore loses a connection for good if the request is cancelled in one of two moments, each a few turns of
    the loop long (encode/httpcore issues 1093 and 830): let them pass.
    """
    while progress.indivisible and not sending.done():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)
    if not sending.done():
        sending.cancel()
        await asyncio.wait([sending])


class _KeyedTransport(httpx.AsyncBaseTransport):
    """Adds the credentials at the last moment, so that no request that httpx logs or raises ever holds them."""

    def __init__(self, inner: httpx.AsyncBaseTransport, service: Service) -> None:
        self._inner = inner
        self._service = service

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, headers = request.url, request.headers.copy()
        if self._service.credential_query:
            url = url.copy_with(query=url.query + f"&{self._service.credential_query}".encode())
        headers.update(self._service.credentials)
        return await self._inner.handle_async_request(
            httpx.Request(
                request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
            )
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


def _network(base_url: str) -> httpx.AsyncHTTPTransport:
    """Return the way over the network: HTTP/1.1, since only there a reason phrase exists (api-facts 5)."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    # httpx reads the proxy variables only where no transport of one's own is given.
    proxy = None if proxy_bypass(host) else getproxies().get(parts.scheme)
    # No bound on connections but the limiter's, which hands out no more leases: a request that queues for a
    # connection and is cancelled would block one for good (encode/httpcore issue 1093).
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=15)
    return httpx.AsyncHTTPTransport(http2=False, proxy=proxy, limits=limits)


def _reply(response: httpx.Response) -> Reply:
    return Reply(
        status=response.status_code,
        reason=response.reason_phrase,
        content_type=response.headers.get("content-type", ""),
        body=response.content,
        retry_after=retry_after_of(response.headers.get("retry-after")),
    )


def _date_of(response: httpx.Response) -> datetime | None:
    """Return when the server says that it answered (RFC 9110, section 6.6.1); None where it says nothing of use."""
    try:
        said = parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return None
    return said if said.tzinfo is not None else said.replace(tzinfo=UTC)


def _is_timeout(problem: Exception) -> bool:
    return isinstance(problem, TimeoutError | httpx.TimeoutException)


def _reason(kind: type[NetworkError], problem: Exception, seconds: float) -> str:
    """Say what went wrong, in one line, without the name of the error twice."""
    if _is_timeout(problem):
        return f"no {'connection' if kind is ConnectError else 'answer'} within {seconds:g} s"
    name, text = type(problem).__name__, " ".join(str(problem).split())
    return text if text and name == kind.__name__ else f"{name}: {text}".removesuffix(": ")


async def _holding(lease: Lease, work: Awaitable[None]) -> None:
    """Do something while a lease is held, and give it back if that fails."""
    try:
        await work
    except BaseException:
        lease.unused()
        raise


def _final(error: NetworkError | APIError, request: Request, attempts: int, step: GiveUp) -> LitmosError:
    """Return what the caller gets."""
    _describe(error, request, attempts)
    if step is GiveUp.RAISE:
        return error
    unknown = OutcomeUnknown("no usable answer, and it may have been carried out")
    _describe(unknown, request, attempts)
    unknown.host, unknown.region = error.host, error.region
    unknown.__cause__ = error
    return unknown


def _without_frames(problem: BaseException) -> BaseException:
    """Take the tracebacks off an error and off all that led to it.

    Their frames hold the headers and the address with the key, and who reports errors with the values of local
    variables would send it along.
    """
    seen: set[BaseException] = set()
    below = [problem]
    while below:
        each = below.pop()
        seen.add(each)
        each.__traceback__ = None
        below += [other for other in (each.__cause__, each.__context__) if other and other not in seen]
    return problem


def _describe(error: NetworkError | APIError | OutcomeUnknown, request: Request, attempts: int) -> None:
    error.operation, error.method, error.path = request.operation, request.method, request.path
    error.attempts = attempts
