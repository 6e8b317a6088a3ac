"""The receiving end of webhooks: an ASGI app that answers first and works later."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import inspect
import json
import logging
import re
import sqlite3
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

import attrs

from litmos_async.checks import count, duration, flags
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.webhooks.events import Achievement, Event, WebhookError, parse
from litmos_async.webhooks.redis_seen import Seen
from litmos_async.webhooks.spool import MemorySpool, Spool, SpoolFull, Waiting

if TYPE_CHECKING:
    # A receiver that asks the API for nothing starts in a third of the time without it.
    from litmos_async.client import LitmosClient

logger = logging.getLogger("litmos_async")

Handler: TypeAlias = Callable[[Event], Awaitable[None] | None]
"""What is done with an event: a coroutine function, or a plain one that is quick. An event whose handler raises
comes again."""

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

ANSWER_WITHIN: Final = 8.0
"""Seconds after which a message that could not be kept is refused: Litmos waits for 10 (api-facts 19)."""

_SHORTEST_SECRET: Final = 16
_LONGEST_WAIT: Final = 300.0
_WINDOW: Final = timedelta(days=7)
"""The longest span of a delta query (api-facts 9)."""


class Receiver:
    """Receives webhooks: checks, keeps, answers, and hands events to a handler afterwards.

    ```python
    async def handle(event: Event) -> None:
        print(event.type, event.achievement)


    receiver = Receiver(handle, secret=os.environ["WEBHOOK_SECRET"], spool=SqliteSpool("webhooks.db"))
    app = Starlette(routes=[Mount("/litmos", receiver)], lifespan=receiver.lifespan)
    # The address to enter at Litmos: https://your.host/litmos/<secret>
    ```

    Nothing signs the messages, so the address holds a secret, which is compared in constant time, and
    `confirm=True` reads each achievement back through the API before the handler gets it. Repeats are dropped by
    the id of the message and of the achievement; with `confirm`, only if their data is the same. A handler that
    fails is called again, with growing pauses.

    Args:
        handler: Called with each event, several at a time.
        secret: The last part of the address: 16 characters or more, of letters, digits, `-` and `_`.
        spool: Where messages wait; None is memory, which loses them when the process ends.
        seen: Lets several receivers know what the others handled; None if there is one.
        confirm: Whether to ask the API for each achievement; one that it does not have is dropped.
        litmos: The client for that. Needed with `confirm`; else None.
        largest_body: Bytes that a message may have.
        workers: Events that are handled at the same time.
        attempts: How often a handler is called for an event before it is set aside.
        first_pause: Seconds before the second call; each further pause is twice as long, up to 5 minutes.

    Raises:
        ConfigurationError: Something cannot work.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        secret: str,
        spool: Spool | None = None,
        seen: Seen | None = None,
        confirm: bool = False,
        litmos: LitmosClient | None = None,
        largest_body: int = 65_536,
        workers: int = 4,
        attempts: int = 10,
        first_pause: float = 1.0,
    ) -> None:
        if not _is_handler(handler):
            raise ConfigurationError(f"handler must be a function without yield, not {handler!r}")
        if not _is_secret(secret):
            raise ConfigurationError("secret must be 16 or more letters, digits, - and _")
        if flags(confirm=confirm)["confirm"] and litmos is None:
            raise ConfigurationError("confirm needs a client: litmos=…")
        for name, value in {"largest_body": largest_body, "workers": workers, "attempts": attempts}.items():
            count(name, value)
        duration("first_pause", first_pause)
        self._handler = handler
        self._secret = secret.encode()
        self._spool: Spool = spool if spool is not None else MemorySpool()
        self._seen = seen
        self._litmos = litmos if confirm else None
        self._largest = largest_body
        self._attempts = attempts
        self._first_pause = first_pause
        self._width = workers
        self._workers: list[asyncio.Task[None]] = []
        self._closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI wants it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await _answer(send, await self._judge(scope, receive))

    async def _live(self, receive: Receive, send: Send) -> None:
        """Follow the life of a server that has this app as its only one."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.__aenter__()
                except ConfigurationError as problem:
                    await send({"type": "lifespan.startup.failed", "message": str(problem)})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return

    @asynccontextmanager
    async def lifespan(self, _app: object) -> AsyncGenerator[None, None]:
        """Handle events while an app runs: what Starlette and FastAPI take as `lifespan`."""
        async with self:
            yield

    async def __aenter__(self) -> Self:
        """Begin to handle events.

        Raises:
            ConfigurationError: The spool was closed with an earlier use: nothing could be kept.
        """
        if getattr(self._spool, "closed", False):
            raise ConfigurationError("the spool is closed: make a new one, and a receiver that has it")
        if not self._workers:
            self._closing = False
            self._workers = [asyncio.ensure_future(self._work()) for _ in range(self._width)]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Stop handling events; what waits in a file waits for the next start."""
        workers, self._workers = self._workers, []
        self._closing = True
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await self._spool.aclose()
        if self._seen is not None:
            await self._seen.aclose()

    # ------------------------------------------------ the request

    async def _judge(self, scope: Scope, receive: Receive) -> int:
        """Return the status of the answer; a message is kept before it is 200."""
        given = str(scope["path"]).rpartition("/")[2].encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(given, self._secret):
            return 404
        if scope["method"] != "POST":
            return 405
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                body = await self._body(receive)
                if body is None:
                    return 413
                event = parse(body)
                await self._spool.put(self._keys_of(event), body)
        except WebhookError as problem:
            logger.warning("a webhook was refused: %s", problem)
            return 400
        except (SpoolFull, TimeoutError, sqlite3.Error, OSError) as problem:
            # Litmos tries again what is not answered with 200, 201 or 202.
            logger.error("a webhook could not be kept: %s", str(problem) or type(problem).__name__)  # noqa: TRY400
            return 503
        return 200

    def _keys_of(self, event: Event) -> Sequence[str]:
        """Return what a message is known by.

        Where achievements are confirmed, only a message with the same data is a repeat: numbers can be guessed,
        and an invented message that has the number of the next true one must not make a repeat of it.
        """
        if self._litmos is None or event.achievement is None:
            return event.keys
        held = json.dumps([event.type, event.data], sort_keys=True)
        mark = hashlib.sha256(held.encode()).hexdigest()[:32]
        return [f"{key} {mark}" for key in event.keys]

    async def _body(self, receive: Receive) -> bytes | None:
        """Return the body, or None where it is too large."""
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise WebhookError("the connection broke off")
            part = message.get("body", b"")
            size += len(part)
            if size > self._largest:
                return None
            parts.append(part)
            more = message.get("more_body", False)
        return b"".join(parts)

    # ------------------------------------------------ afterwards

    async def _work(self) -> None:
        # Not for ever: a client of a store may take a cancellation for the end of its own wait.
        while not self._closing:
            message = await self._spool.take()
            try:
                await self._handle(message)
            except Exception:
                # Of the spool or of the store of keys, such as a full disk. It must not end the worker: a file
                # still has the message, and hands it out after its next start.
                logger.exception("the outcome of a webhook cannot be noted")

    async def _handle(self, message: Waiting) -> None:
        """Hand one event to the handler, and settle the message by the outcome."""
        event = parse(message.body)
        if self._seen is not None and not await self._is_ours(self._seen, event, message):
            return
        try:
            if self._litmos is not None and event.achievement is not None:
                event = await self._confirmed(self._litmos, event)
            if event.confirmed is not False:
                outcome = self._handler(event)
                # A plain function has done its work by now: to fail it for that would do it all over again.
                if inspect.isawaitable(outcome):
                    await outcome
        except (Exception, asyncio.CancelledError) as problem:
            # A handler may wait for something that was cancelled; where it is this worker that ends, it ends.
            if isinstance(problem, asyncio.CancelledError) and _is_cancelled():
                raise
            await self._tell_others(event, handled=False)
            if message.failures + 1 >= self._attempts:
                logger.exception("message %s is set aside after %s calls", event.id, message.failures + 1)
                await self._spool.give_up(message)
                return
            # 2 to a higher power is no float.
            pause = min(_LONGEST_WAIT, self._first_pause * 2 ** min(message.failures, 1_000))
            logger.warning("message %s: %s; again in %.1f s", event.id, type(problem).__name__, pause)
            await self._spool.again(message, pause)
            return
        await self._tell_others(event, handled=True)
        await self._spool.done(message)

    async def _is_ours(self, seen: Seen, event: Event, message: Waiting) -> bool:
        """Return whether a message is to be handled here; else it is settled, or waits for its turn."""
        try:
            claim = await seen.claim(self._keys_of(event))
        except OSError as problem:
            logger.warning("message %s waits: %s", event.id, problem)
            claim = "elsewhere"
        if claim == "handled":
            await self._spool.done(message)
        elif claim == "elsewhere":
            # Nothing failed here, so it is not counted.
            pause = min(_LONGEST_WAIT, self._first_pause * 2 ** min(message.failures + 1, 8))
            await self._spool.again(attrs.evolve(message, failures=message.failures - 1), pause)
        return claim == "ours"

    async def _tell_others(self, event: Event, *, handled: bool) -> None:
        """Let other receivers know how a message ended; where that fails, its claim ends by itself."""
        if self._seen is None:
            return
        try:
            await (self._seen.done if handled else self._seen.release)(self._keys_of(event))
        except OSError as problem:
            logger.warning("other receivers do not know of message %s: %s", event.id, problem)

    async def _confirmed(self, litmos: LitmosClient, event: Event) -> Event:
        """Ask the API whether it has the achievement.

        Raises:
            LitmosError: It has not, or cannot be asked: an achievement may be listed later than it is sent.
        """
        earned = event.achievement
        if earned is None or earned.achievement_date is None or not earned.user_id:
            logger.warning("message %s cannot be confirmed: it names no person or time", event.id)
            return attrs.evolve(event, confirmed=False)
        if await _has(litmos, earned, earned.achievement_date - timedelta(days=1)):
            return attrs.evolve(event, confirmed=True)
        raise LitmosError(f"the API has no achievement {earned.achievement_id} of this person")


async def _has(litmos: LitmosClient, earned: Achievement, since: datetime) -> bool:
    """Return whether the API has an achievement, which an invented message may give another course, or no number.

    `/achievements` has a row for each completion of a course. Those of learning paths, whose messages are expected
    to name no course, are in the delta query alone (api-facts 19).
    """
    if earned.achievement_id is None:
        return False
    async for row in litmos.achievements.list(since=since, user_id=earned.user_id):
        if row.achievement_id == earned.achievement_id:
            return earned.course_id is None or row.course_id in {None, earned.course_id}
    if earned.course_id is None:
        # One window: an unsigned message must not cost a request for each week since then.
        async for each in litmos.org.list_achievements(since=since, to=since + _WINDOW):
            if (each.user_id, each.original_achievement_id) == (earned.user_id, earned.achievement_id):
                return True
    return False


def _is_handler(given: object) -> bool:
    """Return whether this does something when it is called, which a generator does not."""
    return callable(given) and not (inspect.isgeneratorfunction(given) or inspect.isasyncgenfunction(given))


def _is_secret(given: object) -> bool:
    """Return whether this can be the end of an address, and not be guessed."""
    return (
        isinstance(given, str) and re.fullmatch(rf"[A-Za-z0-9_-]{{{_SHORTEST_SECRET},}}", given) is not None
    )


def _is_cancelled() -> bool:
    """Return whether the running task is to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0")]
    if status == 405:
        headers.append((b"allow", b"POST"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
