"""The rolling window, alone and in front of the sandbox."""

from __future__ import annotations

import asyncio

import pytest

from litmos_async.sandbox import RequestLog, Sandbox, Tenant
from tests.sandbox.small import on_a_virtual_clock, reach


def test_the_window_rolls() -> None:
    """A slot is free again a whole period after its request arrived, and not before."""
    quota = RequestLog(requests=2, period=60.0)
    assert [quota.admit(now) for now in (0.0, 10.0, 59.9, 60.0, 69.9, 70.0)] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]
    assert quota.rejections == [59.9, 69.9]
    assert quota.arrivals == [0.0, 10.0, 59.9, 60.0, 69.9, 70.0]


def test_rejected_requests_may_count() -> None:
    """Where refused requests count, knocking on keeps the door shut."""
    quota = RequestLog(requests=1, period=60.0, counts_rejected=True)
    assert [quota.admit(now) for now in (0.0, 50.0, 100.0, 160.0)] == [True, False, False, True]


@pytest.mark.parametrize(
    ("times", "most"), [([], 0), ([0.0], 1), ([0.0, 60.0], 1), ([0.0, 59.9], 2), ([0.0, 30.0, 59.0, 61.0], 3)]
)
def test_most_in_any_window(times: list[float], most: int) -> None:
    """The window may lie anywhere; its ends do not both belong to it."""
    quota = RequestLog(requests=1, period=60.0)
    for time in times:
        quota.admit(time)
    assert quota.most_in_any_window() == most


@on_a_virtual_clock
async def test_the_sandbox_answers_503_until_the_window_has_rolled() -> None:
    """The request above the limit is refused with the documented words; a minute later it is not."""
    sandbox = Sandbox(Tenant(), requests=3, period=60.0)
    async with reach(sandbox) as client:
        answers = [await client.send("GET", "/users") for _ in range(2)]
        # A call that is refused for another reason takes a slot like any call.
        answers.append(await client.send("GET", "/users", source=""))
        answers.append(await client.send("GET", "/users"))
        await asyncio.sleep(60)
        answers.append(await client.send("GET", "/users"))
    assert [answer.status_code for answer in answers] == [200, 200, 403, 503, 200]
    assert answers[3].text == "Rating Limit Exceeded"
    assert len(sandbox.quota.rejections) == 1
    assert [entry.status for entry in sandbox.requests] == [200, 200, 403, 503, 200]


@on_a_virtual_clock
async def test_latency_comes_after_the_arrival() -> None:
    """A slow answer counts from when its request came, not from when it was answered."""
    sandbox = Sandbox(Tenant(), requests=1, latency=lambda: 59.0)
    loop = asyncio.get_running_loop()
    start = loop.time()
    async with reach(sandbox) as client:
        assert (await client.send("GET", "/users")).status_code == 200
        assert loop.time() == start + 59
        await asyncio.sleep(1)
        assert (await client.send("GET", "/users")).status_code == 200
    assert sandbox.quota.arrivals == [start, start + 60]
