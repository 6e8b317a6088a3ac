"""`litmos assign`: courses, learning paths and memberships, to people or teams."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from litmos_async.bulk import Bulk
from litmos_async.cli.options import (
    ACCOUNT_FLAGS,
    OUTPUT_FLAGS,
    PAIR_FLAGS,
    AccountFlags,
    OutputFlags,
    PairFlags,
    SendMessage,
    SendMessageOrNot,
    Teams,
    ViaImport,
    commands,
    start,
)
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.tasks import COURSE, LEARNING_PATH, TEAM, USER, Task
from litmos_async.errors import ConfigurationError

app = commands(name="assign", help="Assign courses, learning paths and team memberships.")

SubTeams = Annotated[bool, Parameter(help="With --teams: assign to all their sub-teams, too.")]


@app.command
async def courses(
    file: Annotated[Path, Parameter(help="The CSV. Its first line names the columns: user and course.")],
    /,
    *,
    send_message: SendMessage,
    teams: Teams = False,
    library: Annotated[
        bool, Parameter(help="With --teams: only add the courses to the libraries of the teams.")
    ] = False,
    include_sub_teams: SubTeams = False,
    via: ViaImport = None,
    flags: PairFlags = PAIR_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Assign the courses in a CSV to the people, or teams, in it.

    The API key comes from the environment variable LITMOS_API_KEY or from a file; on the command line, other
    users of the machine could see it.

    Exit code 0: nothing failed. 1: some lines failed, or the job did not finish: a wrong key, a server that
    cannot be reached. After a dry run: some lines would fail, or the job would be refused. 2: the command
    cannot work as given. 130: Ctrl-C. 143: SIGTERM.
    """
    options = flags.options() | {"send_message": send_message == "yes"}
    if teams:
        if via:
            raise ConfigurationError("--via import is for people: a team cannot be imported")
        options |= {"library": library, "include_sub_teams": include_sub_teams}
        task = Task((TEAM, COURSE), Bulk.assign_courses_to_teams, options)
    else:
        _only_for_teams(library=library, include_sub_teams=include_sub_teams)
        task = Task((USER, COURSE), Bulk.assign_courses_to_users, options | _route(via), final=_final(via))
    return await start(task, file, reading, output, account)


@app.command
async def learning_paths(
    file: Annotated[
        Path, Parameter(help="The CSV. Its first line names the columns: user and learning_path.")
    ],
    /,
    *,
    send_message: SendMessage,
    teams: Teams = False,
    include_sub_teams: SubTeams = False,
    flags: PairFlags = PAIR_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Assign the learning paths in a CSV to the people, or teams, in it.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    options = flags.options() | {"send_message": send_message == "yes"}
    if teams:
        options |= {"include_sub_teams": include_sub_teams}
        task = Task((TEAM, LEARNING_PATH), Bulk.assign_learning_paths_to_teams, options)
    else:
        _only_for_teams(include_sub_teams=include_sub_teams)
        task = Task((USER, LEARNING_PATH), Bulk.assign_learning_paths_to_users, options)
    return await start(task, file, reading, output, account)


@app.command(name="teams")
async def memberships(
    file: Annotated[Path, Parameter(help="The CSV. Its first line names the columns: user and team.")],
    /,
    *,
    send_message: SendMessageOrNot = "no",
    via: ViaImport = None,
    flags: PairFlags = PAIR_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Add the people in a CSV to the teams in it.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    options = flags.options() | {"send_message": send_message == "yes"} | _route(via)
    task = Task((USER, TEAM), Bulk.add_users_to_teams, options, final=_final(via))
    return await start(task, file, reading, output, account)


def _route(via: Literal["import"] | None) -> dict[str, Any]:
    return {"via": via} if via else {}


def _final(via: Literal["import"] | None) -> str:
    return "an import turns message notifications on for everyone in the file" if via else ""


def _only_for_teams(**flags: Any) -> None:
    for name, given in flags.items():
        if given:
            raise ConfigurationError(f"--{name.replace('_', '-')} is for teams: add --teams")
