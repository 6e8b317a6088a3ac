"""`litmos lists`, `litmos schema` and `litmos export`: lists into files, whole, and on where they stopped."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias, cast

from attrs import frozen
from cyclopts import Group, Parameter

from litmos_async import LitmosClient
from litmos_async.cli.codes import FAILED, OK
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.lists import as_table
from litmos_async.cli.logs import logged
from litmos_async.cli.names import ids_of
from litmos_async.cli.nightly import read_nightly
from litmos_async.cli.options import ACCOUNT_FLAGS, OUTPUT, AccountFlags, AsJson
from litmos_async.cli.status_line import watched
from litmos_async.cli.terminal import Terminal, listed
from litmos_async.cli.times import moment_of, span_of
from litmos_async.cli.words import explain
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.export import (
    ExportIncomplete,
    ExportPlan,
    ListSpec,
    Manifest,
    Progress,
    find_list,
    lists,
    merge,
    schema,
)
from litmos_async.wording import count

__all__ = ["export", "show_lists", "show_schema"]

EXPORT: Final = Group("What an export takes", sort_key=2)

_SHOWN: Final = 8
"""Columns of a table for people, where none are named: what tells rows apart comes first."""

_BY_NAME: Final = {"course": "course_id", "team": "team_id", "user": "user_id", "path": "learning_path_id"}
"""What can be said to `--where` by its name, and the column of its id."""

Dest: TypeAlias = Annotated[
    str | None,
    Parameter(
        name=["--output", "-o"],
        help="The destination: a file, whose extension gives the format; a folder; the address of a folder "
        "on an object store, such as s3://bucket/litmos; or - for standard output.",
        group=EXPORT,
        allow_leading_hyphen=True,
    ),
]


def show_lists(*, json: AsJson = False) -> int:
    """Show what can be exported: each list, what --since means for it, and how many requests it takes.

    Any other list operation can be exported as well, by its name in the library, such as org.list_users.
    """
    terminal = Terminal()
    if json:
        terminal.document([_facts(each) for each in lists()])
        return OK
    rows = [(each.name, f"{_since(each):<22}  {each.cost}") for each in lists()]
    terminal.say(listed("Lists: name, what --since takes, requests", rows))
    return OK


def _facts(spec: ListSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "since": spec.since,
        "since_required": spec.windowed,
        "requests": spec.cost,
        "key": spec.key,
        "where": spec.where,
        "operations": spec.source,
    }


def _since(spec: ListSpec) -> str:
    if spec.since == "nothing":
        return "nothing: all of it"
    return f"{spec.since} since{', required' if spec.windowed else ''}"


def show_schema(
    name: Annotated[str, Parameter(help="The list.")],
    /,
    *,
    with_secrets: Annotated[
        bool, Parameter(help="Include the columns that an export has only with --with-secrets.", group=OUTPUT)
    ] = False,
    json: AsJson = False,
) -> int:
    """Show the columns of a list and their types; with --json, a JSON Schema of its rows."""
    terminal = Terminal()
    columns = schema(name, with_secrets=with_secrets)
    if json:
        terminal.document(columns.json_schema())
        return OK
    rows = [
        (column.name, f"{column.type}{'  key' if column.name in columns.key else ''}")
        for column in columns.columns
    ]
    terminal.say(listed(f"{name}: {count(len(rows), 'column')}", rows))
    return OK


@Parameter(name="*")
@frozen
class Wanted:
    """What is exported, and how."""

    format: Annotated[
        Literal["jsonl", "csv", "parquet", "table"] | None,
        Parameter(
            group=EXPORT,
            help="The format, unless the file's extension gives it. The default is jsonl. A table is for "
            "people, on standard output.",
        ),
    ] = None
    since: Annotated[
        str | None,
        Parameter(
            group=EXPORT,
            help="Only rows since then: 2026-03-01, 2026-03-01T06:00Z, or 7d for the last 7 days. litmos "
            "lists shows what that means for each list. With --state, where the first run begins.",
        ),
    ] = None
    to: Annotated[
        str | None, Parameter(group=EXPORT, help="Only rows until then, for lists over a span of time.")
    ] = None
    state: Annotated[
        Path | None,
        Parameter(
            group=EXPORT,
            help="A file that records what was written: the next run adds files with what has changed since.",
        ),
    ] = None
    overlap: Annotated[
        str, Parameter(group=EXPORT, help="How far before the end of the last run the next one begins.")
    ] = "1h"
    full_every: Annotated[
        str,
        Parameter(group=EXPORT, help="How often a list is read in full again, to mark rows that are gone."),
    ] = "7d"
    columns: Annotated[
        str | None, Parameter(group=EXPORT, help="Only these columns, separated by commas.")
    ] = None
    where: Annotated[
        tuple[str, ...],
        Parameter(
            group=EXPORT,
            help="Only rows of a course, team, user or path, by its code or name: course=SAFE-1; or by an id: "
            "course_id=r4TnWq8zBcE1.",
            consume_multiple=False,
        ),
    ] = ()
    with_secrets: Annotated[
        bool, Parameter(group=EXPORT, help="Include log-in links, which are credentials.")
    ] = False

    def options(self, now: datetime) -> dict[str, Any]:
        """Return what `litmos.export.run` takes."""
        columns = None if self.columns is None else [each.strip() for each in self.columns.split(",")]
        return {
            "format": self.format,
            "since": None if self.since is None else moment_of(self.since, "--since", now),
            "to": None if self.to is None else moment_of(self.to, "--to", now),
            "state": self.state,
            "overlap": span_of(self.overlap, "--overlap"),
            "full_every": span_of(self.full_every, "--full-every"),
            "columns": columns,
            "with_secrets": self.with_secrets,
        }


WANTED: Final = Wanted()


async def export(
    *names: Annotated[str, Parameter(help="The lists; litmos lists shows which there are.")],
    output: Dest = None,
    wanted: Wanted = WANTED,
    all_of: Annotated[
        Path | None,
        Parameter(
            group=EXPORT,
            help="A TOML file with lists, output and the options above, for several lists in one go.",
        ),
    ] = None,
    merge: Annotated[
        Path | None,
        Parameter(
            group=EXPORT,
            help="Write the current rows of a list to the file: the newest row of each key in this folder, "
            "which was exported with --state. Nothing is sent.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, Parameter(group=EXPORT, help="Show what would be requested. Nothing is sent or written.")
    ] = False,
    quiet: Annotated[bool, Parameter(group=OUTPUT, help="Show errors only.")] = False,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Export lists to files. If it is killed, run the same command again to resume.

    OUTPUT.manifest.json, or _manifest.json in a folder, says what was written and whether it is complete.

    Exit code 0: the export is complete. 1: it is not, and the manifest says why; run the same command again to
    resume. 2: the command cannot work as given.
    """
    terminal = Terminal(quiet=quiet)
    if merge is not None:
        if names or all_of or output is None or wanted != WANTED:
            raise ConfigurationError("--merge FOLDER takes --output FILE, and nothing else")
        return await _merge(merge, output, terminal)
    if all_of is not None:
        if names or output is not None or wanted != WANTED:
            raise ConfigurationError("--all-of FILE gives the lists and options: do not pass them too")
        nightly = read_nightly(all_of)
        names, output, wanted = nightly.names, nightly.output, Wanted(**nightly.options)
    if not names:
        raise ConfigurationError("name a list: litmos lists shows which there are")
    order = _Order(names, output, wanted, datetime.now(UTC))
    key = account.key()

    async def carry_out() -> int:
        async with account.client(key) as litmos:
            with logged(terminal):
                return await _Run(order, litmos, terminal).to_end(dry_run=dry_run)

    return await until_interrupted(carry_out())


async def _merge(folder: Path, output: str, terminal: Terminal) -> int:
    try:
        rows = await asyncio.to_thread(merge, folder, output)
    except OSError as problem:
        # Either a part that is read or the file that is written: the system says which.
        terminal.complain(f"cannot merge {folder} into {output}: {problem}")
        return FAILED
    terminal.say(f"{count(rows, 'row')} in {output}")
    return OK


class _Order:
    """An export as it was typed, checked as far as that takes no request.

    Raises:
        ConfigurationError: It cannot work.
    """

    def __init__(self, names: Sequence[str], output: str | None, wanted: Wanted, now: datetime) -> None:
        self.names = names
        self.table = wanted.format == "table"
        self.output = "-" if output is None and self.table else output
        if self.output is None:
            raise ConfigurationError(
                "give the destination with --output: a file, a folder, or - for standard output"
            )
        self.options = wanted.options(now)
        pairs = [_pair(text) for text in wanted.where]
        self.where = dict(pairs)
        if len({_BY_NAME.get(name, name) for name in self.where}) < len(pairs):
            raise ConfigurationError("--where can be given once for each column")
        specs = [find_list(name) for name in names]
        for name in self.where:
            column = _BY_NAME.get(name, name)
            if all(column not in spec.where for spec in specs):
                known = [short for short, long in _BY_NAME.items() if any(long in s.where for s in specs)]
                possible = f"by {' or '.join(known)}" if known else "by nothing"
                raise ConfigurationError(f"{', '.join(names)} can be limited {possible}, not by {name}")
        if self.table and self.output != "-":
            raise ConfigurationError("a table goes to standard output: leave --output out, or say -")
        if self.output == "-":
            self._check_stream(specs)

    def _check_stream(self, specs: Sequence[ListSpec]) -> None:
        """Refuse what standard output cannot take."""
        if len(specs) > 1:
            raise ConfigurationError("standard output takes one list at a time")
        if self.options["format"] == "parquet":
            raise ConfigurationError("parquet needs a file or a folder, not standard output")
        if self.options["state"] is not None:
            raise ConfigurationError("a state needs a folder: an export to standard output cannot be resumed")
        specs[0].check_since(self.options["since"], self.options["to"])


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise ConfigurationError(f"--where takes something like course=SAFE-1, not {text!r}")
    return name.strip(), value.strip()


class _Run:
    """Carries out one export."""

    def __init__(self, order: _Order, litmos: LitmosClient, terminal: Terminal) -> None:
        self._order = order
        self._litmos = litmos
        self._terminal = terminal
        self._progress: Progress | None = None

    async def to_end(self, *, dry_run: bool) -> int:
        """Export, and return the exit code."""
        terminal, order = self._terminal, self._order
        stream = order.output == "-"
        try:
            if dry_run:
                return await self._show_plan()
            where = await self._ids()
            with_progress = watched(self._describe, terminal)
            if stream:
                return await self._to_stream(where)
            async with with_progress:
                manifest = await self._litmos.export.run(
                    order.names, str(order.output), where=where, on_progress=self._note, **order.options
                )
        except ConfigurationError:
            raise
        except asyncio.CancelledError:
            if not stream:
                terminal.say("Interrupted. Run the same command again to resume")
            raise
        except ExportIncomplete as problem:
            self._say_what_is_missing(problem.manifest)
            return FAILED
        except (LitmosError, OSError, sqlite3.Error) as problem:
            terminal.complain(
                f"{explain(problem)}{'' if stream else '. Run the same command again to resume'}"
            )
            return FAILED
        self._say_what_is_there(manifest)
        return OK

    def _note(self, progress: Progress) -> None:
        self._progress = progress

    def _describe(self) -> str:
        quota = self._litmos.quota
        used = f"{quota.used}/{quota.limit} requests in {quota.period:g} s"
        if self._progress is None:
            return f"Beginning; {used}"
        done, rows = len(self._progress.finished), sum(self._progress.rows.values())
        return (
            f"{done}/{len(self._order.names)} lists done, {rows:,} rows, "
            f"{self._progress.requests:,} requests, {used}"
        )

    async def _ids(self) -> dict[str, str]:
        """Return `where` with ids in place of names."""
        found: dict[str, str] = {}
        for name, value in self._order.where.items():
            if name in _BY_NAME:
                (found[_BY_NAME[name]],) = await ids_of(self._litmos, name, [value], f"--where {name}=")
            else:
                found[name] = value
        return found

    async def _to_stream(self, where: Mapping[str, str]) -> int:
        terminal, order = self._terminal, self._order
        options = {name: order.options[name] for name in ("since", "to", "columns", "with_secrets")}
        name = order.names[0]
        batches = self._litmos.export.batches(name, where=where, **options)
        if order.table:
            columns = options["columns"] or _first_columns(name)
            async with aclosing(batches), aclosing(_each_row(batches)) as rows:
                await as_table(rows, columns, terminal)
        else:
            format, header = cast("Literal['jsonl', 'csv']", order.options["format"] or "jsonl"), True
            async with aclosing(batches):
                async for batch in batches:
                    terminal.data(batch.text(format, header=header))
                    header = False
                    if terminal.closed:
                        break
        return OK

    async def _show_plan(self) -> int:
        order, terminal = self._order, self._terminal
        if order.output == "-":
            spec = find_list(order.names[0])
            terminal.say(listed("Plan", [(spec.name, spec.cost), ("output", "standard output")]))
            return OK
        # Names are looked up with requests, of which a plan sends none.
        where = {_BY_NAME.get(name, name): value for name, value in self._order.where.items()}
        plan = await self._litmos.export.plan(order.names, str(order.output), where=where, **order.options)
        terminal.say(_plan_text(plan))
        return OK

    def _say_what_is_there(self, manifest: Manifest) -> None:
        rows = [(name, _entry_text(manifest, name)) for name in manifest.lists]
        if not self._terminal.quiet:
            self._terminal.say(listed(f"Complete, with {count(manifest.requests, 'request')}", rows))

    def _say_what_is_missing(self, manifest: Manifest) -> None:
        for name, entry in manifest.lists.items():
            if not entry.complete:
                self._terminal.complain(f"{name} is not complete: {entry.reason or 'it was not read'}")
        self._terminal.complain("run the same command again to resume")


def _entry_text(manifest: Manifest, name: str) -> str:
    entry = manifest.lists[name]
    gone = f", {entry.gone:,} of them gone" if entry.gone else ""
    return f"{count(entry.rows, 'row')}{gone}, {count(len(entry.files), 'file')}"


def _plan_text(plan: ExportPlan) -> str:
    rows = []
    for each in plan.lists:
        what = "all of it" if each.since is None else f"from {each.since:%Y-%m-%d %H:%M:%S} UTC on"
        how = "goes on: " if each.goes_on else ""
        rows.append((each.name, f"{how}{what}, {count(each.columns, 'column')}; requests: {each.cost}"))
    return "\n".join([listed(f"Plan: {plan.format} to {plan.place}", rows), f"Beside the export {plan.note}"])


def _first_columns(name: str) -> list[str]:
    columns = schema(name)
    plain = [column.name for column in columns.columns if column.type not in {"record", "records", "json"}]
    return [*[each for each in plain if each not in columns.key], *columns.key][-_SHOWN:][:_SHOWN]


async def _each_row(batches: AsyncIterator[Any]) -> AsyncGenerator[Mapping[str, Any], None]:
    async for batch in batches:
        for row in batch.rows:
            yield row
