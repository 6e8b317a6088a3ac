"""A process that makes calls while it is attacked; `attack_fleet.py` starts it.

It reads its orders as one line of JSON, says "ready", waits for a line, and writes "done" after each call,
"untyped NAME" for an error that is none of ours, and "stop" just before it stops itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from typing import Any

from litmos_async import LitmosClient, RetryPolicy
from litmos_async.errors import LitmosError
from litmos_async.limits import Lease, Limiter, RateLimit, RedisLimiter, SqliteLimiter


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class StoppingLoop(asyncio.SelectorEventLoop):
    """Stops the process (SIGSTOP) before one of its turns, counted from the moment at which it is armed."""

    turns = -1

    def _run_once(self) -> None:
        if self.turns == 0:
            say("stop")
            os.kill(os.getpid(), signal.SIGSTOP)
        self.turns -= 1
        super()._run_once()


def limiter_of(orders: dict[str, Any]) -> Limiter:
    """Return the limiter that the orders name."""
    rate = RateLimit(orders["requests"], period=orders["period"])
    if orders["store"] == "sqlite":
        return SqliteLimiter(orders["place"], rate, account="attack")
    return RedisLimiter(orders["place"], rate, account="attack", **orders["options"])


def arm(limiter: Limiter, loop: StoppingLoop, turns: list[int]) -> None:
    """Stop so many turns of the loop after a slot was taken: once for each of the numbers."""
    acquire = limiter.acquire
    chance = random.Random(turns[0] if turns else 0)

    async def armed(*arguments: Any, **options: Any) -> Lease:
        lease = await acquire(*arguments, **options)
        if turns and loop.turns < 0 and chance.random() < 0.2:
            loop.turns = turns.pop()
        return lease

    limiter.acquire = armed


async def main(orders: dict[str, Any]) -> None:
    """Make the calls, each until it is done."""
    limiter = limiter_of(orders)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, StoppingLoop)
    arm(limiter, loop, orders["turns"])
    async with LitmosClient(
        "sandbox-key",
        "tests",
        base_url=orders["base_url"],
        limiter=limiter,
        timeout=orders["timeout"],
        retry=RetryPolicy(initial_backoff=0.1),
    ) as litmos:

        async def call(number: int) -> None:
            while True:
                try:
                    await litmos.request(
                        "GET", "/teams", query={"limit": 1}, priority="bulk" if number % 3 else "interactive"
                    )
                except LitmosError:
                    await asyncio.sleep(random.random() / 2)
                except Exception as problem:  # noqa: BLE001 - what is looked for
                    say(f"untyped {type(problem).__name__}")
                else:
                    say("done")
                    return

        say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        await asyncio.gather(*(call(number) for number in range(orders["calls"])))
    await limiter.aclose()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=StoppingLoop) as runner:
        runner.run(main(json.loads(sys.argv[1])))
