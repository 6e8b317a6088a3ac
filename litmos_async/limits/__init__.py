"""The rate limit: who may send a request, and when.

`RateLimit` says how many, `Limiter` is what the client asks. There is one rule, `Window`, and there
are three places to keep its state:

    window.py       the lease rule: numbers in, numbers out
    account.py      how processes share a window, and its text for a store
    members.py      what is kept free for processes that may go on without the store
    lease_queue.py  how the callers of one process queue
    memory.py       the window lies beside the queue
    shared.py       the queue goes to a store and back, and lets a change happen to the account there
    sqlite.py       the store is a file, for the processes of one host
    redis.py        the store is Redis, for many hosts
    outage.py       such a store may be away or slow, and its clock may jump
    clocks.py       how long the machine slept
    url.py          a limiter from one line of text

Whichever it is, a slot is taken by `Window.take` once `Window.opens_at` says so, and one of `unused`, `answered`,
`lost` and `rejected` ends it: no store has a rule of its own.
"""

from __future__ import annotations

from litmos_async.limits.memory import MemoryLimiter
from litmos_async.limits.rate import Lease, Limiter, Priority, Quota, RateLimit, Share, Usage
from litmos_async.limits.redis import OnOutage, RedisLimiter
from litmos_async.limits.sqlite import SqliteLimiter
from litmos_async.limits.url import limiter_from_url

__all__ = [
    "Lease",
    "Limiter",
    "MemoryLimiter",
    "OnOutage",
    "Priority",
    "Quota",
    "RateLimit",
    "RedisLimiter",
    "Share",
    "SqliteLimiter",
    "Usage",
    "limiter_from_url",
]
