"""`litmos sync team-tree`: the teams, what stands above them, and who leads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from litmos_async.bulk import Bulk, BulkJob, Resolved
from litmos_async.cli.extra_columns import ExtraColumn, ExtraColumns, listed_names
from litmos_async.cli.ledger import Item, Ledger, Subject
from litmos_async.cli.options import (
    ACCOUNT_FLAGS,
    ITEM_FLAGS,
    OUTPUT_FLAGS,
    AccountFlags,
    ItemFlags,
    OutputFlags,
    start,
)
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.removals import TENTH, MaxRemovals, complete
from litmos_async.cli.table import Line, Table
from litmos_async.cli.tasks import NameColumn, Task
from litmos_async.jobs import Jobs, TeamChange, TeamRow
from litmos_async.names import clean, loose

__all__ = ["team_tree"]


async def as_written(_: Bulk, names: Iterable[str]) -> Resolved:
    """Take names for what they are: teams that are new have no id."""
    return Resolved({name: loose(name) for name in names})


TEAM_NAME: Final = NameColumn(
    "team_name",
    ("team_name", "team", "name_of_team", "name"),
    many="teams",
    listed=False,
    resolve=as_written,
)

_BY_SERVER: Final = "the server alone sets it"

TREE: Final = ExtraColumns(
    (
        ExtraColumn("parent_team_name", ("parent_team", "parent_name", "parent")),
        ExtraColumn("parent_team_code", ("parent_code",)),
        ExtraColumn("description", ("team_description",)),
        ExtraColumn("leaders", ("leader", "team_leaders", "team_leader"), listed_names),
        ExtraColumn("admins", ("admin", "team_admins", "team_admin"), listed_names),
    ),
    {
        **dict.fromkeys(("team_code", "team_code_for_bulk_import", "code", "team_id", "id"), _BY_SERVER),
        **dict.fromkeys(("members", "users", "user"), "litmos sync teams updates members"),
    },
)
"""The vendor's own columns (api-facts 17), and those who lead."""


class Rows:
    """The teams of a file, once their leaders and admins are looked up."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    async def look_up(self, bulk: Bulk, ledger: Ledger, _dry_run: bool) -> None:
        """Look up those who lead; settle the lines that name a person who is not there."""
        table = ledger.table
        lines = [
            (item, TREE.values(table, line)) for item, line in zip(ledger.items, ledger.lines, strict=True)
        ]
        names = [name for _, said in lines for name in _people(said)]
        found = await bulk.resolve_users(names) if names else Resolved()
        self._ids = found.ids
        for item, said in lines:
            bad = [found.problems[name] for name in _people(said) if name in found.problems]
            if bad:
                ledger.settle(item, "failed", "; ".join(bad))

    def given(self, ledger: Ledger) -> list[TeamRow]:
        """Return the rows of the lines that can be used."""
        return [self._row(ledger.table, line) for line in ledger.lines]

    def _row(self, table: Table, line: Line) -> TeamRow:
        said = TREE.values(table, line)
        return TeamRow(
            line.values[0].strip(),
            said.get("parent_team_name", ""),
            said.get("parent_team_code", ""),
            said.get("description", ""),
            self._found(said.get("leaders")),
            self._found(said.get("admins")),
        )

    def _found(self, names: tuple[str, ...] | None) -> frozenset[str] | None:
        return None if names is None else frozenset(self._ids[name] for name in names)


def _people(said: dict[str, Any]) -> tuple[str, ...]:
    return (*said.get("leaders", ()), *said.get("admins", ()))


def _apart(table: Table, line: Line) -> Item:
    """Return what tells a team from others of the same name."""
    said = TREE.values(table, line) if not line.problem else {}
    return loose(said.get("parent_team_name")), clean(said.get("parent_team_code"))


def _about(item: TeamChange) -> Subject:
    """Return which team a change is about, and what changes."""
    did = f"{item.change}: {', '.join(item.fields)}" if item.fields else item.change
    if not item.key:
        return Subject((item.team_id,), did, (item.name,))
    return Subject(item.key, did, (item.name,))


def _sync(bulk: Bulk, given: Any, **options: Any) -> BulkJob:
    return Jobs.of(bulk).sync_team_tree(given, **options)


async def team_tree(
    file: Annotated[
        Path,
        Parameter(
            help="The CSV. Its first line names the columns: Team Name, and whatever else to compare: "
            "Parent Team Name, Parent Team Code, Description, Leaders and Admins (people, separated "
            "by semicolons). Empty fields are not compared."
        ),
    ],
    /,
    *,
    remove: Annotated[
        bool,
        Parameter(
            help="Delete teams that the file does not name, and remove the roles of leaders and admins "
            "whom it does not name. A deleted team cannot be restored."
        ),
    ] = False,
    max_removals: MaxRemovals = TENTH,
    flags: ItemFlags = ITEM_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Make the teams of the account match a CSV: their place in the tree, description, leaders and admins.

    A line stands for the team with this name below this parent. If there is none, and exactly one team with
    this name elsewhere, that one is moved. People who will lead a team become members of it, without an e-mail.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    rows = Rows()
    task = Task(
        (TEAM_NAME,),
        _sync,
        flags.options() | {"remove": remove, "max_removals": max_removals},
        complete(rows.given) if remove else rows.given,
        _about,
        TREE.check,
        rows.look_up,
        takes_away=remove,
        apart=_apart,
        said=TREE.said,
    )
    return await start(task, file, reading, output, account)
