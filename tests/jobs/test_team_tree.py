"""Trees of teams, as programs give them."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from litmos_async.bulk import Outcome
from litmos_async.errors import ConfigurationError, IncompleteInput
from litmos_async.jobs import Jobs, TeamRow
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import WithoutParents, client


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


@pytest.mark.parametrize("given", [("u1", "u2"), ["u2", "u1"], {"u1": 1, "u2": 2}, iter(["u1", "u2"])])
def test_people_come_from_any_iterable(given: Iterable[str]) -> None:
    """What is no iterable of ids is said at once; a single id is not taken apart."""
    row = TeamRow("Sales", leaders=given, admins="u9")
    assert (row.leaders, row.admins) == ({"u1", "u2"}, {"u9"})
    for wrong in (7, [7], [None]):
        with pytest.raises(ConfigurationError):
            TeamRow("Sales", leaders=wrong)


@pytest.mark.parametrize(
    ("rows", "remove"),
    [
        ([TeamRow("North", parent="Sales")], False),
        ([TeamRow("North", parent_code="S")], False),
        ([TeamRow("North")], True),
    ],
)
def test_a_list_that_does_not_say_what_is_above(rows: list[TeamRow], remove: bool) -> None:
    """A parent that is absent is not the top: nothing is moved, made anew or removed."""
    tenant = Tenant()
    sales = tenant.add_team(Name="Sales", TeamCodeForBulkImport="S")["Id"]
    tenant.add_team(Name="North", ParentTeamId=sales)
    sandbox = Sandbox(tenant)
    before = {key: dict(team) for key, team in tenant.teams.items()}

    async def main() -> None:
        async with client(sandbox, transport=WithoutParents(sandbox)) as litmos:
            job = Jobs.of(litmos.bulk).sync_team_tree(rows, remove=remove, max_removals=100)
            with pytest.raises(ConfigurationError, match="which team stands above which"):
                await job.run()
            # Rows that say nothing of it need it not.
            report = await Jobs.of(litmos.bulk).sync_team_tree([TeamRow("North"), TeamRow("New")]).run()
            assert (report.done, report.skipped) == (1, 1)

    run_virtual(main())
    assert {key: dict(team) for key, team in tenant.teams.items() if team["Name"] != "New"} == before


@pytest.mark.parametrize(
    ("rows", "refused"), [(["Sales"], True), (["Sales", "East"], True), (["North"], False)]
)
def test_no_team_is_deleted_while_a_row_cannot_be_used(rows: list[str], refused: bool) -> None:
    """It may mean one of those that no row seems to name: which of two teams `Sales` is, it does not say."""
    tenant = Tenant()
    north = tenant.add_team(Name="North")
    east = tenant.add_team(Name="East")
    for above in (north, east):
        tenant.add_team(Name="Sales", ParentTeamId=above["Id"])
    sandbox = Sandbox(tenant)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = Jobs.of(litmos.bulk).sync_team_tree(
                [TeamRow(name) for name in rows], remove=True, max_removals=1.0
            )
            plan = await job.plan()
            assert isinstance(plan.refusal, IncompleteInput) is refused
            if refused:
                with pytest.raises(IncompleteInput):
                    await job.run()

    run_virtual(main())
    assert len(tenant.teams) == 4


def test_a_tree_of_no_teams() -> None:
    """The list of teams is not read for it, unless what it does not name is to be removed."""
    sandbox = Sandbox(Tenant())

    async def main() -> None:
        async with client(sandbox) as litmos:
            assert [each async for each in Jobs.of(litmos.bulk).sync_team_tree([])] == []

    run_virtual(main())
    assert not sandbox.requests
