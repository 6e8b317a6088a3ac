"""`litmos remove`: the mirror images of `litmos assign`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from litmos_async.bulk import Bulk
from litmos_async.cli.options import (
    ACCOUNT_FLAGS,
    OUTPUT_FLAGS,
    PAIR_FLAGS,
    AccountFlags,
    OutputFlags,
    PairFlags,
    Teams,
    commands,
    start,
)
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.tasks import COURSE, LEARNING_PATH, TEAM, USER, Task
from litmos_async.errors import ConfigurationError

app = commands(
    name="remove",
    help="Remove courses, learning paths and team memberships. For people, each removal is a request of "
    "its own.",
)


@app.command
async def courses(
    file: Annotated[Path, Parameter(help="The CSV. Its first line names the columns: user and course.")],
    /,
    *,
    teams: Teams = False,
    library: Annotated[
        bool, Parameter(help="With --teams: remove the courses from the libraries of the teams.")
    ] = False,
    flags: PairFlags = PAIR_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Remove the courses in a CSV from the people, or teams, in it.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    options = flags.options()
    if teams:
        task = Task((TEAM, COURSE), Bulk.remove_courses_from_teams, options | {"library": library})
    elif library:
        raise ConfigurationError("--library is for teams: add --teams")
    else:
        task = Task((USER, COURSE), Bulk.remove_courses_from_users, options)
    return await start(task, file, reading, output, account)


@app.command
async def learning_paths(
    file: Annotated[
        Path, Parameter(help="The CSV. Its first line names the columns: user and learning_path.")
    ],
    /,
    *,
    teams: Teams = False,
    flags: PairFlags = PAIR_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Remove the learning paths in a CSV from the people, or teams, in it.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    if teams:
        task = Task((TEAM, LEARNING_PATH), Bulk.remove_learning_paths_from_teams, flags.options())
    else:
        task = Task((USER, LEARNING_PATH), Bulk.remove_learning_paths_from_users, flags.options())
    return await start(task, file, reading, output, account)


@app.command(name="teams")
async def memberships(
    file: Annotated[Path, Parameter(help="The CSV. Its first line names the columns: user and team.")],
    /,
    *,
    flags: PairFlags = PAIR_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Remove the people in a CSV from the teams in it.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    task = Task((USER, TEAM), Bulk.remove_users_from_teams, flags.options())
    return await start(task, file, reading, output, account)
