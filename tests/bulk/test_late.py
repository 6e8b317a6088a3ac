"""Writes that reach the server after everybody has given them up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from litmos_async import RetryPolicy
from litmos_async.sandbox import Fault
from litmos_async.testing import run_virtual
from tests.bulk.works import KINDS, Work, client
from tests.support.sandboxes import bare
from tests.support.sandboxes import client as client_of

LATE = 20.0
"""Seconds: less than the timeout of 30 after which nothing can arrive any more."""


class SlowWay(httpx.AsyncBaseTransport):
    """The first write takes a slow way: its connection breaks at once, and the server has it much later.

    Args:
        work: The job.
        after: How many writes arrive before it.

    Attributes:
        lost: Set when it has broken.
    """

    def __init__(self, work: Work, after: int = 0) -> None:
        self.lost = asyncio.Event()
        self._before = after
        self._fast = httpx.ASGITransport(work.sandbox.app)
        self._arriving: list[asyncio.Future[httpx.Response]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, or break and pass it on later."""
        reads = request.method == "GET" or request.url.path.endswith("/users/courses")
        if reads or self._arriving or self._before:
            self._before -= not (reads or self._arriving)
            return await self._fast.handle_async_request(request)
        self._arriving.append(asyncio.ensure_future(self._late(request)))
        self.lost.set()
        raise httpx.ReadError("reset")

    async def arrived(self) -> None:
        """Wait until the server has had the late one, too."""
        await asyncio.gather(*self._arriving)

    async def _late(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(LATE)
        return await self._fast.handle_async_request(request)


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_that_comes_late_is_not_called_without_effect(
    kind: Callable[[], Work], tmp_path: Path
) -> None:
    """Before a job says that a lost write had no effect, or sends it again, it waits until it cannot arrive."""
    work = kind()

    async def main() -> None:
        way = SlowWay(work)
        async with client(work.sandbox, way) as litmos:
            report = await work.job(litmos, tmp_path / "night.db").run()
            assert (report.failed, report.unknown) == (0, 0)
            await way.arrived()

    run_virtual(main())
    assert work.ends()
    assert max(work.once().values(), default=1) == 1


@pytest.mark.parametrize("rejected", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_killed_run_had_sent_may_come_late(
    kind: Callable[[], Work], rejected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who goes on with a journal at once looks only when nothing of the killed run can arrive any more.

    Of a request that the limit rejected at first it is the last attempt that counts.
    """
    work = kind()
    for method in ("POST", "PUT", "DELETE") if rejected else ():
        work.sandbox.faults.add(Fault(method=method, status=503, headers={"Retry-After": "60"}))

    async def main() -> None:
        monkeypatch.setattr(time, "time", asyncio.get_running_loop().time)
        way = SlowWay(work, after=rejected)
        async with client(work.sandbox, way) as litmos:
            running = asyncio.ensure_future(work.job(litmos, tmp_path / "night.db").run())
            await way.lost.wait()
            running.cancel()
            await asyncio.wait([running])
            report = await work.job(litmos, tmp_path / "night.db").run()
            assert (report.failed, report.unknown) == (0, 0)
            await way.arrived()

    run_virtual(main())
    assert work.ends()
    assert max(work.once().values(), default=1) == 1


def test_no_longer_than_it_can_arrive_is_waited() -> None:
    """The timeout after it was sent, and then one more look."""
    sandbox = bare(users=1, courses=1)
    sandbox.faults.add(Fault(method="POST", drop=True))

    async def main() -> None:
        async with client_of(sandbox, timeout=40.0, retry=RetryPolicy(max_attempts=1)) as litmos:
            [pair] = zip(sandbox.tenant.users, sandbox.tenant.courses, strict=True)
            report = await litmos.bulk.assign_courses_to_users([pair], send_message=False).run()
            assert (report.failed, report.reads) == (1, 2)
            assert 40.0 <= report.seconds < 41.0

    run_virtual(main())
