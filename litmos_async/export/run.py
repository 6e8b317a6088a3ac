"""One run of an export: reads lists side by side, writes every page, and notes it before the next one.

A page that was read is written and noted before its list goes on, so a kill costs the pages that were on their way
and nothing else.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from attrs import frozen

from litmos_async.errors import ConfigurationError, IncompleteListing, LitmosError, NotFound
from litmos_async.export.list_run import ListRun, Order
from litmos_async.export.manifest import Manifest
from litmos_async.export.spec import Unit
from litmos_async.export.state import StateFile
from litmos_async.resources import Resources

T = TypeVar("T")

LISTS_AT_ONCE: Final = 4
"""Lists that are read side by side."""

UNITS_AT_ONCE: Final = 4
"""Units of one list that are read side by side."""

_UNITS_A_STEP: Final = 500
"""Units that are noted, or taken from the notes, at a time."""


class ExportIncomplete(IncompleteListing):
    """An export ended with a list that is not complete. Run it again to resume.

    ```python
    try:
        await litmos.export.run("users", "users.csv")
    except ExportIncomplete as problem:
        print(problem.manifest.lists["users"].reason)
    ```

    Attributes:
        manifest: What was written, and which lists are not complete and why.
    """

    manifest: Manifest

    def __init__(self, message: str, manifest: Manifest) -> None:
        super().__init__(message)
        self.manifest = manifest


@frozen
class Progress:
    """How far an export is.

    ```python
    def show(progress: Progress) -> None:
        print(progress.rows, progress.requests)


    await litmos.export.run("users", "users.csv", on_progress=show)
    ```

    Attributes:
        name: The list of which a page was written.
        rows: Rows of each list so far.
        requests: Requests sent so far.
        finished: The lists that are finished.
    """

    name: str
    rows: Mapping[str, int]
    requests: int
    finished: frozenset[str]


@frozen
class Account:
    """Where an export comes from.

    Attributes:
        base_url: The account's address.
        account: A hash that tells accounts apart.
        server_time: Returns the server's time, or None where it did not say.
        sent: Returns how many requests were sent, in all parts of the run.
    """

    base_url: str
    account: str
    server_time: Callable[[], datetime | None]
    sent: Callable[[], int]


class Exporter:
    """Carries out one run.

    Args:
        litmos: What reads, in the bulk lane.
        order: What to do.
        state: What is remembered.
        account: Where it comes from.
        earlier: The files of earlier exports, by list: replaced by this one, or added to where the state stays.
        on_progress: Called after each page.
    """

    def __init__(
        self,
        litmos: Resources,
        order: Order,
        state: StateFile,
        *,
        account: Account,
        earlier: Mapping[str, list[str]],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._litmos = litmos
        self._order = order
        self._state = state
        self._account = account
        self._earlier = earlier
        self._on_progress = on_progress
        self._thread = ThreadPoolExecutor(1, "litmos-export")
        self._began = datetime.now(UTC)
        self._lists = {spec.name: ListRun(spec, order, state, self._began) for spec in order.specs}
        self._choosing = {spec.name: asyncio.Lock() for spec in order.specs}
        self._beginning = {spec.name: asyncio.Lock() for spec in order.specs}

    async def run(self) -> Manifest:
        """Read and write all lists.

        Raises:
            ExportIncomplete: A list could not be proven complete, or its output could not be written.
            ConfigurationError: What was asked for turned out not to be there, such as a team.
        """
        try:
            problems = await self._all_lists()
            manifest = await self._blocking(self._end, problems)
        finally:
            await self._blocking(self._close)
            self._thread.shutdown()
        if problems:
            raise _worst(problems, manifest)
        return manifest

    async def _all_lists(self) -> dict[str, Exception]:
        """Read the lists side by side; one that fails does not stop the others."""
        turns = asyncio.Semaphore(LISTS_AT_ONCE)
        problems: dict[str, Exception] = {}

        async def one(each: ListRun) -> None:
            async with turns:
                try:
                    await self._one_list(each)
                except (LitmosError, OSError, sqlite3.Error) as problem:
                    problems[each.spec.name] = problem

        await _together([one(each) for each in self._lists.values()])
        return problems

    # ------------------------------------------------ one list

    async def _one_list(self, each: ListRun) -> None:
        await self._blocking(each.resume)
        if each.done:
            return
        if each.run is None or not each.listed:
            await self._list_units(each)
        async with aclosing(self._units(each)) as units:
            # A row may move from one unit to the next: side by side, it could be missed in both.
            workers = 1 if each.spec.units is None or each.spec.shared else UNITS_AT_ONCE
            await _together([self._work(each, units) for _ in range(workers)])
        # Beside the files that they replace, the new ones would double the rows for as long as other lists take.
        publish = self._order.keeps or not self._earlier.get(each.spec.name)
        await self._blocking(lambda: each.finish(publish=publish))
        self._report(each)

    async def _list_units(self, each: ListRun) -> None:
        """Note the units of a list; those of a list that is one list of the API take no request."""
        if each.spec.units is None:
            each.units_ahead = [Unit()]
            return
        first, resume, known = await self._blocking(self._state.listing, each.spec.name)
        some: list[Unit] = []
        async with aclosing(each.spec.units(self._litmos, each.ask, resume)) as lists:
            async for listed in lists:
                some += (unit for unit in listed.units if unit.key not in known)
                if listed.resume is not None or len(some) >= _UNITS_A_STEP:
                    await self._note_units(each, some, first, listed.resume)
                    first, some = first + len(some), []
        if each.run is None and some and self._account.server_time() is None:
            each.units_ahead = some  # it took no request: the first page will say the server's time
            return
        await self._note_units(each, some, first, None, last=True)

    async def _note_units(
        self, each: ListRun, units: list[Unit], first: int, resume: str | None, *, last: bool = False
    ) -> None:
        await self._begin(each)
        await self._blocking(
            lambda: self._state.add_units(each.spec.name, units, first=first, resume=resume, last=last)
        )

    async def _begin(self, each: ListRun) -> None:
        """Note that the run has begun, once there was an answer that says the server's time."""
        # The first pages of several units may come at once.
        async with self._beginning[each.spec.name]:
            if each.run is None:
                await self._blocking(each.begin, self._account.server_time())

    async def _units(self, each: ListRun) -> AsyncGenerator[tuple[int, Unit, str | None]]:
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

    async def _work(self, each: ListRun, units: AsyncIterator[tuple[int, Unit, str | None]]) -> None:
        """Read units until there are none left."""
        while True:
            async with self._choosing[each.spec.name]:
                found = await anext(units, None)
            if found is None:
                return
            await self._read_unit(each, *found)

    async def _read_unit(self, each: ListRun, place: int, unit: Unit, token: str | None) -> None:
        pages = each.spec.open(self._litmos, each.ask, unit)
        try:
            async with aclosing(pages.by_page(resume=token)) as walk:
                async for page in walk:
                    await self._write(each, place, page.resume, unit, page.items)
        except NotFound:
            if not unit.key or each.ask.where:
                raise
            # The team, course … was deleted since its list was read: it has no rows any more.
            await self._write(each, place, None, unit, [])

    async def _write(
        self, each: ListRun, place: int, token: str | None, unit: Unit, records: Sequence[Any]
    ) -> None:
        await self._begin(each)
        await self._blocking(each.write, place, token, unit, records, self._account.sent())
        self._report(each)

    # ------------------------------------------------ the end

    def _end(self, problems: dict[str, Exception]) -> Manifest:
        """Publish what is finished, write the manifest, take away what it replaces, and end a run that is whole."""
        place = self._order.place
        for name, each in self._lists.items():
            if each.done and name not in problems:
                try:
                    each.publish()
                except (OSError, sqlite3.Error) as problem:
                    problems[name] = problem
        started = min((each.run.started for each in self._lists.values() if each.run), default=self._began)
        manifest = Manifest(
            place.format,
            self._account.base_url,
            self._account.account,
            started,
            self._order.keeps,
            datetime.now(UTC),
            self._account.sent(),
        )
        for name, each in self._lists.items():
            reason = one_line(problems[name]) if name in problems else ""
            manifest.lists[name] = each.entry(reason, self._earlier.get(name, []))
        try:
            manifest.write(place.manifest)
            if place.remote is not None:
                place.remote.take(place.manifest, place.manifest.name)
            self._replace(manifest)
            if problems:
                self._state.note(FAILED_AT, self._began.isoformat())
            elif self._order.keeps:
                self._state.end(list(self._lists))
            else:
                # It is removed, and must be no past of a later run if that fails: it would read the rest only.
                self._state.forget_all()
        except (OSError, sqlite3.Error) as problem:
            problems.setdefault("manifest", problem)
        return manifest

    def _replace(self, manifest: Manifest) -> None:
        """Take away the files that are replaced, now that the manifest names the new ones.

        A list that is complete is replaced whatever became of the others, or its folder would hold rows twice.
        """
        if self._order.keeps:
            return
        new = {file.name for entry in manifest.lists.values() for file in entry.files}
        whole = [name for name, entry in manifest.lists.items() if entry.complete]
        for old in (file for name in whole for file in self._earlier.get(name, []) if file not in new):
            if self._order.place.remote is not None:
                self._order.place.remote.remove(old)
            else:
                (self._order.place.folder / old).unlink(missing_ok=True)

    def _report(self, each: ListRun) -> None:
        if self._on_progress is not None:
            rows = {name: one.rows for name, one in self._lists.items()}
            finished = frozenset(name for name, one in self._lists.items() if one.done)
            self._on_progress(Progress(each.spec.name, rows, self._account.sent(), finished))

    def _close(self) -> None:
        for each in self._lists.values():
            each.close()

    async def _blocking(self, work: Callable[..., T], *args: Any) -> T:
        """Do work that blocks, in the one thread of this run; a cancellation waits for its end."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        return await to_the_end(future)


FAILED_AT: Final = "failed at"
"""The fact of a state that says when a run ended without being complete."""


async def _together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do several things side by side; the first error ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as problems:
        raise problems.exceptions[0] from None


async def to_the_end(future: asyncio.Future[T]) -> T:
    """Wait for what a thread does; a cancellation waits for it, too, and is raised then."""
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError:
                continue
        if not future.cancelled():
            future.exception()  # seen: the cancellation is what the caller hears of
        raise


def _worst(problems: Mapping[str, Exception], manifest: Manifest) -> Exception:
    """Return the error of a run: what is not complete, or what hindered it."""
    named = "; ".join(f"{name}: {one_line(problem)}" for name, problem in problems.items())
    if all(isinstance(each, ConfigurationError) for each in problems.values()):
        return next(iter(problems.values()))
    incomplete = ExportIncomplete(named, manifest)
    incomplete.__cause__ = next(iter(problems.values()))
    return incomplete


def one_line(problem: Exception) -> str:
    """Return what an error says, in one line."""
    return " ".join(str(problem).split()) or type(problem).__name__
