"""`litmos report`: who has completed what, who is overdue, and how far the teams are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from attrs import frozen
from cyclopts import Group, Parameter

from litmos_async import LitmosClient
from litmos_async.cli.cells import guarded
from litmos_async.cli.codes import FAILED, OK
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.lists import as_table
from litmos_async.cli.logs import logged
from litmos_async.cli.names import ids_of
from litmos_async.cli.options import ACCOUNT_FLAGS, OUTPUT, AccountFlags, AsJson
from litmos_async.cli.outcomes import Access, check_writable, write_whole
from litmos_async.cli.status_line import watched
from litmos_async.cli.terminal import Terminal, listed
from litmos_async.cli.times import moment_of
from litmos_async.cli.words import explain
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.report import LONGEST_TABLE, Report, check_page, csv_text, page
from litmos_async.wording import count, system_reason

__all__ = ["report"]

REPORT: Final = Group("What a report takes", sort_key=2)

Kind: TypeAlias = Literal["completion", "overdue", "not-started", "teams"]


@frozen
class _Target:
    """Where a report goes.

    Attributes:
        path: The file; None for standard output.
        html: Whether it is a page; else it is CSV, or a table on standard output.
    """

    path: Path | None
    html: bool

    @classmethod
    def of(cls, output: str) -> _Target:
        """Return what was typed.

        Raises:
            ConfigurationError: It is no file that a report can be written to.
        """
        if output == "-":
            return cls(None, html=False)
        path = Path(output)
        ending = path.suffix.lower()
        if ending not in {".html", ".htm", ".csv"}:
            raise ConfigurationError(
                f"--output must be a file that ends in .html or .csv, or -, not {output!r}"
            )
        try:
            check_writable(path)
        except (OSError, ValueError) as problem:
            raise ConfigurationError(f"cannot write {path}: {system_reason(problem)}") from None
        if ending != ".csv":
            check_page()
        return cls(path, html=ending != ".csv")


async def report(
    kind: Annotated[
        Kind,
        Parameter(
            help="completion: everyone in every course. overdue: who should have completed by now. "
            "not-started: who has not started. teams: how far each team is."
        ),
    ],
    /,
    *,
    output: Annotated[
        str,
        Parameter(
            name=["--output", "-o"],
            help="A file that ends in .html or .csv; - is a table on standard output.",
            group=REPORT,
            allow_leading_hyphen=True,
        ),
    ] = "-",
    course: Annotated[
        tuple[str, ...],
        Parameter(
            help="Only this course, by its code, name or id. Can be given several times.",
            group=REPORT,
            consume_multiple=False,
        ),
    ] = (),
    team: Annotated[
        tuple[str, ...],
        Parameter(
            help="Only the members of this team, by its name or id. Can be given several times.",
            group=REPORT,
            consume_multiple=False,
        ),
    ] = (),
    since: Annotated[
        str | None,
        Parameter(
            help="Only results that changed after it: 2026-03-01, or 90d for the last 90 days.", group=REPORT
        ),
    ] = None,
    inactive: Annotated[bool, Parameter(help="Add inactive people. Not with teams.", group=REPORT)] = False,
    json: AsJson = False,
    quiet: Annotated[bool, Parameter(group=OUTPUT, help="Show errors only.")] = False,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Report who has completed what, who is overdue, who has not started, or how far each team is.

    An HTML page is one self-contained file. Its table ends after 2,000 rows; if there are more, a CSV of the
    same name beside it has all of them. Only their owner can read the files, since they name people.

    Exit code 0: the report was made. 1: it could not be made. 2: the command cannot work as given.
    """
    now = datetime.now(UTC)
    target = _Target.of(output)
    if json and target.path is not None:
        raise ConfigurationError("--json writes to standard output: leave --output out")
    if inactive and (kind == "teams" or team):
        raise ConfigurationError("--inactive does not go with teams: the API lists no inactive members")
    begin = None if since is None else moment_of(since, "--since", now)
    terminal = Terminal(quiet=quiet)
    key = account.key()

    async def carry_out() -> int:
        async with account.client(key) as litmos:
            with logged(terminal):
                try:
                    async with watched(lambda: _describe(litmos), terminal):
                        courses = await ids_of(litmos, "course", course, "--course ") if course else []
                        teams = await ids_of(litmos, "team", team, "--team ") if team else []
                        made = await litmos.report.make(
                            kind, courses=courses, teams=teams, since=begin, inactive=inactive, now=now
                        )
                    return await _write(made, target, terminal, json=json)
                except ConfigurationError:
                    raise
                except LitmosError as problem:
                    terminal.complain(explain(problem))
                except OSError as problem:
                    terminal.complain(f"cannot write {output}: {system_reason(problem)}")
                return FAILED

    return await until_interrupted(carry_out())


def _describe(litmos: LitmosClient) -> str:
    quota = litmos.quota
    return f"Reading; {quota.used}/{quota.limit} requests in {quota.period:g} s"


async def _write(made: Report, target: _Target, terminal: Terminal, *, json: bool) -> int:
    if json:
        terminal.document(made.to_dicts())
    elif target.path is None:
        names = [column.name for column in made.columns]
        await as_table(_each(made), names, terminal)
        if not terminal.quiet:
            terminal.tell(listed(f"{made.title}: {made.note}", list(made.figures)))
    else:
        written = await asyncio.to_thread(_write_files, made, target.path, html=target.html)
        if not terminal.quiet:
            said = f"{made.title}: {count(len(made.rows), 'row')} in {' and '.join(map(str, written))}"
            terminal.say(listed(said, list(made.figures)))
    return OK


async def _each(made: Report) -> AsyncIterator[Mapping[str, Any]]:
    for row in made.to_dicts():
        yield row


def _write_files(made: Report, path: Path, *, html: bool) -> list[Path]:
    """Write the page, with a CSV beside it where the page does not hold all rows; or the CSV alone."""
    rows = csv_text(made, guarded)
    if not html:
        write_whole(path, Access(), lambda file: file.write(rows))
        return [path]
    beside = path.with_suffix(".csv") if len(made.rows) > LONGEST_TABLE else None
    text = page(made, csv_name=beside.name if beside else "")
    if beside is not None:
        write_whole(beside, Access(), lambda file: file.write(rows))
    write_whole(path, Access(), lambda file: file.write(text))
    return [path] if beside is None else [path, beside]
