"""`litmos import users` and `litmos deactivate`: people as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from litmos_async import UserImport
from litmos_async.bulk import Bulk
from litmos_async.cli.fields import Fields
from litmos_async.cli.ledger import Ledger, Subject
from litmos_async.cli.lookups import named_in_import
from litmos_async.cli.options import (
    ACCOUNT_FLAGS,
    ITEM_FLAGS,
    JOB_FLAGS,
    OUTPUT_FLAGS,
    AccountFlags,
    ItemFlags,
    JobFlags,
    OutputFlags,
    SendMessage,
    commands,
    start,
)
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.tasks import USER, USER_NAME, Task
from litmos_async.cli.values import import_access_level
from litmos_async.names import IDENTIFYING, clean, fold

importing = commands(name="import", help="Create or update people by the thousand.")

IMPORT: Final = Fields(
    UserImport,
    "username",
    identifying=IDENTIFYING,
    readers={"access_level": import_access_level},
    elsewhere={
        "skip_first_login": "use --skip-first-login, for everyone in the file",
        **dict.fromkeys(
            (
                *("time_zone", "disable_messages", "enable_text_notification"),
                *("is_custom_username", "profile_type"),
            ),
            "litmos sync users sets it",
        ),
    },
    overwrites=True,
)


async def look_up(bulk: Bulk, ledger: Ledger, dry_run: bool) -> None:
    """Look up what the lines name: teams and courses in a dry run, since in a real one the server says it."""
    for item in ledger.items:
        there = ledger.called_there(0, item[0])
        if clean(there) != there.strip():
            reason = f"an import cannot name {there!r}: it would make a second one (litmos sync users can)"
            ledger.settle(item, "failed", reason)
    await named_in_import(bulk, ledger, IMPORT, dry_run=dry_run)


def imported(item: str) -> Subject:
    """Return whom the outcome of a row is about."""
    return Subject((fold(item),))


@importing.command
async def users(
    file: Annotated[
        Path,
        Parameter(
            help="The CSV. Its first line names the columns: user_name, first_name, last_name, and "
            "whatever else an import accepts, such as email, team1 or course1 (codes for bulk "
            "imports)."
        ),
    ],
    /,
    *,
    send_message: SendMessage,
    skip_first_login: Annotated[
        bool, Parameter(help="New people are not asked for a password at their first log-in.")
    ] = False,
    flags: JobFlags = JOB_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Create or update the people in a CSV, 2,000 in a request.

    A line fails, and names both accounts, if its employee id belongs to an account with another user name: an
    import cannot rename, and would create a second account. Use litmos sync users to rename. To check this, a
    file with employee ids takes the requests for the list of all people.

    An empty field keeps the stored value. The import turns message notifications on for everyone in the file.
    Passwords are not copied into the outcomes.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    options = flags.options() | {"send_message": send_message == "yes", "skip_first_login": skip_first_login}
    final = "an import overwrites what it names, and turns message notifications on"
    task = Task(
        (USER_NAME,),
        Bulk.import_users,
        options,
        IMPORT.read,
        imported,
        IMPORT.check,
        look_up,
        said=IMPORT.said,
        final=final,
    )
    return await start(task, file, reading, output, account)


def ids_of(ledger: Ledger) -> Sequence[str]:
    """Return the ids of the people."""
    return [id for (id,) in ledger.items]


async def deactivate(
    file: Annotated[Path, Parameter(help="The CSV. Its first line names the column: user.")],
    /,
    *,
    remove_from_teams: Annotated[
        bool, Parameter(help="Also remove them from all their teams. This cannot be undone.")
    ] = False,
    flags: ItemFlags = ITEM_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Deactivate the people in a CSV: they cannot log in, and their results are kept.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    options = flags.options() | {"remove_from_teams": remove_from_teams}
    final = "which teams the people were in is lost" if remove_from_teams else ""
    task = Task((USER,), Bulk.deactivate_users, options, ids_of, final=final)
    return await start(task, file, reading, output, account)
