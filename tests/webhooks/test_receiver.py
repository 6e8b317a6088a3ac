"""The receiver answers first, works later, and hands each event to its handler once, unless the handler fails."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.errors import ConfigurationError
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from litmos_async.webhooks import Event, MemorySpool, Receiver, Spool, SqliteSpool

SECRET = "s3cret-of-the-address"


def message(number: int, **changes: Any) -> bytes:
    """Return a message about an achievement of the same number."""
    data = {"achievementId": number, "userId": "u", "achievementDate": "2025-03-14T08:20:55.900"}
    return json.dumps({"id": number, "type": "achievement.earned", "data": data} | changes).encode()


def http(receiver: Receiver) -> httpx.AsyncClient:
    """Return a client of the receiver."""
    transport = httpx.ASGITransport(app=receiver)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://receiver")


class Log:
    """A handler that notes what it gets and fails when it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.events: list[Event] = []
        self.handled = asyncio.Condition()
        self.failures = failures
        self.calls = 0

    async def __call__(self, event: Event) -> None:
        """Handle an event."""
        self.calls += 1
        if self.calls <= self.failures:
            raise RuntimeError("not now")
        async with self.handled:
            self.events.append(event)
            self.handled.notify_all()

    async def count(self, number: int) -> None:
        """Wait until that many were handled."""
        async with self.handled:
            await self.handled.wait_for(lambda: len(self.events) >= number)


@pytest.fixture(params=["memory", "sqlite"])
def make_spool(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Return what makes a spool of each kind."""
    return (
        (MemorySpool)
        if request.param == "memory"
        else (lambda **most: SqliteSpool(tmp_path / "w.db", **most))
    )


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
            (await client.post(f"/{SECRET}", content=message(number))).status_code for number in (1, 2, 3)
        ]
    assert answers == [200, 200, 503]


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
    """What the API does not have is not handed on; what it has is, with the word of the API."""
    sandbox = Sandbox(Tenant.example(users=3))
    tenant = sandbox.tenant
    user_id, course_id = next(iter(tenant.users)), next(iter(tenant.courses))
    tenant.assign_course(user_id, course_id)
    tenant.set_progress(user_id, course_id, 100)
    earned = tenant.completions[-1]
    data = {"userId": user_id, "achievementDate": earned.when.isoformat()}
    log = Log()
    transport = httpx.ASGITransport(app=sandbox.app)
    async with LitmosClient(
        "sandbox-key", "t", base_url="http://127.0.0.1/v1.svc", transport=transport
    ) as litmos:
        receiver = Receiver(log, secret=SECRET, confirm=True, litmos=litmos, attempts=1)
        async with receiver, http(receiver) as client:
            invented = message(7, data=data | {"achievementId": 999_999})
            true = message(8, data=data | {"achievementId": earned.number})
            for body in (invented, true):
                assert (await client.post(f"/{SECRET}", content=body)).status_code == 200
            await log.count(1)
    assert [(event.id, event.confirmed) for event in log.events] == [(8, True)]


async def test_bad_arguments(tmp_path: Path) -> None:
    """Typed errors, before anything is received."""
    for secret in ("short", "with a blank in it", "with/a/slash/in/it"):
        with pytest.raises(ConfigurationError):
            Receiver(Log(), secret=secret)
    with pytest.raises(ConfigurationError, match="client"):
        Receiver(Log(), secret=SECRET, confirm=True)
    (tmp_path / "x.db").write_text("something else entirely, and no database")
    with pytest.raises(ConfigurationError, match="spool"):
        SqliteSpool(tmp_path / "x.db")


def test_a_spool_is_a_spool() -> None:
    """Both kinds have what the protocol wants."""
    kinds: list[type[Spool]] = [MemorySpool, SqliteSpool]
    for kind in kinds:
        assert all(hasattr(kind, name) for name in ("put", "take", "done", "again", "give_up", "aclose"))
