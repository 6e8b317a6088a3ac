"""What `litmos.export.run` was asked to do, checked before a request is spent, and the state it goes on with."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from litmos_async.errors import ConfigurationError
from litmos_async.export.list_run import ListRun, Order
from litmos_async.export.lists import find_list
from litmos_async.export.manifest import Earlier
from litmos_async.export.output import Format
from litmos_async.export.place import make_folder, place_of
from litmos_async.export.run import FAILED_AT
from litmos_async.export.spec import Ask, ListSpec, check_time
from litmos_async.export.state import StateFile
from litmos_async.profiles import state_folder

_REPLACES: Final = "replaces"
"""The fact of a state that names the files that its run replaces."""

_FRESH: Final = timedelta(hours=1)
"""How long a list stays as it is after a run that could not finish the others."""


@frozen
class Opened:
    """The state of an export, and what stands where it goes.

    Attributes:
        state: The state.
        earlier: The files of earlier exports there, by list, as paths below the folder.
    """

    state: StateFile
    earlier: Mapping[str, list[str]]


@frozen
class PlannedList:
    """What an export would do with a list.

    ```python
    plan = await litmos.export.plan("users", "users/", state="night.db")
    users = plan.lists[0]
    print(users.since or "all", users.cost)
    ```

    Attributes:
        name: The list.
        since: From when on it asks for rows; None for all.
        whole: Whether it reads all rows, so that it sees what is gone.
        goes_on: Whether a run that was interrupted goes on.
        cost: The requests that it takes, in words.
        columns: How many columns its rows have.
    """

    name: str
    since: datetime | None
    whole: bool
    goes_on: bool
    cost: str
    columns: int


@frozen
class Task:
    """An export that was asked for.

    Attributes:
        order: What to do.
        columns: The columns that were asked for by name; None for all.
        state_path: Where its state is.
    """

    order: Order
    columns: list[str] | None
    state_path: Path

    def open(self, account: str, base_url: str) -> Opened:
        """Open the state, and see that the export can go where it should.

        Raises:
            ConfigurationError: The state or what stands there belongs to something else, or cannot be written.
        """
        if self.order.place.remote is not None:
            make_folder(self.state_path.parent, 0o700)
        elif not self.order.keeps:
            make_folder(self.state_path.parent)
        state = StateFile(self.state_path)
        try:
            return self._look(state, account, base_url)
        except BaseException:
            # One that was made just now belongs to nothing yet.
            if state.created:
                state.remove()
            else:
                state.close()
            raise

    def look(self, account: str, base_url: str) -> tuple[PlannedList, ...]:
        """Return what would be done, and leave everything as it is.

        Raises:
            ConfigurationError: It cannot be done.
        """
        state = StateFile(self.state_path if self.state_path.exists() else None)
        try:
            state.only_look()
            return self._planned(state, account, base_url)
        finally:
            state.close()

    def _planned(self, state: StateFile, account: str, base_url: str) -> tuple[PlannedList, ...]:
        self._check_owner(state, account, base_url)
        self._earlier(state, account, dry=True)
        found: list[PlannedList] = []
        for spec in self.order.specs:
            run = ListRun(spec, self.order, state, datetime.now(UTC))
            run.look()
            columns = len(self.order.schemas[spec.name].columns)
            found.append(
                PlannedList(spec.name, run.ask.since, run.whole, run.run is not None, spec.cost, columns)
            )
        return tuple(found)

    def _look(self, state: StateFile, account: str, base_url: str) -> Opened:
        self._check_owner(state, account, base_url)
        earlier = self._earlier(state, account, dry=False)
        self._refresh(state, earlier)
        if not self.order.keeps:
            state.note(_REPLACES, json.dumps(earlier))
        return Opened(state, earlier)

    def _check_owner(self, state: StateFile, account: str, base_url: str) -> None:
        order, place = self.order, self.order.place
        names = [spec.name for spec in order.specs]
        state.disown()
        state.belong("account", account, f"account or key than that of {base_url}")
        state.belong("lists", ", ".join(sorted(names)), "choice of lists")
        for spec in order.specs:
            state.shape(
                spec.name,
                {
                    "columns": self.columns,
                    "format": place.format,
                    "where": dict(order.ask.where),
                    "secrets": order.schemas[spec.name].secrets,
                },
            )
        if place.remote is not None:
            state.belong("place", str(place), f"place than {place}")
        else:
            there = Path(str(place)).absolute()
            state.belong("place", _from(self.state_path, there), f"place than {there}")
        self._check_turn(state)

    def _earlier(self, state: StateFile, account: str, *, dry: bool) -> dict[str, list[str]]:
        """Return the files of earlier exports, by list."""
        order, place = self.order, self.order.place
        names = [spec.name for spec in order.specs]
        ours = [place.below(name, part.file) for name in names for part in state.parts(name)]
        wanted = Earlier(account[:16], place.format, order.keeps, {name: [] for name in names})
        first = all(state.past(name).cursor is None for name in names)
        found = place.check(wanted, ours, first=first, dry=dry)
        noted = None if order.keeps else state.fact(_REPLACES)
        earlier: dict[str, list[str]] = json.loads(noted) if noted else {}
        return earlier or {name: [*files] for name, files in found.items()}

    def _check_turn(self, state: StateFile) -> None:
        """Refuse a first run without what it needs, and a second one into a single file."""
        order = self.order
        for spec in order.specs:
            past, under_way = state.past(spec.name), state.progress(spec.name)
            if past.cursor is None and under_way is None:
                since = order.ask.since if spec.since != "nothing" else None
                where = {name: value for name, value in order.ask.where.items() if name in spec.where}
                to = order.ask.to if spec.windowed else None
                spec.check(attrs.evolve(order.ask, since=since, to=to, where=where))
            elif past.cursor is not None and order.place.file:
                raise ConfigurationError(
                    f"{order.place} holds the first run; the changes since go into files of their own: "
                    f"name a folder, and another state"
                )

    def _refresh(self, state: StateFile, earlier: dict[str, list[str]]) -> None:
        """Read lists again that were finished by a run that failed at others, and not just now.

        Otherwise one list that cannot be read would keep all others as they were, night after night.
        """
        failed = state.fact(FAILED_AT)
        if failed is None or datetime.now(UTC) - datetime.fromisoformat(failed) < _FRESH:
            return
        for spec in self.order.specs:
            progress = state.progress(spec.name)
            if progress is None or not progress.done:
                continue
            if self.order.keeps:
                state.end([spec.name])
            else:
                files = [self.order.place.below(spec.name, part.file) for part in state.parts(spec.name)]
                replaced = earlier.setdefault(spec.name, [])
                replaced.extend(file for file in files if file not in replaced)
                # First, or nothing would know of these files after a kill.
                state.note(_REPLACES, json.dumps(earlier))
                state.forget(spec.name)
        state.note(FAILED_AT, None)


def task_of(
    names: Iterable[str],
    dest: str | Path,
    *,
    format: Format | None,
    state: str | Path | None,
    ask: Ask,
    overlap: timedelta,
    full_every: timedelta,
    columns: list[str] | None,
    with_secrets: bool,
) -> Task:
    """Return an export as it was asked for; `litmos.export.run` says what each of these is.

    Raises:
        ConfigurationError: Something cannot work.
    """
    listed = [names] if isinstance(names, str) else list(names)
    if not listed:
        raise ConfigurationError("name at least one list")
    if twice := [name for name, times in Counter(listed).items() if times > 1]:
        raise ConfigurationError(f"name each list once, not twice: {', '.join(map(repr, twice))}")
    specs = tuple(find_list(name) for name in listed)
    if columns is not None and len(specs) > 1:
        raise ConfigurationError("columns can be chosen for one list at a time")
    schemas = {spec.name: spec.schema.select(columns, secrets=with_secrets) for spec in specs}
    _check(specs, ask, overlap, full_every)
    keeps = state is not None
    for spec in specs if keeps else ():
        missing = [name for name in spec.key if name not in schemas[spec.name].names]
        if missing:
            raise ConfigurationError(
                f"with a state, the columns must tell the rows of {spec.name} apart: add {', '.join(missing)}"
            )
    state_path = Path(state) if state is not None else _state_beside(str(dest))
    place = place_of(dest, listed, format, Path(f"{state_path}.parts"))
    if place.remote is None and not place.file and keeps:
        folder = place.folder.absolute()
        if folder in state_path.absolute().parents:
            raise ConfigurationError(
                f"the state {state_path} must not be in the folder of the export: "
                f"programs that read the folder would take it for data"
            )
    return Task(Order(specs, place, schemas, ask, keeps, overlap, full_every), columns, state_path)


def _from(state: Path, place: Path) -> str:
    """Return where an export goes, as seen from its state.

    A relative path is another one in each working directory; and a state may be moved along with its files.
    """
    try:
        return os.path.relpath(place, state.absolute().parent)
    except ValueError:  # another drive of Windows
        return str(place)


def _state_beside(dest: str) -> Path:
    """Return where the state of an export is that is not to be kept."""
    if "://" not in dest:
        return Path(f"{dest.rstrip('/')}.state")
    name = hashlib.blake2b(dest.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return state_folder() / "exports" / f"{name}.state"


def names_of(columns: Iterable[str] | None) -> list[str] | None:
    """Return the columns asked for as a list.

    Raises:
        ConfigurationError: They are one text.
    """
    given: object = columns
    if isinstance(given, str):
        raise ConfigurationError("columns must be a list of names, not one text")
    return None if columns is None else list(columns)


def _check(specs: tuple[ListSpec, ...], ask: Ask, overlap: timedelta, full_every: timedelta) -> None:
    """Refuse what the lists cannot do; `since`, `to` and `where` count for those that have them."""
    for name, span in (("overlap", overlap), ("full_every", full_every)):
        given: object = span
        if not isinstance(given, timedelta) or given < timedelta(0):
            raise ConfigurationError(f"{name} must be a timedelta of 0 or more, not {given!r}")
    check_time("since", ask.since)
    check_time("to", ask.to)
    if ask.since is not None and ask.since > datetime.now(UTC) + timedelta(days=1):
        raise ConfigurationError("since is in the future")
    if ask.since is not None and all(spec.since == "nothing" for spec in specs):
        specs[0].check(ask)
    for name in ask.where:
        if all(name not in spec.where for spec in specs):
            specs[0].check(attrs.evolve(ask, since=None, to=None, where={name: ask.where[name]}))
    if ask.to is not None and not any(spec.windowed for spec in specs):
        specs[0].check(attrs.evolve(ask, where={}))
