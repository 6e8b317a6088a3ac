"""Trees of teams, as programs give them."""

from __future__ import annotations

from litmos_async.bulk import Outcome
from litmos_async.jobs import Jobs, TeamRow
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client


def test_a_row_that_is_given_twice() -> None:
    """The team is made once; each further row of it is skipped."""
    sandbox = Sandbox(Tenant())
    rows = [TeamRow("North"), TeamRow("South"), TeamRow("North"), TeamRow("North")]

    async def main() -> list[Outcome]:
        async with client(sandbox) as litmos:
            return [each async for each in Jobs.of(litmos.bulk).sync_team_tree(rows)]

    told = sorted((each.item.name, each.status, each.reason) for each in run_virtual(main()))
    assert told == [
        ("North", "done", ""),
        ("North", "skipped", "given twice"),
        ("North", "skipped", "given twice"),
        ("South", "done", ""),
    ]
    assert sorted(team["Name"] for team in sandbox.tenant.teams.values()) == ["North", "South"]
