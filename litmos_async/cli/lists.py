"""`litmos users list` and its like: what the account holds, for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json as text_of
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from itertools import chain
from typing import Annotated, Any, Final, TypeAlias

from attrs import frozen
from cyclopts import Parameter

from litmos_async import LitmosClient
from litmos_async.cli.cells import guarded
from litmos_async.cli.codes import FAILED, OK
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.logs import logged
from litmos_async.cli.options import ACCOUNT_FLAGS, OUTPUT, AccountFlags, AsJson, commands
from litmos_async.cli.terminal import Terminal, listed
from litmos_async.errors import ConfigurationError, LitmosError

__all__ = ["as_table", "courses", "learning_paths", "sessions", "teams", "users", "with_client"]

users = commands("users", "Look at people.")
courses = commands("courses", "Look at courses.")
teams = commands("teams", "Look at teams.")
learning_paths = commands("learning-paths", "Look at learning paths.")
sessions = commands("sessions", "Look at sessions.")

_WIDEST: Final = 48
"""Characters of a column of a table; JSON and CSV hold the whole text."""

_FIRST: Final = 200
"""Rows by which the columns of a table are measured: the others come as they are read."""

Row: TypeAlias = Mapping[str, Any]

Search: TypeAlias = Annotated[
    str | None,
    Parameter(help="Only rows that contain this text, as the server searches; at most 50 characters."),
]
AsCsv: TypeAlias = Annotated[
    bool, Parameter(help="Write CSV to standard output, with all fields.", group=OUTPUT)
]


@frozen
class View:
    """How a list is shown.

    Attributes:
        columns: The columns of the table for people.
        json: Whether to write JSON.
        csv: Whether to write CSV.
    """

    columns: Sequence[str]
    json: bool = False
    csv: bool = False

    def __attrs_post_init__(self) -> None:
        if self.json and self.csv:
            raise ConfigurationError("use --json or --csv, not both")


@users.command(name="list")
async def list_users(
    *, search: Search = None, json: AsJson = False, csv: AsCsv = False, account: AccountFlags = ACCOUNT_FLAGS
) -> int:
    """List the people of the account, inactive ones included.

    Exit code 0: the list is complete. 1: it is not. 2: the command cannot work as given.
    """
    view = View(("user_name", "first_name", "last_name", "email", "active", "id"), json, csv)
    return await _write(view, account, lambda litmos: _rows(litmos, "users", search))


@users.command(name="show")
async def show_user(
    name: Annotated[str, Parameter(help="The person's user name, e-mail address or id.")],
    /,
    *,
    json: AsJson = False,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Show a person: all fields that have a value, without credentials.

    Exit code 0: the person was shown. 1: there is no such person, or the account cannot be reached.
    """
    terminal = account.terminal()

    async def show(litmos: LitmosClient) -> int:
        found = await litmos.bulk.resolve_users([name])
        if name not in found.ids:
            terminal.complain(found.problems[name])
            return FAILED
        user = (await litmos.users.get(found.ids[name])).to_dict()
        if json:
            terminal.document(user)
        else:
            rows = [
                (field, _shown(value)) for field, value in user.items() if value not in (None, "", [], {})
            ]
            terminal.say(listed(f"{user['user_name']}", rows))
        return OK

    return await with_client(account, terminal, show)


@courses.command(name="list")
async def list_courses(
    *, search: Search = None, json: AsJson = False, csv: AsCsv = False, account: AccountFlags = ACCOUNT_FLAGS
) -> int:
    """List the courses of the account.

    The exit codes are those of `litmos users list`.
    """
    view = View(("code", "name", "active", "id"), json, csv)
    return await _write(view, account, lambda litmos: _rows(litmos, "courses", search))


@teams.command(name="list")
async def list_teams(
    *, search: Search = None, json: AsJson = False, csv: AsCsv = False, account: AccountFlags = ACCOUNT_FLAGS
) -> int:
    """List the teams of the account.

    The exit codes are those of `litmos users list`.
    """
    view = View(("name", "team_code_for_bulk_import", "id", "parent_team_id"), json, csv)
    return await _write(view, account, lambda litmos: _rows(litmos, "teams", search))


@learning_paths.command(name="list")
async def list_learning_paths(
    *, search: Search = None, json: AsJson = False, csv: AsCsv = False, account: AccountFlags = ACCOUNT_FLAGS
) -> int:
    """List the learning paths of the account.

    The exit codes are those of `litmos users list`.
    """
    view = View(("name", "active", "id"), json, csv)
    return await _write(view, account, lambda litmos: _rows(litmos, "learning_paths", search))


@sessions.command(name="list")
async def list_sessions(
    *,
    past: Annotated[bool, Parameter(help="Past sessions instead of upcoming ones.")] = False,
    search: Search = None,
    json: AsJson = False,
    csv: AsCsv = False,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """List upcoming or past sessions, each with its course and module.

    The exit codes are those of `litmos users list`.
    """
    view = View(("course", "module", "name", "start_date", "instructor_name", "slots", "id"), json, csv)

    async def rows(litmos: LitmosClient) -> AsyncGenerator[Row, None]:
        listing = litmos.sessions.list_past if past else litmos.sessions.list_future
        async with aclosing(listing(search=search).by_page()) as pages:
            async for page in pages:
                for row in chain.from_iterable(map(_sessions_of, page.items)):
                    yield row

    return await _write(view, account, rows)


def _sessions_of(course: Any) -> Iterator[Row]:
    """Yield the sessions of a course, with what says where they belong."""
    for module in course.modules:
        for session in module.sessions:
            names = {"course": course.name, "course_id": course.id, "module": module.name}
            yield names | {"module_id": module.id} | session.to_dict()


async def _rows(litmos: LitmosClient, name: str, search: str | None) -> AsyncGenerator[Row, None]:
    """Yield the rows of a list as an export has them; `litmos schema` shows their columns.

    An export takes no search, which is the server's: what it finds is read as it comes, in the same form.
    """
    if search is not None:
        async with aclosing(getattr(litmos, name).list(search=search).by_page()) as pages:
            async for page in pages:
                for record in page.items:
                    yield record.to_dict()
        return
    async with aclosing(litmos.export.batches(name)) as batches:
        async for batch in batches:
            for row in batch.rows:
                yield row


async def _write(
    view: View, account: AccountFlags, rows: Callable[[LitmosClient], AsyncGenerator[Row, None]]
) -> int:
    terminal = account.terminal()

    async def write(litmos: LitmosClient) -> int:
        async with aclosing(rows(litmos)) as found:
            if view.json:
                await _as_json(found, terminal)
            elif view.csv:
                await _as_csv(found, terminal)
            else:
                await as_table(found, view.columns, terminal)
        return OK

    return await with_client(account, terminal, write)


async def with_client(account: AccountFlags, terminal: Terminal, work: Callable[[LitmosClient], Any]) -> int:
    """Do a piece of work with a client, and return the exit code; an error of the server's is a 1."""

    async def carry_out() -> int:
        async with account.client() as litmos:
            with logged(terminal):
                try:
                    return int(await work(litmos))
                except ConfigurationError:
                    raise
                except LitmosError as problem:
                    terminal.fail(problem)
                    return FAILED

    return await until_interrupted(carry_out())


async def _as_json(rows: AsyncIterator[Row], terminal: Terminal) -> None:
    """Write an array with a row on each line. If the list breaks off it is not closed, so no program takes it."""
    before = "[\n"
    async for row in rows:
        terminal.write(f"{before}{text_of.dumps(row, ensure_ascii=False)}")
        before = ",\n"
        if terminal.closed:
            return
    terminal.write("[]\n" if before == "[\n" else "\n]\n")


async def _as_csv(rows: AsyncIterator[Row], terminal: Terminal) -> None:
    """Write a header and a line for each row; `extra`, which the server may fill as it likes, is left out."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    names: list[str] | None = None
    async for row in rows:
        if names is None:
            names = [name for name in row if name != "extra"]
            writer.writerow(names)
        writer.writerow([_cell(row[name]) for name in names])
        terminal.write(line.getvalue())
        line.seek(0)
        line.truncate()
        if terminal.closed:
            return


async def as_table(rows: AsyncIterator[Row], columns: Sequence[str], terminal: Terminal) -> None:
    """Write a table for people: its columns are as wide as the first rows need it."""
    first = list[Sequence[str]]()
    async for row in rows:
        first.append([_shown(row[column]) for column in columns])
        if len(first) == _FIRST:
            break
    if not first:
        terminal.tell("There are none")
        return
    title = [column.replace("_", " ") for column in columns]
    widths = [min(_WIDEST, max(map(len, cells))) for cells in zip(title, *first, strict=True)]
    for cells in chain([title], first):
        terminal.say(_line(cells, widths))
    async for row in rows:
        terminal.say(_line([_shown(row[column]) for column in columns], widths))
        if terminal.closed:
            return  # the rest would cost requests, and no one reads it


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    last = len(cells) - 1  # ids stand there, which must be whole
    cut = [
        cell if place == last or len(cell) <= _WIDEST else f"{cell[: _WIDEST - 1]}…"
        for place, cell in enumerate(cells)
    ]
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cut, widths, strict=True)).rstrip()


def _shown(value: Any) -> str:
    """Return a value as a person reads it, in one line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " ".join(str(value).split()) if not isinstance(value, list | dict) else text_of.dumps(value)


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return guarded(value)
    if isinstance(value, list | dict):
        return guarded(text_of.dumps(value, ensure_ascii=False))
    return value
