"""The rate limit: who may send a request, and when.

`RateLimit` says how many, `Limiter` is what the client asks. There is one rule and there are three places to
keep its state:

    window.py    the lease rule: numbers in, numbers out
    account.py   how processes share a window
    desk.py      how the callers of one process queue
    memory.py    the state in this process
    sqlite.py    the state in a file, for the processes of one host
    redis.py     the state in Redis, for many hosts
    shared.py    what the last two have in common
    outage.py    what to do while Redis is away
"""

from __future__ import annotations

from .memory import MemoryLimiter
from .rate import Lease, Limiter, Priority, Quota, RateLimit, Share, Usage
from .redis import OnOutage, RedisLimiter
from .sqlite import SqliteLimiter
from .url import limiter_from_url

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
