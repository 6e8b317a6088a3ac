"""The promise: never more than `requests` in any window of `period`, whatever happens.

Hypothesis invents the traffic, a virtual loop runs it, and a plain list of the moments at which the server
counted a request is the judge. Nothing here shares code with the limiter.
"""

from __future__ import annotations

from hypothesis import given, settings

from litmos_async.testing import run_virtual
from tests.support.amounts import amount
from tests.support.lease_rule import (
    World,
    run,
    worlds,
)


@settings(max_examples=amount(1_000, quick=250), deadline=None)
@given(worlds)
def test_no_window_of_the_server_holds_too_many(world: World) -> None:
    """Any traffic: no window overfull, no burst too large, no pause broken, no slot or waiter left over."""
    rate = world.rate
    log = run_virtual(run(world))

    times = sorted(log.counted)
    for begin in times:
        inside = [time for time in times if begin <= time <= begin + rate.period]
        assert len(inside) <= rate.requests, inside

    starts = sorted(log.starts)
    for i, first in enumerate(starts):
        for j, last in enumerate(starts[i:], 1):
            assert j < rate.burst + 1 + (last - first) * rate.requests / rate.period + 1e-6

    for begin, end in log.pauses:
        assert not [time for time in starts if begin < time < end]

    assert log.leftover == (0, 0)
