"""`LitmosClient`: the entry point."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

import attrs

from litmos_async.config import MAX_ANSWER_BYTES, CallOptions, Config, Defaults, KeyPlace, Region, configure
from litmos_async.errors import ConfigurationError
from litmos_async.events import Hook
from litmos_async.hooks import Hooks
from litmos_async.limits import Limiter, MemoryLimiter, Quota, RateLimit, Usage, limiter_from_url
from litmos_async.redaction import without_frames
from litmos_async.resources import Resources
from litmos_async.resources.base import Caller, naming
from litmos_async.resources.xapi import StoreCaller
from litmos_async.retry import RetryPolicy
from litmos_async.wire import codec
from litmos_async.wire.codec import WireChoice
from litmos_async.wire.dates import JsonDates
from litmos_async.wire.operation import Operation
from litmos_async.xapi_store import XapiStore

if TYPE_CHECKING:
    from litmos_async.bulk import Bulk
    from litmos_async.export import Export
    from litmos_async.report import Reports
    from litmos_async.transport import Transport


class LitmosClient(Resources):
    """The client: one connection pool and one limiter for everything that is called through it.

    Use it as `async with LitmosClient(...) as litmos:`. Create one for the lifetime of a program, and use it
    from as many tasks as you like.

    ```python
    async with LitmosClient(source="acme-hr", region="eu") as litmos:  # the key is in LITMOS_API_KEY
        user = await litmos.users.get("user@example.com")
        async for course in litmos.users.list_courses(user):
            print(course.name, course.complete)
    ```

    Args:
        api_key: The key of an Account Owner; `LITMOS_API_KEY` if None.
        source: A short name for your program, at most 50 characters, which the server requires on every call;
            `LITMOS_SOURCE` if None.
        region: Where the account lives: "us", "eu" or "au"; `LITMOS_REGION`, else "us", if None.
        base_url: Another address, in place of the region's. HTTPS, unless the host is a loopback address;
            `LITMOS_BASE_URL` if None and no region is given.
        key_in: "header" as documented today, which keeps the key out of URLs; "query" is the older form.
        wire: "auto" reads and writes each operation in the format that is best documented for it; "json" or
            "xml" for all of them.
        rate_limit: How many requests the account may make. None is `RateLimit()`: 100 in 60 seconds.
        limiter: What keeps the limit: a limiter, which stays open when the client is closed, or the place where
            the limit is kept: "memory://" in this process, "sqlite:///path" for all processes of a host,
            "redis://host:6379/0" for many hosts. `LITMOS_LIMIT`, else "memory://", if None.
        retry: What to do when a request fails. None is `RetryPolicy()`.
        timeout: Seconds for one attempt.
        transport: Another way to the server, for tests and for mounting an ASGI app. None is the network.
        max_answer_bytes: The most decoded bytes in one answer, so that no server or proxy can fill the memory;
            a larger answer is a `DecodeError`. A page of 1,000 people has under 2 MB.
        json_dates: How to read JSON dates whose offset is not zero: "wall_clock" (number and offset added) or
            "epoch" (the number alone).
        xapi: The learning record store for `litmos.xapi`, which has its own connections and its own rate limit.
            If None, `litmos.xapi` cannot be used.
        on_event: A callable, or several, called with a record of each attempt, wait for a slot, pause, page and
            job: see `litmos_async.events`. They are called on the event loop, so they must be quick; an
            exception from one is logged once and does not propagate. If None, nothing is called.

    Raises:
        ConfigurationError: Something is missing or invalid.
    """

    _base_url = ""
    _account = ""

    def __init__(
        self,
        api_key: str | None = None,
        source: str | None = None,
        *,
        region: Region | None = None,
        base_url: str | None = None,
        key_in: KeyPlace = "header",
        wire: WireChoice = "auto",
        rate_limit: RateLimit | None = None,
        limiter: Limiter | str | None = None,
        retry: RetryPolicy | None = None,
        timeout: float = 30.0,
        transport: Transport | None = None,
        json_dates: JsonDates = "wall_clock",
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        xapi: XapiStore | None = None,
        on_event: Hook | Iterable[Hook] | None = None,
    ) -> None:
        try:
            if not isinstance(xapi, XapiStore | None):
                raise ConfigurationError(f"xapi must be a XapiStore, not {type(xapi).__name__}")
            self._owns_limiter = limiter is None or isinstance(limiter, str)
            self._limiter = _limiter_of(limiter, rate_limit)
            config = configure(
                api_key,
                source,
                region=region,
                base_url=base_url,
                key_in=key_in,
                json_dates=json_dates,
                max_answer_bytes=max_answer_bytes,
            )
            self._limiter.bind(config.account)
            retry = RetryPolicy() if retry is None else retry
            defaults = Defaults(timeout=timeout, retry=retry, wire=wire)
            self._connect(config, defaults, transport, xapi, Hooks(on_event))
        except ConfigurationError as error:
            problem = without_frames(error)
        else:
            return
        # Some tools show an error with the local variables of its frames: the key, an address with a password.
        del api_key, limiter
        raise problem

    def _connect(
        self,
        config: Config,
        defaults: Defaults,
        transport: Transport | None,
        xapi: XapiStore | None,
        hooks: Hooks,
    ) -> None:
        # Here and not above: httpx takes longer to import than all the rest, and brings rich where that is
        # installed. Who imports this library for its records or errors need not wait for it.
        from litmos_async.transport import Sender  # noqa: PLC0415

        if transport is not None and not _is_transport(transport):
            raise ConfigurationError(
                f"transport must be an asynchronous httpx transport, not {type(transport).__name__}",
                option="transport",
            )

        self._sender = Sender(config.service, self._limiter, transport, hooks)
        self._base_url, self._account = config.base_url, config.account
        self._store = None
        if xapi is not None:
            limiter = MemoryLimiter(xapi.rate_limit)
            limiter.bind(xapi.account)
            service = attrs.evolve(xapi.service, max_answer_bytes=config.max_answer_bytes)
            caller = Caller(Sender(service, limiter, transport, hooks), defaults, config.json_dates)
            self._store = StoreCaller(caller, xapi.path, limiter)
        super().__init__(Caller(self._sender, defaults, config.json_dates), self._store)

    @classmethod
    def from_profile(cls, name: str | None = None, **options: Any) -> Self:
        """Return a client of an account that `config.toml` describes, as `litmos --profile` does.

        ```python
        async with LitmosClient.from_profile("acme") as litmos:
            print(await litmos.users.list(page_size=1))
        ```

        It keeps the limit in the file that the command line uses, so that both can run at the same time.
        Non-empty environment variables override the profile. It may run the profile's `api_key_command`, and
        blocks until that ends, so call it before the event loop is busy.

        Args:
            name: Which profile; the one of `LITMOS_PROFILE`, else "default", if None.
            options: Arguments of `LitmosClient`, which override everything else.

        Raises:
            ConfigurationError: There is no such profile, its file cannot be used, or something cannot work.
        """
        from litmos_async.profiles import read_profile  # noqa: PLC0415 - only who has a profile needs to read it

        return cls(**read_profile(name).client_options(options))

    @cached_property
    def bulk(self) -> Bulk:
        """Jobs over many pairs, in the bulk lane."""
        from litmos_async.bulk import Bulk  # noqa: PLC0415 - like the families of `Resources`

        return Bulk(self._caller.with_priority("bulk"), self._limiter)

    @cached_property
    def export(self) -> Export:
        """Exports of lists to files and batches, in the bulk lane."""
        from litmos_async.export import Export  # noqa: PLC0415 - like the families of `Resources`

        return Export(self._caller, self._account, self._base_url, self._limiter.rate)

    @cached_property
    def report(self) -> Reports:
        """Reports on who has completed what, in the bulk lane."""
        from litmos_async.report import Reports  # noqa: PLC0415 - like the families of `Resources`

        return Reports(self._caller.with_priority("bulk"), self._base_url)

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return a view of this client with different defaults, on the same pool and limiter.

        Args:
            options: `timeout`, `retry`, `priority`, `wire`. The others keep their values.
        """
        view = object.__new__(type(self))
        view._limiter, view._owns_limiter = self._limiter, self._owns_limiter
        view._sender, view._base_url, view._account = self._sender, self._base_url, self._account
        view._store = self._store and self._store.with_options(options)
        Resources.__init__(view, self._caller.with_options(options), view._store)
        return view

    @property
    def quota(self) -> Quota:
        """The limit now: slots used and free, when the next is free, how many wait."""
        return self._limiter.quota

    async def usage(self) -> Usage:
        """Return how much of the limit each process uses, as recorded in the limiter's store.

        Raises:
            LimiterUnavailable: The store cannot be reached.
        """
        return await self._limiter.usage()

    async def request(
        self,
        method: Literal["GET", "POST", "PUT", "DELETE"],
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
        repeatable: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> Any:
        """Call an operation that has no method, with the same limiter, retries and errors.

        Args:
            method: The HTTP verb.
            path: Path below the base URL, with a leading slash; percent-encode what you put into it.
            query: Query parameters; None is left out. `source` and `format` are added.
            body: Plain data to send as JSON, or bytes to send unchanged in the chosen format. None sends no
                body. The values of `Password` and `LoginKey` in data are kept out of errors; bytes are not
                checked.
            repeatable: Whether it may be sent again after a lost answer. None means only if it is a GET.
            options: The options of every call. "auto" is JSON here.

        Returns:
            Plain data: what JSON holds, or mappings, lists and texts of an XML answer; None for an empty one.
        """
        settings = self._caller.settings(options)
        try:
            request = codec.encode_plain(
                method,
                path,
                query or {},
                body,
                wire="xml" if settings.wire == "xml" else "json",
                repeatable=method == "GET" if repeatable is None else repeatable,
            )
        finally:
            # What the caller gave may hold a secret, and an error would show it to who reports variables.
            del query, body
        reply = await self._sender.send(request, settings)
        with naming(Operation(request.operation, method, path), reply):
            return codec.decode_plain(reply)

    async def aclose(self) -> None:
        """Close the connections. Later calls raise an error."""
        await self._sender.aclose()
        if self._store is not None:
            await self._store.aclose()
        if self._owns_limiter:
            await self._limiter.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __reduce__(self) -> str:
        raise TypeError("a client holds the key and connections: make one in each process")

    @property
    def base_url(self) -> str:
        """The address of the API, without a slash at its end."""
        return self._base_url

    def __repr__(self) -> str:
        return f"LitmosClient({self._base_url!r})"


def _limiter_of(given: Limiter | str | None, rate_limit: RateLimit | None) -> Limiter:
    """Return the limiter that was given, or make the one whose address was."""
    if not isinstance(rate_limit, RateLimit | None):
        raise ConfigurationError(f"rate_limit must be a RateLimit, not {rate_limit!r}")
    if given is None or isinstance(given, str):
        return limiter_from_url(given or None, rate_limit or RateLimit())
    if not _is_limiter(given):
        raise ConfigurationError(_no_limiter(given))
    if rate_limit is not None:
        raise ConfigurationError("give rate_limit or a limiter, which has a rate limit of its own, not both")
    return given


def _is_limiter(given: object) -> bool:
    """Return whether this has what a limiter has: `Limiter` is a protocol, and callers may write their own."""
    return not isinstance(given, type) and all(
        callable(getattr(given, name, None)) for name in ("bind", "acquire", "aclose")
    )


def _is_transport(given: object) -> bool:
    """Return whether this has what httpx asks of an asynchronous transport; an ASGI app is mounted in one."""
    return not isinstance(given, type) and all(
        callable(getattr(given, name, None)) for name in ("handle_async_request", "aclose")
    )


def _no_limiter(given: object) -> str:
    text = f'limiter must be a limiter, or where one is kept, such as "memory://", not {type(given).__name__}'
    return f"{text}: give it as rate_limit" if isinstance(given, RateLimit) else text
