"""The receiver answers first, works later, and hands each event to its handler once, unless the handler fails."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from litmos_async.errors import ConfigurationError
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from litmos_async.webhooks import Event, MemorySpool, Receiver, Spool, SqliteSpool
from litmos_async.webhooks.redis_seen import Claim, Seen
from tests.support.sandboxes import client as client_of
from tests.webhooks.small import SECRET, Log, http, message, until


async def test_each_event_once(make_spool: Any) -> None:
    """Repeats by the number of the message or of the achievement are answered with 200 and dropped."""
    log = Log()
    receiver = Receiver(log, secret=SECRET, spool=make_spool())
    async with receiver, http(receiver) as client:
        for body in (message(1), message(1), message(2, id=1), message(1, id=9), message(3)):
            assert (await client.post(f"/litmos/{SECRET}", content=body)).status_code == 200
        await log.count(2)
        await asyncio.sleep(0)
    assert sorted(event.id for event in log.events) == [1, 3]


async def test_what_is_refused(make_spool: Any) -> None:
    """Another secret, another verb, too much, and what is no webhook: nothing of it reaches the handler."""
    log = Log()
    receiver = Receiver(log, secret=SECRET, spool=make_spool(), largest_body=1_000)
    async with receiver, http(receiver) as client:
        assert (await client.post("/wrong", content=message(1))).status_code == 404
        assert (await client.post(f"/{SECRET}x", content=message(1))).status_code == 404
        assert (await client.get(f"/{SECRET}")).status_code == 405
        assert (await client.post(f"/{SECRET}", content=b" " * 1_001)).status_code == 413
        assert (await client.post(f"/{SECRET}", content=b"{}")).status_code == 400
    assert not log.calls


async def test_a_full_spool_says_so(make_spool: Any) -> None:
    """What cannot wait is 503, so that Litmos tries again; a repeat of what waits is not."""

    async def never(_: Event) -> None:
        await asyncio.Event().wait()

    receiver = Receiver(never, secret=SECRET, spool=make_spool(waiting=2))
    async with receiver, http(receiver) as client:
        answers = [
            (await client.post(f"/{SECRET}", content=message(number))).status_code
            for number in (1, 2, 3, 1, 2)
        ]
    assert answers == [200, 200, 503, 200, 200]


def test_a_generator_handles_nothing() -> None:
    """Called, it does no work at all: it is refused, and no message is taken for handled."""

    async def asynchronous(_: Event) -> Any:
        yield

    def plain(_: Event) -> Any:
        yield

    for handler in (asynchronous, plain, None, "x"):
        wrong: Any = handler
        with pytest.raises(ConfigurationError, match="handler must be a function without yield"):
            Receiver(wrong, secret=SECRET)


async def test_a_plain_function_handles_an_event_once(make_spool: Any) -> None:
    """It has done its work when it returns: it is not called again for having nothing to await."""
    events: list[int | None] = []

    def handle(event: Event) -> None:
        events.append(event.id)

    spool = make_spool()
    receiver = Receiver(handle, secret=SECRET, spool=spool, attempts=3, first_pause=0.001)
    async with receiver, http(receiver) as client:
        for number in (1, 2):
            assert (await client.post(f"/{SECRET}", content=message(number))).status_code == 200
        await until(lambda: len(events) >= 2)
        # Of three calls for either, nothing more comes once both are settled.
        await until(lambda: not spool._open)
    assert sorted(filter(None, events)) == [1, 2]


def test_a_handler_that_fails_is_called_again() -> None:
    """With growing pauses, until it is set aside."""

    async def story() -> tuple[list[float], list[bytes]]:
        calls: list[float] = []

        async def fails(_: Event) -> None:
            calls.append(asyncio.get_running_loop().time())
            raise RuntimeError

        spool = MemorySpool()
        receiver = Receiver(fails, secret=SECRET, spool=spool, attempts=4)
        async with receiver, http(receiver) as client:
            assert (await client.post(f"/{SECRET}", content=message(1))).status_code == 200
            await asyncio.sleep(100)
        return calls, list(spool.set_aside)

    calls, set_aside = run_virtual(story())
    assert [round(later - first) for first, later in itertools.pairwise(calls)] == [1, 2, 4]
    assert set_aside == [message(1)]


async def test_a_handler_that_meets_a_cancellation(make_spool: Any) -> None:
    """What it waits for was cancelled, and not its worker: it is called again, and so is the next message's."""
    log = Log()

    async def handle(event: Event) -> None:
        log.calls += 1
        if log.calls == 1:
            cancelled = asyncio.ensure_future(asyncio.Event().wait())
            cancelled.cancel()
            await cancelled
        await log(event)

    receiver = Receiver(handle, secret=SECRET, spool=make_spool(), workers=1, first_pause=0.001)
    async with receiver, http(receiver) as client:
        for number in (1, 2):
            assert (await client.post(f"/{SECRET}", content=message(number))).status_code == 200
        await log.count(2)
    assert sorted(event.id for event in log.events) == [1, 2]


async def test_what_waits_in_a_file_is_handled_after_the_next_start(tmp_path: Path) -> None:
    """A process that ends before its handler was called loses nothing, and repeats are still known."""
    path = tmp_path / "w.db"
    idle = Receiver(Log(), secret=SECRET, spool=SqliteSpool(path))
    async with http(idle) as client:  # its workers were never started
        assert (await client.post(f"/{SECRET}", content=message(1))).status_code == 200
    await idle.aclose()
    log = Log()
    again = Receiver(log, secret=SECRET, spool=SqliteSpool(path))
    async with again, http(again) as client:
        assert (await client.post(f"/{SECRET}", content=message(1))).status_code == 200
        await log.count(1)
    assert [event.id for event in log.events] == [1]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_confirmed_by_the_api() -> None:
    """What the API does not have is not handed on, and hides nothing that it has and that comes later."""
    sandbox = Sandbox(Tenant.example(users=3))
    tenant = sandbox.tenant
    user_id, course_id = next(iter(tenant.users)), next(iter(tenant.courses))
    tenant.assign_course(user_id, course_id)
    tenant.set_progress(user_id, course_id, 100)
    earned = tenant.completions[-1]
    data = {"userId": user_id, "achievementDate": earned.when.isoformat()}
    log = Log()
    async with client_of(sandbox) as litmos:
        receiver = Receiver(log, secret=SECRET, confirm=True, litmos=litmos, attempts=1)
        async with receiver, http(receiver) as client:
            invented = message(7, data=data | {"achievementId": 999_999})
            elsewhere = message(9, data=data | {"achievementId": earned.number, "courseId": "another"})
            true = message(8, data=data | {"achievementId": earned.number, "courseId": course_id})
            same_id = message(8, data=data | {"achievementId": 999_998})
            no_number = message(10, data=data | {"achievementId": None})
            for body in (invented, elsewhere, same_id, no_number, true, true):
                assert (await client.post(f"/{SECRET}", content=body)).status_code == 200
            await log.count(1)
    assert [(event.id, event.confirmed) for event in log.events] == [(8, True)]


async def test_a_learning_path_is_confirmed_by_the_delta_query() -> None:
    """`/achievements` has completions of courses only: that of a path is read back from `/org/achievements`."""
    sandbox = Sandbox(tenant := Tenant())
    user_id = tenant.add_user(UserName="user@example.com", FirstName="A", LastName="B")["Id"]
    course_id = tenant.add_course(Name="Course")["Id"]
    tenant.assign_path(user_id, tenant.add_learning_path(course_id, Name="Path")["Id"])
    tenant.set_progress(user_id, course_id, 100)
    of_course, of_path = tenant.completions
    data = {"userId": user_id, "courseId": None, "achievementDate": of_path.when.isoformat()}
    log = Log()
    async with client_of(sandbox) as litmos:
        receiver = Receiver(log, secret=SECRET, confirm=True, litmos=litmos, attempts=1, workers=1)
        async with receiver, http(receiver) as client:
            invented = message(1, data=data | {"achievementId": 999_999})
            true = message(2, data=data | {"achievementId": of_path.number})
            for body in (invented, true, message(3, type="session.created")):
                assert (await client.post(f"/{SECRET}", content=body)).status_code == 200
            async with log.handled:
                await log.handled.wait_for(lambda: 3 in [event.id for event in log.events])
    assert of_course.number != of_path.number
    assert [(event.id, event.confirmed) for event in log.events] == [(2, True), (3, None)]


async def test_bad_arguments(tmp_path: Path) -> None:
    """Typed errors, before anything is received."""
    for secret in ("short", "with a blank in it", "with/a/slash/in/it"):
        with pytest.raises(ConfigurationError):
            Receiver(Log(), secret=secret)
    with pytest.raises(ConfigurationError, match="client"):
        Receiver(Log(), secret=SECRET, confirm=True)
    numbers: list[dict[str, Any]] = [
        *({name: 0} for name in ("largest_body", "workers", "attempts", "first_pause")),
        {"first_pause": float("nan")},
    ]
    for wrong in numbers:
        with pytest.raises(ConfigurationError, match=r"more than 0 seconds|whole number of 1 or more"):
            Receiver(Log(), secret=SECRET, **wrong)
    (tmp_path / "x.db").write_text("something else entirely, and no database")
    with pytest.raises(ConfigurationError, match="spool"):
        SqliteSpool(tmp_path / "x.db")


def test_a_spool_is_a_spool() -> None:
    """Both kinds have what the protocol wants."""
    kinds: list[type[Spool]] = [MemorySpool, SqliteSpool]
    for kind in kinds:
        assert all(hasattr(kind, name) for name in ("put", "take", "done", "again", "give_up", "aclose"))


async def test_as_the_only_app_of_a_server() -> None:
    """It follows the server: handles from the start on, and ends with it; what is no HTTP it leaves alone."""
    log = Log()
    receiver = Receiver(log, secret=SECRET)
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[Any] = asyncio.Queue()
    life = asyncio.ensure_future(receiver({"type": "lifespan"}, to_app.get, from_app.put))
    async with http(receiver) as client:
        await client.post(f"/{SECRET}", content=message(1))
        assert not log.calls
        for said in ({"type": "lifespan.startup"}, {"type": "lifespan.another"}):
            await to_app.put(said)
        assert await from_app.get() == {"type": "lifespan.startup.complete"}
        await log.count(1)
        await receiver({"type": "websocket"}, to_app.get, from_app.put)
        await to_app.put({"type": "lifespan.shutdown"})
        assert await from_app.get() == {"type": "lifespan.shutdown.complete"}
        await life
        await client.post(f"/{SECRET}", content=message(2))
    await asyncio.sleep(0)
    assert from_app.empty()
    assert [event.id for event in log.events] == [1]


async def test_mounted_in_another_app() -> None:
    """By Starlette's own means; entered twice, it still has no more workers than it was given."""
    together = most = 0

    class Counting(Log):
        async def __call__(self, event: Event) -> None:
            nonlocal together, most
            together += 1
            most = max(most, together)
            await asyncio.sleep(0)
            together -= 1
            await super().__call__(event)

    log = Counting()
    receiver = Receiver(log, secret=SECRET, workers=1)
    app = Starlette(routes=[Mount("/litmos", receiver)], lifespan=receiver.lifespan)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        receiver,
        httpx.AsyncClient(transport=transport, base_url="http://receiver") as client,
    ):
        for number in (1, 2, 3):
            assert (await client.post(f"/litmos/{SECRET}", content=message(number))).status_code == 200
        await log.count(3)
    assert most == 1


async def test_a_sender_that_breaks_off(caplog: pytest.LogCaptureFixture) -> None:
    """Half a message is none: it is not kept, so that its repeat is handled."""
    log = Log()
    receiver = Receiver(log, secret=SECRET)
    parts = iter(
        [{"type": "http.request", "body": message(1)[:20], "more_body": True}, {"type": "http.disconnect"}]
    )
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return next(parts)

    async def send(said: Any) -> None:
        sent.append(said)

    async with receiver, http(receiver) as client:
        await receiver({"type": "http", "method": "POST", "path": f"/{SECRET}"}, receive, send)
        assert sent[0]["status"] == 400
        assert "the connection broke off" in caplog.text
        assert (await client.post(f"/{SECRET}", content=message(1))).status_code == 200
        await log.count(1)


@pytest.mark.parametrize("missing", ["userId", "achievementDate"])
async def test_what_cannot_be_confirmed(caplog: pytest.LogCaptureFixture, missing: str) -> None:
    """An achievement that names nobody or no time is dropped without a question; what is no achievement is not."""
    log, sandbox = Log(), Sandbox(Tenant.example(users=1))
    data = {"achievementId": 1, "userId": "u", "achievementDate": "2025-03-14T08:20:55.900"} | {missing: None}
    async with client_of(sandbox) as litmos:
        receiver = Receiver(log, secret=SECRET, confirm=True, litmos=litmos, workers=1)
        async with receiver, http(receiver) as client:
            for body in (message(1, data=data), message(2, type="session.created")):
                assert (await client.post(f"/{SECRET}", content=body)).status_code == 200
            await log.count(1)
    assert [(event.id, event.confirmed) for event in log.events] == [(2, None)]
    assert "message 1 cannot be confirmed: it names no person or time" in caplog.text
    assert not sandbox.requests


async def test_one_that_the_api_lists_later(caplog: pytest.LogCaptureFixture) -> None:
    """A message may come before its achievement is listed: it is asked for again."""
    sandbox = Sandbox(tenant := Tenant())
    user_id = tenant.add_user(UserName="user@example.com", FirstName="A", LastName="B")["Id"]
    first, second = (tenant.add_course(Name=name)["Id"] for name in ("First", "Second"))
    for course in (first, second):
        tenant.assign_course(user_id, course)
    tenant.set_progress(user_id, first, 100)
    earned = tenant.completions[-1]
    data = {"achievementId": earned.number + 1, "userId": user_id, "achievementDate": earned.when.isoformat()}
    log = Log()
    async with client_of(sandbox) as litmos:
        receiver = Receiver(log, secret=SECRET, confirm=True, litmos=litmos, first_pause=0.01, attempts=1_000)
        async with receiver, http(receiver) as client:
            assert (await client.post(f"/{SECRET}", content=message(1, data=data))).status_code == 200
            await until(lambda: "again in" in caplog.text)
            assert not log.calls
            tenant.set_progress(user_id, second, 100)
            assert tenant.completions[-1].number == earned.number + 1
            await log.count(1)
    assert [event.confirmed for event in log.events] == [True]


class _Mute(Seen):
    """Others can be asked, and not be told."""

    async def claim(self, keys: Sequence[str]) -> Claim:
        """Say that the message is ours."""
        assert keys
        return "ours"

    async def done(self, keys: Sequence[str]) -> None:
        """Fail."""
        raise ConnectionError("no way")

    async def release(self, keys: Sequence[str]) -> None:
        """Fail."""
        raise ConnectionError("no way")

    async def aclose(self) -> None:
        """Do nothing."""


async def test_others_that_cannot_be_told(caplog: pytest.LogCaptureFixture) -> None:
    """It is handled here once all the same, whether its handler fails or not."""
    log = Log(failures=1)
    receiver = Receiver(log, secret=SECRET, seen=_Mute(), first_pause=0.001, workers=1)
    async with receiver, http(receiver) as client:
        assert (await client.post(f"/{SECRET}", content=message(1))).status_code == 200
        await log.count(1)
        await client.post(f"/{SECRET}", content=message(2))
        await log.count(2)
    assert caplog.text.count("other receivers do not know of message 1: no way") == 2
    assert [event.id for event in log.events] == [1, 2]
