"""`litmos.export`: lists into files, complete, within the quota, and on where they stopped."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
from attrs import frozen

from litmos_async.errors import ConfigurationError, LitmosError, NotFound
from litmos_async.export.catalogue import Ask, ListSpec, Unit, rows_of
from litmos_async.export.lists import spec_of
from litmos_async.export.manifest import Manifest
from litmos_async.export.output import Format
from litmos_async.export.place import place_of
from litmos_async.export.rows import Cells, RowMaker, Rows
from litmos_async.export.run import Exporter, Order, Progress
from litmos_async.export.state import StateFile
from litmos_async.resources import Resources
from litmos_async.resources.base import Caller, ListOptions

PAGES_AHEAD: Final = 8
"""Pages that an export asks for ahead of the one that it writes."""


@frozen
class Batch:
    """One page of a list.

    Attributes:
        rows: Its rows as plain data, as `Record.to_dict` gives them: ISO times in UTC, no secrets.
        resume: Where to go on: pass it to `batches(resume=...)`. None on the last one.
        window: The span of time that the page belongs to, for lists that are read in windows of 7 days.
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

    def table(self) -> Any:
        """Return the rows as a `pyarrow.RecordBatch` with the columns of the list.

        Raises:
            ConfigurationError: pyarrow is not installed (extra "parquet").
        """
        return self._rows.table()


class Export:
    """Lists into files and batches.

        manifest = await litmos.export.run(["users", "results"], "warehouse/", format="parquet", state="night.db")

        async for batch in litmos.export.batches("results", since=yesterday):
            warehouse.load(batch.rows)

    What there is to export: `litmos_async.export.lists()`; the columns of each: `litmos_async.export.schema(name)`.
    """

    def __init__(self, caller: Caller, account: str, base_url: str) -> None:
        self._caller = caller.with_priority("bulk")
        self._account = account
        self._base_url = base_url

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
        """Yield a list page by page, with pages asked for ahead.

        Args:
            name: The list, as `lists()` names it, or the id of an operation that lists, such as "org.list_users".
            since: Only rows from then on; what that means for the list is in its entry. None takes all.
            to: Only rows until then, for lists over a span of time; None takes all until now.
            where: Limits the rows, such as `{"course_id": "…"}`.
            columns: The columns wanted; None takes all.
            with_secrets: Whether log-in links and passwords are among all.
            resume: The `resume` of a batch or of an error, to go on behind it.

        Raises:
            ConfigurationError: There is no such list, column or filter, or `resume` is not from this list.
            IncompleteListing: The list cannot be read completely.
            LitmosError: A request failed. Its `resume` is where to go on.
        """
        spec = spec_of(name)
        ask = Ask(since, to, dict(where or {}), ListOptions())
        spec.check(ask)
        schema = spec.schema.select(_names(columns), secrets=with_secrets)
        maker = RowMaker(schema, spec.parents)
        litmos = Resources(self._caller)
        begin = _read_token(resume, spec.name)
        async for unit, last in _units_from(spec, litmos, ask, None if begin is None else begin[0]):
            inner = begin[1] if begin is not None and unit.key == begin[0] else None
            place = _token(spec.name, unit.key, inner)
            following: str | None = None
            try:
                async with aclosing(spec.open(litmos, ask, unit).by_page(resume=inner)) as pages:
                    async for page in pages:
                        rows = [maker.row(*row) for row in rows_of(spec, unit, page.items)]
                        ends = page.resume is None and last
                        following = None if ends else _token(spec.name, unit.key, page.resume or _END)
                        place = following or place
                        if rows or ends:
                            yield Batch(Rows(schema, rows), following, getattr(page, "window", None))
            except NotFound:
                if not unit.key:
                    raise
            except LitmosError as problem:
                problem.resume = _token(spec.name, unit.key, problem.resume) if problem.resume else place
                raise

    async def run(
        self,
        names: Iterable[str] | str,
        dest: str | Path,
        *,
        format: Format | None = None,
        state: str | Path | None = None,
        since: datetime | None = None,
        to: datetime | None = None,
        overlap: timedelta = timedelta(hours=1),
        full_every: timedelta = timedelta(days=7),
        where: Mapping[str, str] | None = None,
        columns: Iterable[str] | None = None,
        with_secrets: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Manifest:
        """Export lists into files. Killed at any moment, the same call goes on at the page.

        Args:
            names: The lists, or the ids of operations that list.
            dest: A file, whose ending says the format; a folder, with a folder for each list where there are
                several; or the address of a folder on an object store that pyarrow knows, such as "s3://…".
            format: "jsonl", "csv" or "parquet", where `dest` does not say it; "jsonl" if None.
            state: A file that remembers what was written, so that the next run adds what changed since to the
                folder. Rows then say when they were exported and whether they are gone (`_exported_at`,
                `_deleted`). None writes everything, and remembers a run only until it is finished.
            since: Where the first run begins, for lists for which it means something. None takes all.
            to: Where it ends, for lists over a span of time; None takes all until now.
            overlap: How far before its cursor a run begins, for rows that appear late. What comes twice is dropped.
            full_every: How often a list is read whole again, to mark what is gone.
            where: Limits the rows, such as `{"course_id": "…"}`.
            columns: The columns wanted, for one list; None takes all.
            with_secrets: Whether log-in links and passwords are among all.
            on_progress: Called after each page, with what was done so far. It must not raise.

        Returns:
            What was written. The same stands in `_manifest.json`, or in `DEST.manifest.json` beside a file.

        Raises:
            ConfigurationError: Something cannot work; no request was sent.
            ExportIncomplete: A list could not be read to its end; its `manifest` says which and why.
        """
        listed = [names] if isinstance(names, str) else list(names)
        if not listed:
            raise ConfigurationError("name one list at least")
        if len(set(listed)) < len(listed):
            raise ConfigurationError("a list is named twice")
        specs = tuple(spec_of(name) for name in listed)
        chosen = _names(columns)
        if chosen is not None and len(specs) > 1:
            raise ConfigurationError("columns can be chosen for one list at a time")
        schemas = {spec.name: spec.schema.select(chosen, secrets=with_secrets) for spec in specs}
        state_path = Path(state) if state is not None else Path(f"{str(dest).rstrip('/')}.state")
        staging = Path(f"{state}.parts") if state is not None else None
        ask = Ask(since, to, dict(where or {}), ListOptions())
        _check(specs, ask, overlap, full_every)
        place = place_of(dest, listed, format, staging)
        order = Order(specs, place, schemas, ask, state is not None, overlap, full_every)
        old_files = await asyncio.to_thread(place.check)
        kept = await asyncio.to_thread(self._open_state, state_path, order, chosen)
        try:
            _check_turn(order, kept)
        except BaseException:
            kept.close()
            raise
        sent = 0

        async def count(_attempt: int) -> None:
            nonlocal sent
            sent += 1

        sender = self._caller.sender
        exporter = Exporter(
            Resources(attrs.evolve(self._caller, before=count)),
            order,
            kept,
            base_url=self._base_url,
            sent=lambda: sent,
            server_time=lambda: getattr(sender, "server_time", None),
            on_progress=on_progress,
        )
        finished = False
        try:
            manifest = await exporter.run(old_files)
            finished = True
        finally:
            if finished and state is None:
                await asyncio.to_thread(kept.remove)
            else:
                await asyncio.to_thread(kept.close)
        return manifest

    def _open_state(self, path: Path, order: Order, columns: list[str] | None) -> StateFile:
        """Open the state, and refuse one that belongs to something else."""
        kept = StateFile(path)
        try:
            kept.belong("account", self._account, "account")
            kept.belong("lists", ", ".join(sorted(spec.name for spec in order.specs)), "choice of lists")
            for spec in order.specs:
                shape = {
                    "columns": columns,
                    "format": order.place.format,
                    "where": dict(order.ask.where),
                    "secrets": any(column.secret for column in order.schemas[spec.name].columns),
                }
                kept.shape(spec.name, shape)
        except BaseException:
            kept.close()
            raise
        return kept


_END: Final = "end"
"""Stands in a resume token for a unit that is read to its end."""


async def _units_from(
    spec: ListSpec, litmos: Resources, ask: Ask, begin: str | None
) -> AsyncGenerator[tuple[Unit, bool], None]:
    """Yield the units from one on, each with whether it is the last."""
    if spec.units is None:
        yield Unit(), True
        return
    skipping = begin is not None
    waiting: Unit | None = None
    async for unit in spec.units(litmos, ask):
        if skipping and unit.key != begin:
            continue
        skipping = False
        if waiting is not None:
            yield waiting, False
        waiting = unit
    if waiting is not None:
        yield waiting, True
    elif skipping:
        raise ConfigurationError(f"resume: what {spec.name} was at is gone; begin anew")


def _token(name: str, unit: str, inner: str | None) -> str:
    return base64.urlsafe_b64encode(json.dumps([name, unit, inner]).encode()).decode()


def _read_token(token: str | None, name: str) -> tuple[str, str | None] | None:
    if token is None:
        return None
    try:
        of, unit, inner = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError, AttributeError):
        raise ConfigurationError("resume is not a resume token") from None
    if of != name or not isinstance(unit, str):
        raise ConfigurationError(f"resume is from another list than {name}")
    return unit, inner


def _names(columns: Iterable[str] | None) -> list[str] | None:
    if isinstance(columns, str):
        raise ConfigurationError("columns must be a list of names, not one text")
    return None if columns is None else list(columns)


def _check(specs: Iterable[ListSpec], ask: Ask, overlap: timedelta, full_every: timedelta) -> None:
    """Refuse what the lists cannot do; `since` counts for those that have one."""
    specs = tuple(specs)
    for name, span in (("overlap", overlap), ("full_every", full_every)):
        if not isinstance(span, timedelta) or span < timedelta(0):
            raise ConfigurationError(f"{name} must be a timedelta of 0 or more, not {span!r}")
    for spec in specs:
        since = ask.since if spec.since != "nothing" or len(specs) == 1 else None
        if spec.windowed and since is None:
            continue  # the state may know: see _check_turn
        to = ask.to if spec.windowed or len(specs) == 1 else None
        spec.check(attrs.evolve(ask, since=since, to=to))
    if (
        ask.since is not None
        and ask.since.tzinfo is not None
        and ask.since > datetime.now(UTC) + timedelta(days=1)
    ):
        raise ConfigurationError("since lies in the future")


def _check_turn(order: Order, state: StateFile) -> None:
    """Refuse a first run without what it needs, and a second one into a single file."""
    for spec in order.specs:
        past, under_way = state.past(spec.name), state.progress(spec.name)
        if past.cursor is None and under_way is None:
            spec.check(
                attrs.evolve(
                    order.ask,
                    since=order.ask.since if spec.since != "nothing" else None,
                    to=order.ask.to if spec.windowed else None,
                )
            )
        elif past.cursor is not None and order.place.file:
            raise ConfigurationError(
                f"{order.place.file} holds the first run; the changes since go into files of their own: "
                f"name a folder, and another state"
            )
