"""One run of an export: reads lists side by side, writes every page, and notes it before the next one.

A page that was read is written and noted before its list goes on, so a kill costs the pages that were on their way
and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from attrs import define, evolve, field, frozen

from litmos_async.errors import ConfigurationError, IncompleteListing, LitmosError, NotFound
from litmos_async.export.catalogue import Ask, ListSpec, Row, Unit, rows_of
from litmos_async.export.manifest import FileEntry, ListEntry, Manifest
from litmos_async.export.output import Output, digest, working_name
from litmos_async.export.place import Place
from litmos_async.export.rows import Cells, RowMaker, Rows, content_mark, key_text
from litmos_async.export.schema import DELETED, EXPORTED_AT, Schema
from litmos_async.export.state import Part, Past, Run, StateFile
from litmos_async.resources import Resources

T = TypeVar("T")

LISTS_AT_ONCE: Final = 4
"""Lists that are read side by side."""

UNITS_AT_ONCE: Final = 4
"""Units of one list that are read side by side."""

PART_ROWS: Final = 200_000
"""Rows of one file in a folder; the next ones go into another."""

_UNITS_A_STEP: Final = 500
"""Units that are noted, or taken from the notes, at a time."""

_GONE_A_STEP: Final = 1_000
"""Rows that are marked as gone at a time."""

_NO_DATE: Final = timedelta(minutes=5)
"""How far our own clock may be ahead of a server that does not tell its time."""


class ExportIncomplete(IncompleteListing):
    """An export ended with a list that is not complete. Run it again to go on.

    Attributes:
        manifest: What was written, and which lists are not complete and why.
    """

    manifest: Manifest

    def __init__(self, message: str, manifest: Manifest) -> None:
        super().__init__(message)
        self.manifest = manifest


@frozen
class Order:
    """What an export was asked to do.

    Attributes:
        specs: The lists.
        place: Where they go.
        schemas: The columns wanted of each list.
        ask: What is wanted of the lists that `since` means something for.
        keeps: Whether the state stays for the next run: rows then say when they were exported.
        overlap: How far before its cursor a run begins.
        full_every: How often a list is read whole again.
    """

    specs: tuple[ListSpec, ...]
    place: Place
    schemas: Mapping[str, Schema]
    ask: Ask
    keeps: bool
    overlap: timedelta
    full_every: timedelta


@frozen
class Progress:
    """How far an export is.

    Attributes:
        name: The list of which a page was written.
        rows: Rows of each list so far.
        requests: Requests sent by this run.
        finished: The lists that are finished.
    """

    name: str
    rows: Mapping[str, int]
    requests: int
    finished: frozenset[str]


class Exporter:
    """Carries out one run.

    Args:
        litmos: What reads, in the bulk lane; it counts its requests with `sent`.
        order: What to do.
        state: What is remembered.
        base_url: The account's address, for the manifest.
        sent: Returns how many requests were sent.
        server_time: Returns the server's time, or None where it did not tell.
        on_progress: Called after each page.
    """

    def __init__(
        self,
        litmos: Resources,
        order: Order,
        state: StateFile,
        *,
        base_url: str,
        sent: Callable[[], int],
        server_time: Callable[[], datetime | None],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._litmos = litmos
        self._order = order
        self._state = state
        self._base_url = base_url
        self._sent = sent
        self._server_time = server_time
        self._on_progress = on_progress
        self._thread = ThreadPoolExecutor(1, "litmos-export")
        self._began = datetime.now(UTC)
        self._lists = {spec.name: _ListRun(spec) for spec in order.specs}

    async def run(self, old_files: list[str]) -> Manifest:
        """Read and write all lists.

        Args:
            old_files: Files of an export that this one replaces.

        Raises:
            ExportIncomplete: A list could not be proven complete, or its output could not be written.
            LitmosError: A request failed. The same call goes on.
        """
        try:
            problems = await self._all_lists(old_files)
            manifest = await self._blocking(self._manifest, problems)
            if not problems:
                first = {name: each.run.since for name, each in self._lists.items() if each.run}
                await self._blocking(self._state.end, list(self._lists), first)
        finally:
            await self._blocking(self._close)
            self._thread.shutdown()
        if problems:
            raise _worst(problems, manifest)
        return manifest

    async def _all_lists(self, old_files: list[str]) -> dict[str, Exception]:
        """Read the lists side by side; one that fails does not stop the others."""
        turns = asyncio.Semaphore(LISTS_AT_ONCE)
        problems: dict[str, Exception] = {}

        async def one(each: _ListRun) -> None:
            async with turns:
                try:
                    await self._one_list(each, old_files)
                except (LitmosError, OSError, sqlite3.Error) as problem:
                    problems[each.spec.name] = problem

        await _together([one(each) for each in self._lists.values()])
        return problems

    # ------------------------------------------------ one list

    async def _one_list(self, each: _ListRun, old_files: list[str]) -> None:
        await self._blocking(self._resume, each)
        if each.done:
            return
        if each.run is None or not each.listed:
            await self._list_units(each)
        async with aclosing(self._units(each)) as units:
            workers = 1 if each.spec.units is None else UNITS_AT_ONCE
            await _together([self._work(each, units) for _ in range(workers)])
        if each.run is None:  # no unit at all: no team, no course
            await self._begin(each)
        await self._blocking(self._finish, each, old_files)
        self._report(each)

    def _resume(self, each: _ListRun) -> None:
        """Take up the run under way, with its files cut back to what counts."""
        name = each.spec.name
        each.past = self._state.past(name)
        progress = self._state.progress(name)
        if progress is None:
            each.ask = self._ask(each)
            return
        each.run, each.listed, each.rows, each.done = (
            progress.run,
            progress.listed,
            progress.rows,
            progress.done,
        )
        each.ask = self._ask(each)
        each.make_rows(self._order)
        for part in self._state.parts(name):
            final = self._order.place.folder_of(name) / part.file
            if part.size and final.exists() and not working_name(final).exists():
                part = evolve(part, finished=True)  # noqa: PLW2901 - it was killed between the two
            each.parts.append(part)
            if not part.finished and not each.done:
                each.outputs[part.place] = self._output(each, part)

    def _ask(self, each: _ListRun) -> Ask:
        """Return what is asked of a list: everything, or what changed since the last run."""
        order, spec, past = self._order, each.spec, each.past
        since = each.run.since if each.run else order.ask.since if spec.since != "nothing" else None
        whole = not spec.windowed
        if each.run is not None:
            whole = each.run.whole
        elif past.cursor is not None:
            # Deltas are logs: what they brought stays, so they are never read again from their beginning.
            due = past.whole is None or self._began - past.whole >= order.full_every
            whole = spec.since == "nothing" or (due and not spec.windowed)
            since = past.first_since if whole else past.cursor - order.overlap
        each.whole = whole
        options = order.ask.options
        if whole and past.cursor is not None and spec.units is not None:
            # Rows that do not come will be marked as gone: a short page is no proof of that.
            options = {**options, "confirm_end": True}
        to = order.ask.to if spec.windowed else None
        where = {name: value for name, value in order.ask.where.items() if name in spec.where}
        return evolve(order.ask, since=since, to=to, where=where, options=options)

    async def _list_units(self, each: _ListRun) -> None:
        """Note the units of a list; those of a list that is one list of the API take no request."""
        if each.spec.units is None:
            each.units_ahead = [Unit()]
            return
        some: list[Unit] = []
        first = 0
        async for unit in each.spec.units(self._litmos, each.ask):
            some.append(unit)
            if len(some) == _UNITS_A_STEP:
                await self._note_units(each, some, first, last=False)
                first, some = first + len(some), []
        if not first and some and self._server_time() is None:
            each.units_ahead = some  # it took no request: the first page will tell the server's time
            return
        await self._note_units(each, some, first, last=True)

    async def _note_units(self, each: _ListRun, units: list[Unit], first: int, *, last: bool) -> None:
        await self._begin(each)
        each.unit_count = first + len(units)
        await self._blocking(lambda: self._state.add_units(each.spec.name, units, first=first, last=last))

    async def _begin(self, each: _ListRun) -> None:
        """Note that the run has begun, once there was an answer that tells the server's time."""
        if each.run is None:
            await self._blocking(self._begin_now, each)

    def _begin_now(self, each: _ListRun) -> None:
        if each.run is not None:
            return
        server = self._server_time()
        passed = datetime.now(UTC) - self._began
        started = self._began if server is None else server - passed
        cursor = started - _NO_DATE if server is None else started
        run = Run(
            started,
            f"{started:%Y%m%dT%H%M%S}{started.microsecond // 1000:03}Z",
            each.ask.since,
            each.whole,
            cursor,
        )
        self._state.begin(each.spec.name, run)
        each.run = run
        each.make_rows(self._order)
        if each.units_ahead:
            self._state.add_units(each.spec.name, each.units_ahead, first=0, last=True)
            each.unit_count = len(each.units_ahead)

    async def _units(self, each: _ListRun) -> AsyncGenerator[tuple[int, Unit, str | None]]:
        """Yield the units that are not finished, each with its place and where to go on."""
        if each.run is None:
            for place, unit in enumerate(each.units_ahead):
                yield place, unit, None
            return
        after = -1
        while some := await self._blocking(self._state.units_left, each.spec.name, after, _UNITS_A_STEP):
            for place, unit, token in some:
                after = place
                yield place, unit, token

    async def _work(self, each: _ListRun, units: AsyncIterator[tuple[int, Unit, str | None]]) -> None:
        """Read units until there are none left."""
        while True:
            async with each.choosing:
                found = await anext(units, None)
            if found is None:
                return
            await self._read_unit(each, *found)

    async def _read_unit(self, each: _ListRun, place: int, unit: Unit, token: str | None) -> None:
        pages = each.spec.open(self._litmos, each.ask, unit)
        try:
            async with aclosing(pages.by_page(resume=token)) as walk:
                async for page in walk:
                    rows = list(rows_of(each.spec, unit, page.items))
                    await self._write(each, place, page.resume, rows)
        except NotFound:
            if not unit.key:
                raise
            # The team, course … was deleted since its list was read: it has no rows any more.
            await self._write(each, place, None, [])

    # ------------------------------------------------ writing

    async def _write(self, each: _ListRun, place: int, token: str | None, rows: list[Row]) -> None:
        await self._begin(each)
        await self._blocking(self._write_now, each, place, token, rows)
        self._report(each)

    def _write_now(self, each: _ListRun, place: int, token: str | None, rows: list[Row]) -> None:
        """Write a page and note it."""
        cells = [each.maker.row(parent, record) for parent, record in rows]
        seen: list[tuple[str, bytes]] = []
        if self._order.keeps:
            key, bare = each.spec.key, each.bare
            seen = [
                (key_text(record, parent, key), content_mark(bare.row(parent, record)))
                for parent, record in rows
            ]
            fresh = self._state.unknown(each.spec.name, each.stamp, seen)
            cells = [cells[number] for number in fresh]
        part = self._append(each, cells) if cells else None
        self._state.commit(each.spec.name, place, token, part=part, rows=len(cells), seen=seen)
        each.rows += len(cells)

    def _append(self, each: _ListRun, cells: list[Cells]) -> Part:
        """Write rows to the last file, or to a new one where that is full."""
        last = each.parts[-1] if each.parts else None
        if last is None or (last.rows >= PART_ROWS and not self._order.place.file):
            number = last.place + 1 if last else 0
            name = self._order.place.name_of(each.spec.name, each.stamp, number)
            last = Part(number, name, 0, 0, finished=False)
            each.parts.append(last)
            each.outputs[number] = self._output(each, last)
        size = each.outputs[last.place].append(Rows(each.maker.schema, cells))
        each.parts[-1] = evolve(last, size=size, rows=last.rows + len(cells))
        return each.parts[-1]

    def _output(self, each: _ListRun, part: Part) -> Output:
        folder = self._order.place.folder_of(each.spec.name)
        folder.mkdir(parents=True, exist_ok=True)
        return Output(folder / part.file, each.maker.schema, self._order.place.format, part.size)

    def _finish(self, each: _ListRun, old_files: list[str]) -> None:
        """Mark what is gone, and put the files under their final names."""
        name, place = each.spec.name, self._order.place
        if each.whole and self._order.keeps and each.past.cursor is not None:
            self._mark_gone(each)
        if not each.parts and (place.file or not self._order.keeps):
            # An empty list is a file without rows, and not no file.
            self._state.put_part(name, self._append(each, []))
        folder = place.folder_of(name)
        ours = {part.file for part in each.parts}
        for old in old_files:
            path = place.folder / old
            if not self._order.keeps and path.parent == folder and path.name not in ours:
                path.unlink(missing_ok=True)
        for number, part in enumerate(each.parts):
            if not part.finished:
                each.outputs.pop(part.place).finish()
                if place.remote is not None:
                    place.remote.take(
                        folder / part.file, f"{name}/{part.file}" if place.several else part.file
                    )
                each.parts[number] = evolve(part, finished=True)
                self._state.put_part(name, each.parts[number])
        self._state.finish(name)
        each.done = True

    def _mark_gone(self, each: _ListRun) -> None:
        """Write a row for each key that an earlier run wrote and this one did not see."""
        name, columns = each.spec.name, each.maker.schema.columns
        times = [column.name for column in columns if column.type == "time"]
        while keys := self._state.gone(name, each.stamp, _GONE_A_STEP):
            rows: list[Cells] = []
            for key in keys:
                values = dict(zip(each.spec.key, json.loads(key), strict=True))
                values |= {name: datetime.fromisoformat(values[name]) for name in times if values.get(name)}
                values |= {EXPORTED_AT: each.started, DELETED: True}
                rows.append(tuple(values.get(column.name) for column in columns))
            self._state.note_gone(name, keys, self._append(each, rows))
            each.rows += len(keys)
            each.gone += len(keys)

    def _manifest(self, problems: Mapping[str, Exception]) -> Manifest:
        """Write the manifest."""
        place = self._order.place
        started = min((each.started for each in self._lists.values() if each.run), default=self._began)
        manifest = Manifest(place.format, self._base_url, started, datetime.now(UTC), self._sent())
        for name, each in self._lists.items():
            problem = problems.get(name)
            entry = ListEntry(
                rows=each.rows,
                complete=problem is None and each.done,
                reason="" if problem is None else _one_line(problem),
                since=each.ask.since,
                windows=each.unit_count,
                gone=each.gone,
            )
            for part in each.parts:
                path = place.folder_of(name) / part.file
                if part.finished and path.exists():
                    below = path.relative_to(place.folder).as_posix()
                    entry.files.append(FileEntry(below, part.rows, path.stat().st_size, digest(path)))
            manifest.lists[name] = entry
        manifest.write(place.manifest)
        if place.remote is not None:
            place.remote.take(place.manifest, place.manifest.name)
        return manifest

    # ------------------------------------------------ around

    def _report(self, each: _ListRun) -> None:
        if self._on_progress is not None:
            rows = {name: one.rows for name, one in self._lists.items()}
            finished = frozenset(name for name, one in self._lists.items() if one.done)
            self._on_progress(Progress(each.spec.name, rows, self._sent(), finished))

    def _close(self) -> None:
        for each in self._lists.values():
            for output in each.outputs.values():
                output.close()

    async def _blocking(self, work: Callable[..., T], *args: Any) -> T:
        """Do work that blocks, in the one thread of this run; a cancellation waits for its end."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        return await _to_the_end(future)


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do several things side by side; the first error ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as problems:
        raise problems.exceptions[0] from None


async def _to_the_end(future: asyncio.Future[T]) -> T:
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        if not future.done():
            await asyncio.wait([future])
        raise


@define(eq=False)
class _ListRun:
    """One list, in this run."""

    spec: ListSpec
    past: Past = field(factory=Past)
    ask: Ask = field(factory=Ask)
    whole: bool = True
    run: Run | None = None
    listed: bool = False
    rows: int = 0
    gone: int = 0
    done: bool = False
    unit_count: int = 0
    units_ahead: list[Unit] = field(factory=list[Unit])
    parts: list[Part] = field(factory=list[Part])
    outputs: dict[int, Output] = field(factory=dict[int, Output])
    choosing: asyncio.Lock = field(factory=asyncio.Lock)
    maker: RowMaker = field(init=False)
    bare: RowMaker = field(init=False)

    @property
    def _running(self) -> Run:
        if self.run is None:
            raise RuntimeError("the run has not begun")
        return self.run

    @property
    def started(self) -> datetime:
        """When the run began, by the server's clock."""
        return self._running.started

    @property
    def stamp(self) -> str:
        """The same, as it stands in the names of files."""
        return self._running.stamp

    def make_rows(self, order: Order) -> None:
        """Set up what makes rows."""
        schema = order.schemas[self.spec.name]
        self.bare = RowMaker(schema, self.spec.parents)
        self.maker = (
            RowMaker(schema.with_run(), self.spec.parents, self.started) if order.keeps else self.bare
        )


def _worst(problems: Mapping[str, Exception], manifest: Manifest) -> Exception:
    """Return the error of a run: what is not complete, or what hindered it."""
    named = "; ".join(f"{name}: {_one_line(problem)}" for name, problem in problems.items())
    hindered = [each for each in problems.values() if not isinstance(each, IncompleteListing)]
    if hindered and all(isinstance(each, ConfigurationError) for each in hindered):
        return hindered[0]
    incomplete = ExportIncomplete(named, manifest)
    incomplete.__cause__ = next(iter(problems.values()))
    return incomplete


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split()) or type(problem).__name__
