"""`litmos.export`: lists into files, complete, within the quota, and resumable."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import attrs
from attrs import frozen

from litmos_async.ahead import MOST_AHEAD
from litmos_async.checks import called
from litmos_async.errors import ConfigurationError, LitmosError, NotFound
from litmos_async.export.lists import find_list
from litmos_async.export.manifest import Manifest
from litmos_async.export.output import Format, encode, header_of
from litmos_async.export.rows import Cells, RowMaker, Rows, key_text
from litmos_async.export.run import Account, Exporter, Progress, to_the_end
from litmos_async.export.spec import Ask, ListSpec, Row, Unit, rows_of
from litmos_async.export.state import REQUESTS
from litmos_async.export.task import Opened, PlannedList, Task, names_of, task_of
from litmos_async.iteration import never_cut_short
from litmos_async.limits import RateLimit
from litmos_async.paging import Pages
from litmos_async.resources import Resources
from litmos_async.resources.base import Caller, ListOptions
from litmos_async.tokens import reading, write_token

OPTIONS: Final = ListOptions(pages_ahead=MOST_AHEAD)
"""How an export reads its lists: a page can take the server seconds, so the next ones are asked for meanwhile."""

OVERLAP: Final = timedelta(hours=1)
FULL_EVERY: Final = timedelta(days=7)


@frozen
class ExportPlan:
    """What an export would do.

    ```python
    plan = await litmos.export.plan(["users", "results"], "warehouse/", format="parquet")
    for each in plan.lists:
        print(each.name, each.since, each.cost)
    ```

    Attributes:
        place: Where it goes.
        format: The format of its files.
        lists: What it does list by list.
        rate: The limit that it keeps, and how much of that stays free for interactive calls.
    """

    place: str
    format: Format
    lists: tuple[PlannedList, ...]
    rate: RateLimit

    @property
    def note(self) -> str:
        """What the export leaves to interactive calls, in words: it can use up the burst at once."""
        rate = self.rate
        if rate.reserve:
            return (
                f"{rate.reserve} of {rate.requests} requests in {rate.period:g} s stay free for other calls"
            )
        return (
            f"no slots are reserved for other calls, which take precedence but may still wait up to "
            f"{rate.period:g} s: RateLimit(reserve=...) keeps some"
        )


@frozen
class Batch:
    """One page of a list.

    ```python
    async for batch in litmos.export.batches("users", columns=["id", "user_name"]):
        print(batch.rows)
        print(batch.resume)  # keep it with the rows: `batches(resume=...)` goes on behind them
    ```

    Attributes:
        rows: Its rows as plain data, as `Record.to_dict` gives them: ISO times in UTC, no secrets.
        resume: Where to resume: pass it to `batches(resume=...)`. None on the last one.
        window: The span of time that the page was asked for, for lists that are read in windows of 7 days. None for
            others.
    """

    _rows: Rows
    resume: str | None
    window: tuple[datetime, datetime] | None = None

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows as plain data."""
        return self._rows.plain()

    @property
    def cells(self) -> Iterable[Cells]:
        """The rows as tuples, in the order of the columns, with datetimes as they are."""
        return self._rows.cells

    def text(self, format: Literal["jsonl", "csv"], *, header: bool = False) -> str:
        """Return the rows as they would be in a file.

        Args:
            format: "jsonl" or "csv".
            header: Whether a line with the names of the columns comes first, in CSV.
        """
        rows = self._rows
        return ((header_of(rows.schema, format) if header else b"") + encode(rows, format)).decode()

    def table(self) -> Any:
        """Return the rows as a `pyarrow.RecordBatch` with the columns of the list.

        Raises:
            ConfigurationError: pyarrow is not installed (extra "parquet").
        """
        return self._rows.table()


class Export:
    """Exports lists to files and batches.

    ```python
    manifest = await litmos.export.run(["users", "results"], "warehouse/", format="parquet", state="night.db")

    async for batch in litmos.export.batches("results", since=datetime(2026, 1, 1, tzinfo=UTC)):
        print(batch.rows)
    ```

    What there is to export: `litmos_async.export.lists()`; the columns of each: `litmos_async.export.schema(name)`.
    """

    def __init__(self, caller: Caller, account: str, base_url: str, rate: RateLimit) -> None:
        self._caller = caller.with_priority("bulk")
        self._account = account
        self._base_url = base_url
        self._rate = rate

    @never_cut_short
    async def batches(
        self,
        name: str,
        *,
        since: datetime | None = None,
        to: datetime | None = None,
        where: Mapping[str, str] | None = None,
        columns: Iterable[str] | None = None,
        with_secrets: bool = False,
        resume: str | None = None,
    ) -> AsyncGenerator[Batch, None]:
        """Yield a list page by page, requesting pages ahead.

        Args:
            name: The list, as `lists()` names it, or the id of an operation that lists, such as "org.list_users".
            since: Only rows since then; the entry of the list says what that means. None takes all.
            to: Only rows until then, for lists over a span of time; None takes all until now.
            where: Limits the rows, such as `{"course_id": "…"}`. None takes all.
            columns: The columns wanted; None takes all.
            with_secrets: Whether to include log-in links and passwords.
            resume: The `resume` of a batch or an error, to continue after it. None starts at the beginning.

        Raises:
            ConfigurationError: There is no such list, column or filter, or `resume` is not from this list.
            IncompleteListing: The list cannot be read completely.
            LitmosError: A request failed. Its `resume` says where to resume.
        """
        spec = find_list(name)
        ask = Ask(since, to, dict(where or {}), OPTIONS)
        spec.check(ask)
        schema = spec.schema.select(names_of(columns), secrets=with_secrets)
        walk = _Walk(spec, ask, Resources(self._caller), _read_token(resume, spec.name))
        maker = RowMaker(schema, spec.parents)
        async with aclosing(walk.pages()) as pages:
            async for page in pages:
                rows = [maker.row(*row) for row in page.rows]
                yield Batch(Rows(schema, rows, len(rows)), page.resume, page.window)

    async def run(
        self,
        names: Iterable[str] | str,
        dest: str | Path,
        *,
        format: Format | None = None,
        state: str | Path | None = None,
        since: datetime | None = None,
        to: datetime | None = None,
        overlap: timedelta = OVERLAP,
        full_every: timedelta = FULL_EVERY,
        where: Mapping[str, str] | None = None,
        columns: Iterable[str] | None = None,
        with_secrets: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Manifest:
        """Export lists to files. If it is killed, the same call resumes at the page where it stopped.

        Args:
            names: The lists, or the ids of operations that list.
            dest: A file, whose extension gives the format; a folder, with a subfolder per list if there are
                several; or the address of a folder on an object store that pyarrow knows, such as "s3://…".
            format: "jsonl", "csv" or "parquet", if `dest` does not give it; "jsonl" if None.
            state: A file that records what was written, so that the next run adds what has changed since to the
                folder. Rows then say when they were exported and whether they are gone (`_exported_at`,
                `_deleted`). None writes everything, and keeps a record only until the run has finished.
            since: Where the first run begins, for lists for which it means something. None takes all.
            to: Where it ends, for lists over a span of time; None takes all until now.
            overlap: How far before its cursor a run begins, for rows that appear late. Rows that come twice are
                dropped.
            full_every: How often a list is read in full again, to mark rows that are gone.
            where: Limits the rows, such as `{"course_id": "…"}`. None takes all.
            columns: The columns wanted, for one list; None takes all.
            with_secrets: Whether to include log-in links and passwords.
            on_progress: Called after each page with the progress so far. It must not raise. If None, nothing is
                called.

        Returns:
            What was written, as in `_manifest.json`, or in `DEST.manifest.json` beside a file.

        Raises:
            ConfigurationError: Something cannot work; no request was sent.
            ExportIncomplete: A list could not be read to its end; its `manifest` says which and why.
        """
        if on_progress is not None:
            called("on_progress", on_progress)
        task = _task(
            names,
            dest,
            format=format,
            state=state,
            since=since,
            to=to,
            overlap=overlap,
            full_every=full_every,
            where=where,
            columns=columns,
            with_secrets=with_secrets,
        )
        opened = await asyncio.to_thread(task.open, self._account, self._base_url)
        finished = False
        try:
            manifest = await self._exporter(task, opened, on_progress).run()
            finished = True
        finally:
            close = opened.state.remove if finished and state is None else opened.state.close
            await to_the_end(asyncio.ensure_future(asyncio.to_thread(close)))
        if finished and task.order.place.remote is not None:
            await asyncio.to_thread(shutil.rmtree, task.order.place.folder, ignore_errors=True)
        return manifest

    async def plan(
        self,
        names: Iterable[str] | str,
        dest: str | Path,
        **options: Any,
    ) -> ExportPlan:
        """Return what `run` would do with the same arguments. No request is sent, and nothing is written.

        Args:
            names: The lists.
            dest: Where to.
            options: What `run` takes.

        Raises:
            ConfigurationError: Something cannot work.
        """
        task = _task(names, dest, **options)
        lists = await asyncio.to_thread(task.look, self._account, self._base_url)
        return ExportPlan(str(task.order.place), task.order.place.format, lists, self._rate)

    def _exporter(
        self, task: Task, opened: Opened, on_progress: Callable[[Progress], None] | None
    ) -> Exporter:
        before = int(opened.state.fact(REQUESTS) or 0)
        sent = 0

        async def count(_attempt: int) -> None:
            nonlocal sent
            sent += 1

        sender = self._caller.sender
        account = Account(
            self._base_url, self._account[:16], lambda: sender.server_time, lambda: before + sent
        )
        litmos = Resources(attrs.evolve(self._caller, before=count))
        return Exporter(
            litmos,
            task.order,
            opened.state,
            account=account,
            earlier=opened.earlier,
            on_progress=on_progress,
        )


def _task(
    names: Iterable[str] | str,
    dest: str | Path,
    *,
    format: Format | None = None,
    state: str | Path | None = None,
    since: datetime | None = None,
    to: datetime | None = None,
    overlap: timedelta = OVERLAP,
    full_every: timedelta = FULL_EVERY,
    where: Mapping[str, str] | None = None,
    columns: Iterable[str] | None = None,
    with_secrets: bool = False,
) -> Task:
    return task_of(
        names,
        dest,
        format=format,
        state=state,
        ask=Ask(since, to, dict(where or {}), OPTIONS),
        overlap=overlap,
        full_every=full_every,
        columns=names_of(columns),
        with_secrets=with_secrets,
    )


_END: Final = "end"
"""Stands in a resume token for a unit that is read to its end."""


@frozen
class _Step:
    """A page of a list."""

    rows: list[Row]
    resume: str | None
    window: tuple[datetime, datetime] | None


class _Walk:
    """Reads a list unit by unit.

    Args:
        spec: The list.
        ask: What is wanted of it.
        litmos: What reads.
        begin: The unit to go on in, and the token within it; None from the start.
    """

    def __init__(
        self, spec: ListSpec, ask: Ask, litmos: Resources, begin: tuple[str, str | None] | None
    ) -> None:
        self._spec = spec
        self._ask = ask
        self._litmos = litmos
        self._begin = begin
        self._keys: set[str] = set()
        self._at: str | None = None

    async def pages(self) -> AsyncGenerator[_Step, None]:
        """Yield the pages; the last one has no `resume`."""
        name = self._spec.name
        place = None if self._begin is None else _token(name, *self._begin)
        ended = False
        try:
            async with aclosing(self._units()) as units:
                async for unit, inner, last in units:
                    place = _token(name, unit.key, inner)
                    async with aclosing(self._unit_pages(unit, inner, last=last)) as steps:
                        async for step in steps:
                            place, ended = step.resume or place, step.resume is None
                            if step.rows or ended:
                                yield step
                    if inner is not None and not last:
                        # What it gave before the token may come again in the units behind it.
                        await self._learn(unit)
        except LitmosError as problem:
            # One that came from within a unit has said where.
            problem.resume = self._at or place
            raise
        if not ended:
            yield _Step([], None, None)

    async def _unit_pages(self, unit: Unit, inner: str | None, *, last: bool) -> AsyncGenerator[_Step, None]:
        """Yield the pages of a unit, from where to go on."""
        if inner == _END:
            return
        name = self._spec.name
        try:
            async with aclosing(self._open(unit).by_page(resume=inner)) as pages:
                async for page in pages:
                    ended = page.resume is None and last
                    following = None if ended else _token(name, unit.key, page.resume or _END)
                    yield _Step(self._once(unit, page.items), following, page.window)
        except NotFound:
            # The team, course … was deleted since its list was read: it has no rows any more.
            if not unit.key or self._ask.where:
                raise
        except LitmosError as problem:
            self._at = _token(name, unit.key, problem.resume) if problem.resume else None
            raise

    async def _units(self) -> AsyncGenerator[tuple[Unit, str | None, bool], None]:
        """Yield the units from where to begin, each with where to go on in it, and whether it is the last."""
        if self._spec.units is None:
            yield Unit(), None if self._begin is None else self._begin[1], True
            return
        waiting: tuple[Unit, str | None] | None = None
        skipping = self._begin is not None
        async with aclosing(self._spec.units(self._litmos, self._ask, None)) as listed:
            async for some in listed:
                for unit in some.units:
                    inner = None
                    if skipping and self._begin is not None:
                        if unit.key != self._begin[0]:
                            await self._learn(unit)
                            continue
                        skipping, inner = False, self._begin[1]
                    if waiting is not None:
                        yield *waiting, False
                    waiting = unit, inner
        if waiting is not None:
            yield *waiting, True
        elif skipping:
            raise ConfigurationError(f"resume: what {self._spec.name} was at is gone; start again")

    def _open(self, unit: Unit) -> Pages[Any]:
        return self._spec.open(self._litmos, self._ask, unit)

    def _once(self, unit: Unit, items: Iterable[Any]) -> list[Row]:
        """Return the rows of a page, without those that another unit gave."""
        rows = list(rows_of(self._spec, unit, items))
        if not self._spec.shared:
            return rows
        fresh: list[Row] = []
        for parent, record in rows:
            key = key_text(record, parent, self._spec.key)
            if key not in self._keys:
                self._keys.add(key)
                fresh.append((parent, record))
        return fresh

    async def _learn(self, unit: Unit) -> None:
        """Read again what an earlier iteration gave, where the units that are to come may hold it too."""
        if self._spec.shared:
            async for item in self._open(unit):
                self._once(unit, [item])


def _token(name: str, unit: str, inner: str | None) -> str:
    return write_token([name, unit, inner])


def _read_token(token: str | None, name: str) -> tuple[str, str | None] | None:
    if token is None:
        return None
    with reading(token) as plain:
        of, unit, inner = plain
    if of != name or not isinstance(unit, str):
        raise ConfigurationError(f"resume is from another list than {name}")
    return unit, inner
