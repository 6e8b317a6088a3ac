"""`litmos sync`: what should be, by a file, against what is; only the difference is done."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from litmos_async import User
from litmos_async.bulk import Bulk, MemberChange, UserChange
from litmos_async.cli.fields import Fields
from litmos_async.cli.headings import NO_FIELD, NO_NAMES, OURS, name_key
from litmos_async.cli.ledger import Ledger, Subject
from litmos_async.cli.lookups import manager_ids
from litmos_async.cli.options import (
    ACCOUNT_FLAGS,
    ITEM_FLAGS,
    OUTPUT_FLAGS,
    AccountFlags,
    ItemFlags,
    OutputFlags,
    SendMessageOrNot,
    commands,
    start,
)
from litmos_async.cli.people import IMPORT
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.removals import TENTH, MaxRemovals, complete
from litmos_async.cli.table import Table
from litmos_async.cli.tasks import TEAM, USER, USER_NAME, Task
from litmos_async.cli.team_tree import team_tree
from litmos_async.cli.unknown_columns import passed_over, without_unknown
from litmos_async.cli.values import access_level
from litmos_async.names import IDENTIFYING, as_written, fold

app = commands(name="sync", help="Make the account match a file, changing only what differs.")
app.command(team_tree)

PEOPLE: Final = Fields(
    User,
    "user_name",
    identifying=IDENTIFYING,
    left_out=("id", "full_name", "login_key", "manager_name", "last_login", "created_date"),
    readers={"access_level": access_level},
    elsewhere={
        **{f"team{number}": "litmos assign teams puts people into teams" for number in range(1, 6)},
        **{f"course{number}": "litmos assign courses assigns it" for number in range(1, 4)},
        **{f"user_custom_field{number}": "litmos import users sets it" for number in range(1, 26)},
    },
)


async def look_up(bulk: Bulk, ledger: Ledger, _dry_run: bool, *, create: bool = True) -> None:
    """Look up the managers that the lines name."""
    await manager_ids(bulk, ledger, PEOPLE, create=create)


def check_members(table: Table, reading: Reading = READING) -> Table:
    """Return the table with a note of the columns about people, which mean nothing here.

    Raises:
        TableError: A column is unknown: it may be one of ours that is misspelt.
    """
    names = (*USER.names, *TEAM.names, *OURS, *NO_NAMES, *NO_FIELD)
    known = {name_key(name): name for name in names} | PEOPLE.columns | IMPORT.columns
    without_unknown(table, reading, known, {})
    return passed_over(table)


def teams_of(ledger: Ledger) -> dict[str, list[str]]:
    """Return who should be in each team."""
    members: dict[str, list[str]] = {}
    for user_id, team_id in ledger.items:
        members.setdefault(team_id, []).append(user_id)
    return members


def member(item: MemberChange) -> Subject:
    """Return what a change of a membership is about."""
    return Subject((item.user_id, item.team_id), item.change, (item.user_name, ""))


def person(item: UserChange) -> Subject:
    """Return whom a change is about, and which fields it changes."""
    did = f"{item.change}: {', '.join(item.fields)}" if item.fields else item.change
    did += f" (was {item.old_name})" if item.old_name else ""
    # A name of the file holds nothing hidden. An account whose name does, and that no line means, is another one.
    key = fold(item.given_name) or as_written(item.user_name) or item.user_id
    return Subject((key,), did, (item.user_name,))


@app.command
async def teams(
    file: Annotated[
        Path,
        Parameter(
            help="The CSV. Its first line names the columns: user and team. It lists everyone who should "
            "be in these teams."
        ),
    ],
    /,
    *,
    remove: Annotated[bool, Parameter(help="Remove members whom the file does not name.")] = False,
    max_removals: MaxRemovals = TENTH,
    send_message: SendMessageOrNot = "no",
    flags: ItemFlags = ITEM_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Make the members of the teams in a CSV match it. Teams that it does not name are left alone.

    The outcomes also name the people who were removed, without a line number.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    options = flags.options() | {
        "remove": remove,
        "max_removals": max_removals,
        "send_message": send_message == "yes",
    }
    given = complete(teams_of) if remove else teams_of
    task = Task(
        (USER, TEAM), Bulk.sync_team_members, options, given, member, check_members, takes_away=remove
    )
    return await start(task, file, reading, output, account)


@app.command
async def users(
    file: Annotated[
        Path,
        Parameter(
            help="The CSV. Its first line names the columns: user_name, and whatever else to compare, such "
            "as first_name, last_name, email or job_title. Empty fields are not compared."
        ),
    ],
    /,
    *,
    create: Annotated[bool, Parameter(help="Create people who are missing.", negative="--no-create")] = True,
    deactivate: Annotated[
        bool, Parameter(help="Deactivate everyone whom the file does not name: they can no longer log in.")
    ] = False,
    max_removals: MaxRemovals = TENTH,
    send_message: SendMessageOrNot = "no",
    flags: ItemFlags = ITEM_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Make the people of the account match a CSV.

    The outcomes also name the people who were deactivated, without a line number. Passwords are not copied into
    them.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    options = flags.options() | {
        "create": create,
        "deactivate": deactivate,
        "max_removals": max_removals,
        "send_message": send_message == "yes",
    }
    given = complete(PEOPLE.read) if deactivate else PEOPLE.read
    task = Task(
        (USER_NAME,),
        Bulk.sync_users,
        options,
        given,
        person,
        PEOPLE.check,
        partial(look_up, create=create),
        takes_away=deactivate,
        said=PEOPLE.said,
    )
    return await start(task, file, reading, output, account)
