"""Bulk jobs of many accounts on many machines, as tasks of Dramatiq on the same Redis.

Install it with `pip install "litmos-async[redis]" "dramatiq[redis]"`, and run the workers with
`dramatiq examples.many_accounts`, on as many machines as you like. `LITMOS_ACCOUNTS` is a JSON
object: name of the account to `{"api_key": ..., "base_url": ...}`; `REDIS_URL` is the broker, which also keeps the
limit of each account; `JOURNALS` is a folder, a file system that a machine's workers see.

A task is a part of a job. Killed or failed, the engine runs it again, and the journal decides what is still to do.
An export is a task for each account, list and span of time. `EXPORTS` is a folder, or the address of one on an
object store; each task has a folder of its own in it, named by what it exports, so that a repeat replaces it.
"""

from __future__ import annotations

import asyncio
import json
import os
from datetime import datetime
from pathlib import Path

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from litmos_async import LitmosClient, RateLimit

broker = RedisBroker(url=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))  # type: ignore[no-untyped-call]
dramatiq.set_broker(broker)


def rate() -> RateLimit:
    """Return the limit of an account, such as `100/60`."""
    requests, _, seconds = os.environ.get("RATE", "100/60").partition("/")
    return RateLimit(int(requests), float(seconds), int(requests))


@dramatiq.actor(max_retries=10, min_backoff=1_000, time_limit=24 * 3_600_000, broker=broker)
def assign(account: str, part: str, pairs: list[list[str]]) -> None:
    """Assign courses to people of one account.

    Args:
        account: Name of the account.
        part: What tells this part of the job from the others; the same for every try.
        pairs: Ids of people and courses. Small parts spread over more machines.
    """
    asyncio.run(_assign(account, part, pairs))


def connect(account: str) -> LitmosClient:
    """Return the client of an account, which shares its limit with all other tasks."""
    known = json.loads(os.environ["LITMOS_ACCOUNTS"])[account]
    return LitmosClient(
        known["api_key"],
        "many-accounts",
        base_url=known["base_url"],
        limiter=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"),
        rate_limit=rate(),
    )


async def _assign(account: str, part: str, pairs: list[list[str]]) -> None:
    journal = Path(os.environ["JOURNALS"]) / f"{account}-{part}.db"
    async with connect(account) as litmos:
        job = litmos.bulk.assign_courses_to_users(
            [(user, course) for user, course in pairs], send_message=False, journal=journal
        )
        report = await job.run()
    if not report.ok:
        # The engine tries again later; what is done is not done again.
        raise RuntimeError(f"{account}, part {part}: {report}")


@dramatiq.actor(max_retries=10, min_backoff=1_000, time_limit=24 * 3_600_000, broker=broker)
def export(account: str, name: str, since: str | None = None, to: str | None = None) -> None:
    """Export a list of one account, or a span of it, as Parquet.

    Args:
        account: Name of the account.
        name: The list, as `litmos lists` shows it.
        since: Where the span begins, such as `2026-03-01T00:00:00+00:00`; None for a list that is read whole.
        to: Where it ends.
    """
    asyncio.run(_export(account, name, since, to))


async def _export(account: str, name: str, since: str | None, to: str | None) -> None:
    span = f"{since or 'all'}--{to or 'now'}".replace(":", "").replace("+0000", "Z")
    # An address may end in a query, such as `?region=eu-central-1`.
    base, question, query = os.environ["EXPORTS"].partition("?")
    async with connect(account) as litmos:
        # It raises where anything is missing, and the engine tries again: on this machine it goes on, on another
        # one it begins anew and replaces what was there.
        await litmos.export.run(
            name,
            f"{base.rstrip('/')}/{account}/{name}/{span}/{question}{query}",
            format="parquet",
            since=None if since is None else datetime.fromisoformat(since),
            to=None if to is None else datetime.fromisoformat(to),
        )
