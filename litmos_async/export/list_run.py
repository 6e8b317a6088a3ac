"""One list in a run: what is asked of it, and how its pages get into files and into the state. All of it blocks."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from attrs import evolve, frozen

from litmos_async.export.facts import Part, Past, StoredRun
from litmos_async.export.manifest import FileEntry, ListEntry
from litmos_async.export.output import Output, digest, working_name
from litmos_async.export.place import Place
from litmos_async.export.rows import Cells, RowMaker, Rows, content_mark, key_text
from litmos_async.export.schema import DELETED, EXPORTED_AT, Schema
from litmos_async.export.spec import Ask, ListSpec, Unit, rows_of
from litmos_async.export.state import StateFile
from litmos_async.models.record import Record
from litmos_async.resources.windows import AHEAD, span_of

PART_ROWS: Final = 200_000
"""Rows of one file in a folder; the next ones go into another."""

_GONE_A_STEP: Final = 1_000
"""Rows that are marked as gone at a time."""

_TICK: Final = timedelta(milliseconds=1)
"""What lies at least between the beginnings of two runs."""

_NO_DATE: Final = timedelta(minutes=5)
"""How far our own clock may be ahead of a server that does not say its time."""


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


class ListRun:
    """One list, in this run.

    Args:
        spec: The list.
        order: What the export was asked to do.
        state: What is remembered.
        began: When the run began, by our clock.

    Attributes:
        run: The run as the state has it; None until there was an answer that says the server's time.
        listed: Whether all units are known.
        rows: Rows written.
        done: Whether it is finished.
        units_ahead: Units that are known before the run has begun.
    """

    def __init__(self, spec: ListSpec, order: Order, state: StateFile, began: datetime) -> None:
        self.spec = spec
        self.past = Past()
        self.ask = Ask()
        self.whole = True
        self.run: StoredRun | None = None
        self.listed = False
        self.rows = 0
        self.gone = 0
        self.done = False
        self.units_ahead: list[Unit] = []
        self._order = order
        self._state = state
        self._began = began
        self._begun = time.monotonic()
        self._parts: list[Part] = []
        self._outputs: dict[int, Output] = {}
        # Rows of other units or windows may be the same ones.
        self._once = bool(spec.key) and (spec.shared or spec.windowed)

    # ------------------------------------------------ beginning, and going on

    def look(self) -> None:
        """See how far the list is, and decide what is asked of it."""
        self.past = self._state.past(self.spec.name)
        progress = self._state.progress(self.spec.name)
        if progress is not None:
            self.run, self.listed = progress.run, progress.listed
            self.rows, self.gone, self.done = progress.rows, progress.gone, progress.done
        self._decide()

    def resume(self) -> None:
        """Take up the run under way, with its files cut back to what counts.

        Raises:
            ConfigurationError: Its files were changed.
            OSError: They cannot be written.
        """
        self.look()
        if self.run is None:
            return
        self._make_rows(self.run)
        for part in self._state.parts(self.spec.name):
            self._parts.append(part)
            renamed = part.phase == "closing" and not working_name(self._path(part)).exists()
            if part.phase != "finished" and not renamed:
                self._outputs[part.place] = self._output(part)

    def _decide(self) -> None:
        """Decide what is asked of the list: everything, or what changed since the last run."""
        order, spec, past = self._order, self.spec, self.past
        since = order.ask.since if spec.since != "nothing" else None
        to = order.ask.to if spec.windowed else None
        whole = True
        if self.run is not None:
            since, to, whole = self.run.since, self.run.to, self.run.whole
        elif past.cursor is not None:
            # Our clock and the server's may differ, which must not matter to a span of nothing.
            waits = past.whole is not None and order.full_every > timedelta(0)
            due = not waits or self._began - (past.whole or self._began) >= order.full_every
            whole = spec.since == "nothing" or (due and spec.deletes)
            since = past.first_since if whole else past.cursor - order.overlap
        self.whole = whole
        options = order.ask.options
        if whole and past.cursor is not None and spec.units is not None:
            # Rows that do not come will be marked as gone: a short page is no proof of that.
            options = {**options, "confirm_end": True}
        where = {name: value for name, value in order.ask.where.items() if name in spec.where}
        self.ask = evolve(order.ask, since=since, to=to, where=where, options=options)

    def begin(self, server: datetime | None) -> None:
        """Note that the run has begun.

        Args:
            server: The server's time; None where it does not say it.
        """
        # Not by the clock of the calendar, which may be set meanwhile.
        elapsed = timedelta(seconds=time.monotonic() - self._begun)
        started = self._began if server is None else server - elapsed
        cursor = started - _NO_DATE if server is None else started
        if self.spec.windowed:
            # The next run asks for what this one does not: it ends at a time by our own clock.
            cursor = min(cursor, self.ask.to or self._began + AHEAD)
        if self.past.started is not None:
            # The server says whole seconds, and a clock can be set back: runs have an order, and files a name each.
            started = max(started, self.past.started + _TICK)
        stamp = f"{started:%Y%m%dT%H%M%S}{started.microsecond // 1000:03}Z"
        schema = self._order.schemas[self.spec.name]
        run = StoredRun(started, stamp, self.ask.since, self.whole, cursor, schema.names, self.ask.to)
        self._state.begin(self.spec.name, run, self.units_ahead)
        self.run = run
        self._make_rows(run)

    def _make_rows(self, run: StoredRun) -> None:
        schema = self._order.schemas[self.spec.name]
        # A run goes on with the columns that it began with, although this version may know more.
        schema = schema.select(run.columns, secrets=schema.secrets)
        self._bare = RowMaker(schema, self.spec.parents)
        self._maker = (
            RowMaker(schema.with_run(), self.spec.parents, run.started) if self._order.keeps else self._bare
        )

    def _running(self) -> StoredRun:
        if self.run is None:
            raise RuntimeError("the run has not begun")
        return self.run

    # ------------------------------------------------ writing

    def write(self, place: int, token: str | None, unit: Unit, records: Sequence[Any], requests: int) -> None:
        """Write a page and note it.

        Args:
            place: The place of the unit that it belongs to.
            token: Where that goes on; None at its end.
            unit: The unit.
            records: What the page holds.
            requests: How many requests the run has sent.
        """
        seen: list[tuple[str, bytes]] = []
        remembers = self._order.keeps or self._once
        if self._maker.simple and self.spec.flatten is None and not remembers:
            page = self._maker.many(records)
        else:
            rows = list(rows_of(self.spec, unit, records))
            cells = [self._maker.row(parent, record) for parent, record in rows]
            if remembers:
                key = self.spec.key
                seen = [
                    (key_text(record, parent, key), self._content(parent, record)) for parent, record in rows
                ]
                cells = [cells[number] for number in self._fresh(seen)]
            page = Rows(self._maker.schema, cells, len(cells))
        part = self._append(page) if page.count else None
        self._state.commit(
            self.spec.name, place, token, part=part, rows=page.count, seen=seen, requests=requests
        )
        self.rows += page.count

    def _fresh(self, seen: list[tuple[str, bytes]]) -> list[int]:
        """Return the places of rows that are not written yet."""
        if self._order.keeps:
            return self._state.unknown(self.spec.name, self._running().stamp, seen)
        return self._state.new_keys(self.spec.name, seen)

    def _content(self, parent: Mapping[str, str], record: Record) -> bytes:
        """Return a mark of what a row holds, for a later run or the rest of its page to be compared with."""
        return content_mark(self._bare.row(parent, record))

    def _append(self, rows: Rows) -> Part:
        """Write rows to the last file, or to a new one where that is full."""
        last = self._parts[-1] if self._parts else None
        if last is None or (last.rows >= PART_ROWS and not self._order.place.file):
            number = last.place + 1 if last else 0
            last = Part(number, self._order.place.name_of(self.spec.name, self._running().stamp, number))
            self._outputs[number] = self._output(last)
            self._parts.append(last)
        size = self._outputs[last.place].append(rows)
        self._parts[-1] = evolve(last, size=size, rows=last.rows + rows.count)
        return self._parts[-1]

    def _output(self, part: Part) -> Output:
        path = self._path(part)
        path.parent.mkdir(parents=True, exist_ok=True)
        return Output(path, self._maker.schema, self._order.place.format, part.size)

    def _path(self, part: Part) -> Path:
        return self._order.place.folder_of(self.spec.name) / part.file

    # ------------------------------------------------ the end

    def finish(self, *, publish: bool) -> None:
        """Mark what is gone, and note that the list is read to its end.

        Args:
            publish: Whether its files get their final names now; else `publish` is called later.
        """
        name = self.spec.name
        if self._sees_what_is_gone():
            self._mark_gone()
        if not self._parts and (self._order.place.file or not self._order.keeps):
            # An empty list is a file without rows, and not no file.
            self._state.put_part(name, self._append(Rows(self._maker.schema, [], 0)))
        if publish:
            self.publish()
        self._state.finish(name)
        self.done = True

    def publish(self) -> None:
        """Put the files under their final names."""
        for number, part in enumerate(self._parts):
            if part.phase != "finished":
                self._parts[number] = self._close_part(part)

    def _close_part(self, part: Part) -> Part:
        """Put a file where it belongs. Each step is noted, so that it can be done again after a kill."""
        name, place, path = self.spec.name, self._order.place, self._path(part)
        output = self._outputs.get(part.place)
        if output is not None:
            self._state.put_part(name, evolve(part, phase="closing"))
            output.finish()
        finished = evolve(part, phase="finished", bytes=path.stat().st_size, sha256=digest(path))
        if place.remote is not None:
            place.remote.take(path, place.below(name, part.file))
        self._state.put_part(name, finished)
        if place.remote is not None:
            path.unlink()
        return finished

    def _sees_what_is_gone(self) -> bool:
        """Return whether a row that an earlier run wrote and this one did not see is gone."""
        if not (self.whole and self.spec.deletes and self._order.keeps and self.past.cursor is not None):
            return False
        # One that changed after the time until which rows were asked for does not come, and is there all the same.
        until = self.ask.to or self._began + AHEAD
        return not self.spec.windowed or self._running().started <= until

    def _mark_gone(self) -> None:
        """Write a row for each key that an earlier run wrote and this one did not see."""
        name, columns, run = self.spec.name, self._maker.schema.columns, self._running()
        forms: dict[str, Callable[[str], object]] = {
            column.name: datetime.fromisoformat for column in columns if column.type == "time"
        }
        while keys := self._state.gone(name, run.stamp, _GONE_A_STEP):
            rows: list[Cells] = []
            for key in keys:
                values = dict(zip(self.spec.key, json.loads(key), strict=True))
                values |= {each: form(values[each]) for each, form in forms.items() if values.get(each)}
                values |= {EXPORTED_AT: run.started, DELETED: True}
                rows.append(tuple(values.get(column.name) for column in columns))
            self._state.note_gone(name, keys, self._append(Rows(self._maker.schema, rows, len(rows))))
            self.rows += len(keys)
            self.gone += len(keys)

    def entry(self, reason: str, earlier: list[str]) -> ListEntry:
        """Return what the manifest says of the list.

        Args:
            reason: Why it is not complete; empty where it is.
            earlier: Paths of files that earlier runs left.
        """
        name, place = self.spec.name, self._order.place
        files = [
            FileEntry(place.below(name, part.file), part.rows, part.bytes, part.sha256)
            for part in self._parts
            if part.phase == "finished"
        ]
        own = {file.name for file in files}
        complete = self.done and not reason
        return ListEntry(
            rows=self.rows,
            complete=complete,
            reason=reason,
            since=self.ask.since,
            windows=self._windows(),
            gone=self.gone,
            files=files,
            earlier=[each for each in earlier if each not in own]
            if self._order.keeps or not complete
            else [],
        )

    def _windows(self) -> int:
        units = self._state.unit_count(self.spec.name)
        if not self.spec.windowed or self.ask.since is None:
            return units
        return units * span_of(self.ask.since, self.ask.to, self._began).windows

    def close(self) -> None:
        """Close the files as they are."""
        for output in self._outputs.values():
            output.close()
