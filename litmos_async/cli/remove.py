"""`litmos remove`: the mirror images of `litmos assign`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from litmos_async.bulk import Bulk
from litmos_async.cli.options import ACCOUNT, PAIR_CARE, SHOW, Account, PairCare, Show, Teams, commands, start
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.tasks import COURSE, LEARNING_PATH, TEAM, USER, Task
from litmos_async.errors import ConfigurationError

app = commands(
    name="remove",
    help="Take away: courses, learning paths, memberships of teams. With people, each is a request of its own.",
)


@app.command
async def courses(
    file: Annotated[Path, Parameter(help="The CSV. Its first line names the columns: user and course.")],
    /,
    *,
    teams: Teams = False,
    library: Annotated[
        bool, Parameter(help="With --teams: take the courses out of the libraries of the teams.")
    ] = False,
    care: PairCare = PAIR_CARE,
    reading: Reading = READING,
    show: Show = SHOW,
    account: Account = ACCOUNT,
) -> int:
    """Take the courses of a CSV away from the people in it, or from the teams.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    options = care.options()
    if teams:
        task = Task((TEAM, COURSE), Bulk.remove_courses_from_teams, options | {"library": library})
    elif library:
        raise ConfigurationError("--library is for teams: say --teams, too")
    else:
        task = Task((USER, COURSE), Bulk.remove_courses_from_users, options)
    return await start(task, file, reading, show, account)


@app.command
async def learning_paths(
    file: Annotated[
        Path, Parameter(help="The CSV. Its first line names the columns: user and learning_path.")
    ],
    /,
    *,
    teams: Teams = False,
    care: PairCare = PAIR_CARE,
    reading: Reading = READING,
    show: Show = SHOW,
    account: Account = ACCOUNT,
) -> int:
    """Take the learning paths of a CSV away from the people in it, or from the teams.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    if teams:
        task = Task((TEAM, LEARNING_PATH), Bulk.remove_learning_paths_from_teams, care.options())
    else:
        task = Task((USER, LEARNING_PATH), Bulk.remove_learning_paths_from_users, care.options())
    return await start(task, file, reading, show, account)


@app.command(name="teams")
async def memberships(
    file: Annotated[Path, Parameter(help="The CSV. Its first line names the columns: user and team.")],
    /,
    *,
    care: PairCare = PAIR_CARE,
    reading: Reading = READING,
    show: Show = SHOW,
    account: Account = ACCOUNT,
) -> int:
    """Take the people of a CSV out of the teams in it.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    task = Task((USER, TEAM), Bulk.remove_users_from_teams, care.options())
    return await start(task, file, reading, show, account)
