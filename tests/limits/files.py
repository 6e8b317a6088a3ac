"""Limiters over a file, on the virtual clock."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from litmos_async.limits import RateLimit
from litmos_async.limits.shared import SharedLimiter
from litmos_async.limits.sqlite import SqliteStore
from tests.limits.small import NoJitter, time


class Here(Executor):
    """Runs everything at once in the thread of the caller, so that a virtual clock stands still meanwhile."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as problem:  # noqa: BLE001 - the caller gets it
            future.set_exception(problem)
        return future


def virtual(path: Path, requests: int = 3, *, started: float = 0.0, **options: Any) -> SharedLimiter:
    """Return a limiter over a file on the virtual clock of a machine that was started then."""
    store = SqliteStore(path, clock=lambda: time() - started, executor=Here())
    return SharedLimiter(store, RateLimit(requests, **options), account="one", random=NoJitter())
