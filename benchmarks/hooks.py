"""What hooks cost: CPU time of a call without one, with one that does nothing, and with OpenTelemetry.

Run it with `python -m benchmarks.hooks`. The calls go to a stand-in in the process that always answers the same, so
what is measured is the client. The kinds take turns, and of each the best of some runs counts. Without a hook a
call still passes the places where hooks would be called; what these take is measured by itself.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from litmos_async import LitmosClient, MemoryLimiter, RateLimit
from litmos_async.events import Event, Hook
from litmos_async.hooks import Hooks, Watch
from litmos_async.transport import Transport, answer

CALLS: Final = 1_000
RUNS: Final = 7
_BODY: Final = b'{"Id": "u1", "UserName": "user@example.com"}'


class _Same(Transport):
    """Answers the same always."""

    async def handle_async_request(self, request: Any) -> Any:  # noqa: ARG002 - the signature is httpx's
        return answer(200, {"content-type": "application/json"}, _BODY)


def microseconds(hooks: Iterable[Hook]) -> float:
    """Return the CPU time of a call, in microseconds."""

    async def main() -> float:
        # Slots are free again so soon that no call waits.
        limiter = MemoryLimiter(RateLimit(requests=100, period=0.01))
        way = {"base_url": "http://127.0.0.1/v1.svc", "transport": _Same(), "limiter": limiter}
        async with LitmosClient("key", "benchmark", on_event=hooks, **way) as litmos:  # type: ignore[arg-type]
            await litmos.users.get("u1")
            begun = time.process_time()
            for _ in range(CALLS):
                await litmos.users.get("u1")
            return time.process_time() - begun

    return asyncio.run(main()) / CALLS * 1e6


def places() -> float:
    """Return the CPU time of the places for hooks in a call of one attempt without a hook, in microseconds."""
    watch = Watch(Hooks(), MemoryLimiter(), "127.0.0.1", 80)
    begun = time.process_time()
    for _ in range(100 * CALLS):
        call = watch.call("users.get", "GET", "interactive")
        with call.slot(1):
            pass
        with call.attempt(1):
            pass
    return (time.process_time() - begun) / (100 * CALLS) * 1e6


def nothing(event: Event) -> None:
    """Do nothing."""


def telemetry() -> Iterable[Hook]:
    """Return the hook of OpenTelemetry on its SDK, without an exporter; nothing where that is not installed."""
    try:
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

        from litmos_async.telemetry import Telemetry  # noqa: PLC0415
    except ModuleNotFoundError:
        return []
    return [Telemetry(tracer_provider=TracerProvider(), meter_provider=MeterProvider())]


def main() -> None:
    """Print a table."""
    kinds: dict[str, Callable[[], Iterable[Hook]]] = {
        "no hook": list,
        "one that does nothing": lambda: [nothing],
        "OpenTelemetry": telemetry,
    }
    best = dict.fromkeys(kinds, float("inf"))
    for _ in range(RUNS):
        for name, hooks in kinds.items():
            best[name] = min(best[name], microseconds(hooks()))
    base = best["no hook"]
    for name, spent in best.items():
        print(f"{name:<24}{spent:8.0f} µs a call{spent - base:+8.0f} µs{spent / base - 1:+8.1%}")
    off = min(places() for _ in range(RUNS))
    print(f"of which without a hook {off:8.1f} µs are the places for hooks: {off / base:.2%}")


if __name__ == "__main__":
    main()
