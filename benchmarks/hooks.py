"""What hooks cost: CPU time of a call without one, with one that does nothing, and with OpenTelemetry.

Run it with `python -m benchmarks.hooks`. The calls go to a stand-in in the process that always answers the same, so
what is measured is the client. The best of some runs counts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from litmos_async import LitmosClient, MemoryLimiter, RateLimit
from litmos_async.events import Event, Hook
from litmos_async.transport import Transport, answer

CALLS: Final = 1_000
RUNS: Final = 5
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

    return min(asyncio.run(main()) for _ in range(RUNS)) / CALLS * 1e6


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
    base = 0.0
    for name, hooks in kinds.items():
        spent = microseconds(hooks())
        base = base or spent
        print(f"{name:<24}{spent:8.0f} µs a call{spent / base - 1:+8.1%}")


if __name__ == "__main__":
    main()
