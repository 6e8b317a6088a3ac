"""What type checkers know of the fixtures and of what stands beside them."""

from __future__ import annotations

from typing import assert_type

from litmos_async import LitmosClient, User, sync
from litmos_async.events import Attempt, Event
from litmos_async.export import Batch, Manifest
from litmos_async.report import Report
from litmos_async.sandbox import Sandbox, Snapshot
from litmos_async.testing import Clock, recorded, run_virtual


def test_of_a_user(litmos: LitmosClient, litmos_sandbox: Sandbox, litmos_clock: Clock) -> None:
    """Use the fixtures."""
    assert_type(litmos_clock.run(litmos.users.get("u1")), User)
    assert_type(litmos_clock.now, float)
    assert_type(litmos_sandbox.snapshot(), Snapshot)


async def recording() -> None:
    """Record."""
    async with recorded("answers.json", source="acme-hr") as litmos:
        assert_type(litmos, LitmosClient)


def hook(event: Event) -> None:
    """Narrow an event."""
    if isinstance(event, Attempt):
        assert_type(event.status, int | None)


def without_await(litmos: sync.LitmosClient) -> None:
    """Exports and reports of the facade."""
    for batch in litmos.export.batches("users"):
        assert_type(batch, Batch)
    assert_type(litmos.export.run(["users"], "folder"), Manifest)
    assert_type(litmos.report.make("teams"), Report)


assert_type(run_virtual(LitmosClient("key", "x", on_event=hook).users.get("u1")), User)
