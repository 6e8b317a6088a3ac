"""When exactly a job that is told to stop sends nothing any more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from litmos_async import BulkJob, Lease, LitmosClient, MemoryLimiter, RateLimit
from litmos_async.sandbox import Fault, Sandbox
from litmos_async.testing import run_virtual
from tests.support.sandboxes import bare, client


class Stopping(MemoryLimiter):
    """Calls a function when it has a slot for a caller, before the caller has it.

    Args:
        number: Which caller that is, from 1.
    """

    def __init__(self, number: int) -> None:
        super().__init__(RateLimit())
        self.stop: Callable[[], None] = lambda: None
        self._left = number

    async def acquire(self, *words: Any, **options: Any) -> Lease:
        """Return a lease."""
        lease = await super().acquire(*words, **options)
        self._left -= 1
        if not self._left:
            self.stop()
        return lease


def assigned(litmos: LitmosClient, sandbox: Sandbox) -> BulkJob:
    """Assign a course to four people, in a request for each."""
    (course,) = sandbox.tenant.courses
    pairs = [(user, course) for user in sandbox.tenant.users]
    return litmos.bulk.assign_courses_to_users(pairs, send_message=False)


def deactivated(litmos: LitmosClient, sandbox: Sandbox) -> BulkJob:
    """Deactivate four people: a read and a write for each."""
    return litmos.bulk.deactivate_users(sandbox.tenant.users)


@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize("make", [assigned, deactivated])
def test_what_has_a_slot_and_has_not_left_is_not_sent(make: Any, number: int) -> None:
    """Neither that one, nor one that comes later; the slot is given back."""
    sandbox = bare(users=4, courses=1)

    async def main() -> None:
        limiter = Stopping(number)
        async with client(sandbox, limiter=limiter) as litmos:
            job = make(litmos, sandbox)
            limiter.stop = job.stop
            outcomes = [outcome async for outcome in job]
            assert all(outcome.status == "done" for outcome in outcomes)
            assert job.report.stopped == "asked to stop"
            sent = Counter(request.method for request in sandbox.requests)
            assert job.report.requests == sent.total() == limiter.quota.used == number - 1
            assert len(outcomes) == sent["POST"] + sent["PUT"]

    run_virtual(main())


@pytest.mark.parametrize(("make", "done"), [(assigned, 2), (deactivated, 0)])
def test_what_is_under_way_comes_to_its_end(make: Any, done: int) -> None:
    """Its answer is waited for. A write has its outcome then; an item that was only read is left as it is."""
    sandbox = bare(users=4, courses=1)

    async def main() -> None:
        async with client(sandbox, limiter=MemoryLimiter(RateLimit(requests=2, period=60.0))) as litmos:
            job = make(litmos, sandbox)
            asyncio.get_running_loop().call_later(0.1, job.stop)  # an answer takes 0.2 seconds
            outcomes = [outcome async for outcome in job]
            assert [outcome.status for outcome in outcomes] == ["done"] * done
            assert job.report.requests == len(sandbox.requests) == 2
            assert job.report.seconds == pytest.approx(0.2)

    run_virtual(main())


def test_what_was_rejected_and_will_be_sent_again_is_under_way() -> None:
    """The limit has rejected it; its next attempt is part of the same request."""
    sandbox = bare(users=4, courses=1)
    sandbox.faults.add(Fault(status=503, headers={"Retry-After": "1"}))

    async def main() -> None:
        async with client(sandbox, limiter=MemoryLimiter(RateLimit(requests=2, period=60.0))) as litmos:
            job = assigned(litmos, sandbox)
            asyncio.get_running_loop().call_later(0.5, job.stop)
            assert [outcome.status async for outcome in job] == ["done", "done"]
            assert sorted(request.status for request in sandbox.requests) == [201, 201, 503]

    run_virtual(main())


def test_a_job_may_be_told_to_stop_again() -> None:
    """Also before those that wait for a slot have noticed that it was told already."""
    sandbox = bare(users=4, courses=1)

    async def main() -> None:
        async with client(sandbox, limiter=MemoryLimiter(RateLimit(requests=2, period=60.0))) as litmos:
            job = assigned(litmos, sandbox)

            def stop() -> None:
                job.stop()
                loop.call_at(loop.time(), job.stop)

            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _, context: problems.append(context))
            problems: list[dict[str, Any]] = []
            loop.call_later(1.0, stop)
            assert [outcome.status async for outcome in job] == ["done", "done"]
            assert problems == []

    run_virtual(main())
