"""One client on one event loop after the other, on two at a time, and after a fork."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import threading
import warnings
from collections.abc import Callable, Iterator

import httpx
import pytest

from litmos_async import LitmosClient, RetryPolicy, SqliteLimiter, errors
from litmos_async.sandbox import Sandbox, Tenant

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")


@pytest.fixture
def served() -> Iterator[tuple[Sandbox, str]]:
    """Serve a sandbox on a loop of its own, in a thread."""
    ready, done = threading.Event(), threading.Event()
    sandbox, where = Sandbox(Tenant.example(users=5)), []

    async def run() -> None:
        async with sandbox.serve() as url:
            where.append(url)
            ready.set()
            while not done.is_set():  # noqa: ASYNC110 - set from another thread
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    ready.wait()
    yield sandbox, where[0]
    done.set()
    thread.join()


def client(url: str, **options) -> LitmosClient:
    """Return a client of the sandbox."""
    return LitmosClient("sandbox-key", "t", base_url=url, retry=RetryPolicy(max_attempts=1), **options)


async def count(litmos: LitmosClient) -> int:
    """Make a few calls at a time, so that several connections are open, and count the people."""
    lists = await asyncio.gather(*(litmos.users.list().collect() for _ in range(3)))
    return len(lists[0])


def on_a_new_loop(litmos: LitmosClient, *, careless: bool) -> int:
    """Run on a new loop, which is closed with or without its last duties."""
    if not careless:
        return asyncio.run(count(litmos))
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(count(litmos))
    finally:
        loop.close()


@pytest.mark.parametrize("own_transport", [False, True])
def test_one_run_after_the_other(served: tuple[Sandbox, str], own_transport: bool) -> None:
    """Each loop closes its connections with itself; the next one has new ones, and every slot is accounted for."""
    litmos = client(served[1], transport=httpx.AsyncHTTPTransport() if own_transport else None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for turn in range(1, 4):
            assert on_a_new_loop(litmos, careless=False) >= 5
            assert litmos.quota.used >= 3 * turn
            assert not litmos._sender._http._transport._inner._pool.connections
        gc.collect()
    asyncio.run(litmos.aclose())
    with pytest.raises(errors.ConfigurationError, match="closed"):
        asyncio.run(count(litmos))


@FORKS
@pytest.mark.parametrize("own_transport", [False, True])
def test_a_loop_that_was_closed_without_its_last_duties(
    served: tuple[Sandbox, str], own_transport: bool
) -> None:
    """Its connections cannot be closed any more, and are forgotten. Python warns of such sockets: in a child."""

    def work() -> int:
        litmos = client(served[1], transport=httpx.AsyncHTTPTransport() if own_transport else None)
        return min(*(on_a_new_loop(litmos, careless=True) for _ in range(3)), asyncio.run(count(litmos)))

    assert in_a_child(work) >= 5


def test_two_loops_taking_turns(served: tuple[Sandbox, str]) -> None:
    """Loops that neither run at a time nor end: each turn works."""
    litmos = client(served[1])
    with asyncio.Runner() as first, asyncio.Runner() as second:
        for _ in range(2):
            assert first.run(count(litmos)) >= 5
            assert second.run(count(litmos)) >= 5
            assert len(litmos._sender._pools._kept) == 2
        second.run(litmos.aclose())
    gc.collect()
    assert asyncio.run(again(served[1])) >= 5


async def again(url: str) -> int:
    """Count the people with another client."""
    async with client(url) as litmos:
        return await count(litmos)


def test_two_loops_at_a_time(served: tuple[Sandbox, str]) -> None:
    """The second one is refused in words, before it takes a slot; the first one goes on."""
    litmos = client(served[1])
    caught: list[BaseException] = []

    def other() -> None:
        try:
            asyncio.run(count(litmos))
        except errors.ConfigurationError as problem:
            caught.append(problem)

    async def main() -> None:
        await litmos.users.list(page_size=1)
        used = litmos.quota.used
        await asyncio.to_thread(other)
        assert litmos.quota.used == used
        await litmos.users.list(page_size=1)
        await litmos.aclose()

    asyncio.run(main())
    (problem,) = caught
    assert "make a client for each" in str(problem)


def in_a_child(work: Callable[[], int]) -> int:
    """Run something in a forked process and return its number."""
    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
    with warnings.catch_warnings():
        # Python 3.12 warns of a fork beside threads, which is what is tried here.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        try:
            sender.send(work())
        except BaseException as problem:  # noqa: BLE001 - the parent shows it
            sender.send(repr(problem))
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    return receiver.recv()


@pytest.mark.costly
@FORKS
def test_after_a_fork(served: tuple[Sandbox, str], tmp_path) -> None:
    """A child has connections of its own, and leaves those of its parent alone, also when it comes from a loop."""
    limiter = SqliteLimiter(tmp_path / "limit.db")
    litmos = client(served[1], limiter=limiter)

    async def main() -> None:
        assert await count(litmos) >= 5
        connections = [id(each) for each in litmos._sender._http._transport._inner._pool.connections]
        assert connections
        assert in_a_child(lambda: asyncio.run(count(litmos))) >= 5
        assert in_a_child(lambda: asyncio.run(closing(litmos)) or 1) == 1
        # The parent's connections are whole: it uses the same ones again.
        assert await count(litmos) >= 5
        assert [id(each) for each in litmos._sender._http._transport._inner._pool.connections] == connections
        await litmos.aclose()
        await limiter.aclose()

    asyncio.run(main())


@FORKS
def test_after_a_fork_without_a_file(served: tuple[Sandbox, str]) -> None:
    """The limit in memory goes along into a child, also from a loop that runs in the parent only."""
    litmos = client(served[1])

    async def main() -> None:
        assert await count(litmos) >= 5
        used = litmos.quota.used
        assert in_a_child(lambda: asyncio.run(count(litmos)) and litmos.quota.used) > used
        assert litmos.quota.used == used
        await litmos.aclose()

    asyncio.run(main())


@FORKS
def test_a_transport_that_is_forked_with_its_connections(served: tuple[Sandbox, str]) -> None:
    """A child says that it cannot use them and leaves them alone; one forked between two loops works."""
    litmos = client(served[1], transport=httpx.AsyncHTTPTransport())

    async def main() -> None:
        assert await count(litmos) >= 5
        connections = [id(each) for each in litmos._sender._http._transport._inner._pool.connections]
        assert connections
        assert "make a client here" in str(in_a_child(lambda: asyncio.run(count(litmos))))
        assert await count(litmos) >= 5
        assert [id(each) for each in litmos._sender._http._transport._inner._pool.connections] == connections

    asyncio.run(main())
    assert in_a_child(lambda: asyncio.run(count(litmos))) >= 5
    asyncio.run(litmos.aclose())


async def closing(litmos: LitmosClient) -> None:
    """Use a client and close it."""
    await count(litmos)
    await litmos.aclose()
