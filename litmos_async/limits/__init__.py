"""The rate limit: who may send a request, and when.

`RateLimit` says how many, `Limiter` is what the client asks, `MemoryLimiter` answers inside one process.
"""

from __future__ import annotations

from .memory import MemoryLimiter
from .rate import Lease, Limiter, Priority, Quota, RateLimit

__all__ = ["Lease", "Limiter", "MemoryLimiter", "Priority", "Quota", "RateLimit"]
