"""`litmos sessions create`, `register` and `roll-call`: instructor-led training from files."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import attrs
from cyclopts import Parameter

from litmos_async import EventUser, Session
from litmos_async.bulk import Bulk, BulkJob, Resolved
from litmos_async.cli.ledger import Item, Ledger, Subject, says_no_more
from litmos_async.cli.lists import sessions as app
from litmos_async.cli.options import (
    ACCOUNT_FLAGS,
    ITEM_FLAGS,
    OUTPUT_FLAGS,
    AccountFlags,
    ItemFlags,
    OutputFlags,
    start,
)
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.session_fields import MARKS, SESSION, session_of
from litmos_async.cli.table import Line, Table
from litmos_async.cli.tasks import COURSE, USER, NameColumn, Task
from litmos_async.jobs import Jobs, ModulesOfCourse, NewSession, SessionPlace, UserInSession
from litmos_async.names import loose

__all__ = ["app"]


async def _find(bulk: Bulk, names: Iterable[str], *, past: bool) -> Resolved:
    return await Jobs.of(bulk).resolve_sessions(names, past=past)


async def _as_written(_: Bulk, names: Iterable[str]) -> Resolved:
    return Resolved({name: loose(name) for name in names})


NEW: Final = NameColumn(
    "session",
    ("session", "session_name", "name_of_session", "name", "title"),
    many="sessions",
    listed=False,
    resolve=_as_written,
)
COMING: Final = NameColumn(
    "session",
    ("session", "session_name", "session_id", "name_of_session"),
    many="sessions",
    listed=True,
    resolve=partial(_find, past=False),
)
HELD: Final = attrs.evolve(COMING, resolve=partial(_find, past=True))


class NewSessions:
    """The sessions of a file, once their modules, instructors and locations are looked up.

    Args:
        zone: The time zone where a line names none.
    """

    def __init__(self, zone: str) -> None:
        self._zone = zone
        self._sessions: dict[Item, tuple[str, str, Session]] = {}

    async def look_up(self, bulk: Bulk, ledger: Ledger, _dry_run: bool) -> None:
        """Look up what the lines name; settle those that name what is not there."""
        jobs = Jobs.of(bulk)
        lines = list(zip(ledger.items, ledger.lines, strict=True))
        modules = await jobs.modules_of(item[0] for item, _ in lines)
        people = await bulk.resolve_users(SESSION.mentioned(ledger, "instructor"))
        places = await jobs.resolve_locations(SESSION.mentioned(ledger, "location"))
        first: dict[NewSession, tuple[int, dict[str, Any]]] = {}
        for item, line in lines:
            said = SESSION.values(ledger.table, line)
            module, problem = _module(modules[item[0]], said.get("module", ""))
            named = ((people, said["instructor"]), (places, said["location"]))
            problems = [found.problems[name] for found, name in named if name in found.problems]
            if problem or problems:
                ledger.settle(item, "failed", "; ".join(filter(None, (problem, *problems))))
                continue
            instructor_id, place = people.ids[said["instructor"]], places.ids[said["location"]]
            name = line.values[1].strip()
            session = session_of(name, said, instructor_id, int(place), self._zone)
            # The module, the instructor and the location may stand there by other words.
            told = SESSION.said(ledger.table, line) | {"instructor": instructor_id, "location": place}
            told.pop("module", None)
            number, earlier = first.setdefault(NewSession.of(item[0], module, session), (line.number, told))
            if earlier is not told:
                same = says_no_more(told, earlier)
                reason = (
                    f"same as line {number}" if same else f"line {number} says something else about the same"
                )
                ledger.settle(item, "skipped" if same else "failed", reason)
                continue
            self._sessions[item] = item[0], module, session

    def given(self, ledger: Ledger) -> list[tuple[str, str, Session]]:
        """Return the sessions of the lines that can be used."""
        return [self._sessions[item] for item in ledger.items]

    def about(self, item: NewSession) -> Subject:
        """Return which line a session stands on."""
        ids = item.course_id, item.module_id
        found = (
            key
            for key, (course_id, module_id, session) in self._sessions.items()
            if (course_id, module_id) == ids and session.name == item.name and _begins(session) == item.start
        )
        return Subject(next(found))


def _begins(session: Session) -> str:
    return NewSession.of("", "", session).start


def _module(course: ModulesOfCourse, name: str) -> tuple[str, str]:
    """Return the module of a course that has sessions, and why there is not one that is meant."""
    led = [each for each in course.modules if each.id in course.led]
    found = [each for each in course.find(name) if each.id in course.led] if name else led
    if len(found) == 1:
        return found[0].id, ""
    named = f" that goes by {name!r}" if name else ""
    if found:
        return "", f"the course has {len(found)} modules with sessions{named}: say which, in a column module"
    return "", f"the course has no module with sessions{named}"


def _apart(table: Table, line: Line) -> Item:
    """Return what tells a session from others of the same name in the same course."""
    said = SESSION.values(table, line) if not line.problem else {}
    return loose(said.get("module")), str(said.get("date", "")), said.get("start_time", "")


def _create(bulk: Bulk, given: Any, **options: Any) -> BulkJob:
    return Jobs.of(bulk).create_sessions(given, **options)


def _register(bulk: Bulk, given: Any, **options: Any) -> BulkJob:
    return Jobs.of(bulk).register_for_sessions(given, **options)


def _mark(bulk: Bulk, given: Any, **options: Any) -> BulkJob:
    return Jobs.of(bulk).mark_roll_calls(given, **options)


def _places(ledger: Ledger) -> list[tuple[str, SessionPlace]]:
    return [(user_id, SessionPlace.parse(place)) for user_id, place in ledger.items]


def _marks(ledger: Ledger) -> list[tuple[SessionPlace, EventUser]]:
    """Return what a roll call is told of each person: who is named was there, if nothing else is said."""
    found = list[tuple[SessionPlace, EventUser]]()
    for (user_id, place), line in zip(ledger.items, ledger.lines, strict=True):
        said = MARKS.values(ledger.table, line)
        mark = EventUser(id=user_id, completed=said.get("completed", True), score=said.get("score"))
        found.append((SessionPlace.parse(place), mark))
    return found


def _said(table: Table, line: Line) -> dict[str, Any]:
    """Return what a line says of a person: nothing means that they completed the session."""
    return {"completed": True} | MARKS.said(table, line)


def _about(item: UserInSession) -> Subject:
    return Subject((item.user_id, str(item.place)))


@app.command
async def create(
    file: Annotated[
        Path,
        Parameter(
            help="The CSV. Its first line names the columns: course, session (its name), date, start_time, "
            "end_time, instructor and location; and if need be module, time_zone, slots, wait_list, details, "
            "session_type, and date_2, start_time_2, end_time_2 for a second day, up to five."
        ),
    ],
    /,
    *,
    time_zone: Annotated[
        str,
        Parameter(
            help="The time zone of lines that do not name one: a Windows name, such as GMT Standard Time."
        ),
    ] = "UTC",
    flags: ItemFlags = ITEM_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Create the sessions in a CSV in instructor-led modules. Existing sessions are left alone.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    new = NewSessions(time_zone)
    task = Task(
        (COURSE, NEW),
        _create,
        flags.options(),
        new.given,
        new.about,
        SESSION.check,
        new.look_up,
        apart=_apart,
        said=SESSION.said,
    )
    return await start(task, file, reading, output, account)


@app.command
async def register(
    file: Annotated[Path, Parameter(help="The CSV. Its first line names the columns: user and session.")],
    /,
    *,
    flags: ItemFlags = ITEM_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Register the people in a CSV for sessions, by the names or ids of the sessions.

    The server refuses people who do not have the course, so run litmos assign courses first. The server decides
    whether people get an e-mail; there is no switch. The API cannot cancel a registration.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    task = Task((USER, COMING), _register, flags.options(), _places, _about)
    return await start(task, file, reading, output, account)


@app.command
async def roll_call(
    file: Annotated[
        Path,
        Parameter(
            help="The CSV. Its first line names the columns: user and session, and optionally completed "
            "(yes or no; empty means yes) and score (0 to 100)."
        ),
    ],
    /,
    *,
    flags: ItemFlags = ITEM_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Record a roll call: who completed which session, and with what score. This completes the module for them.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    task = Task((USER, HELD), _mark, flags.options(), _marks, _about, MARKS.check, said=_said)
    return await start(task, file, reading, output, account)
