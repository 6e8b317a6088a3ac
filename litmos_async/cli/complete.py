"""`litmos complete`: completions from elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from litmos_async import ModuleResult
from litmos_async.bulk import Bulk, BulkJob
from litmos_async.cli.extra_columns import ExtraColumn, ExtraColumns, percent
from litmos_async.cli.ledger import Item, Ledger, Subject, says_no_more
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
from litmos_async.cli.table import Line, Table
from litmos_async.cli.tasks import COURSE, USER, Task
from litmos_async.cli.values import FieldError, moment
from litmos_async.jobs import CompletedModule, Jobs, ModulesOfCourse
from litmos_async.names import loose

__all__ = ["complete"]

_PATH: Final = "a learning path is complete when its courses are: name the courses"
_COMPUTED: Final = "the server computes it"
_SET_THERE: Final = "it is a setting of the course"

_REFUSED: Final = {
    **dict.fromkeys(("learning_path", "learning_path_name", "path", "path_name"), _PATH),
    **dict.fromkeys(
        ("percentage", "progress", "points", "certificate", "certificate_id", "status"), _COMPUTED
    ),
    **dict.fromkeys(
        ("compliant_till", "compliant_till_date", "due_date", "expires", "expiry_date", "expiration_date"),
        _SET_THERE,
    ),
}
"""api-facts 15: what follows from a completion, and what is set elsewhere."""

_ROLL_CALL: Final = "only a roll call completes it (litmos sessions roll-call)"


def _past(text: str) -> datetime:
    """Return when something was completed."""
    found = moment(text)
    if found > datetime.now(UTC) + timedelta(days=1):  # where the file was written it may be tomorrow already
        raise FieldError("it is in the future")
    return found


HISTORY: Final = ExtraColumns(
    (
        ExtraColumn("module", ("module_name", "module_code", "module_id", "module_title")),
        ExtraColumn(
            "completed",
            (
                *("date", "date_completed", "completion_date", "completed_date", "completed_on"),
                *("completed_at", "finish_date", "date_finished"),
            ),
            _past,
        ),
        ExtraColumn("score", ("result", "grade", "mark"), percent),
        ExtraColumn("note", ("notes", "comment", "comments", "remark")),
    ),
    _REFUSED,
)


class History:
    """The completions of a file: which modules each line means, and the line that each outcome is about."""

    def __init__(self) -> None:
        self._results: list[tuple[str, ModuleResult]] = []
        self._subjects: dict[CompletedModule, Subject] = {}

    async def look_up(self, bulk: Bulk, ledger: Ledger, _dry_run: bool) -> None:
        """Read the modules of the courses, and settle the lines that mean what cannot be set."""
        lines = list(zip(ledger.items, ledger.lines, strict=True))
        modules = await Jobs.of(bulk).modules_of(item[1] for item, _ in lines)
        first: dict[CompletedModule, tuple[int, dict[str, Any]]] = {}
        for item, line in lines:
            said = HISTORY.values(ledger.table, line)
            wanted, problem = _wanted(modules[item[1]], said.get("module", ""))
            if problem:
                ledger.settle(item, "failed", problem)
                continue
            results = [(each, *_result(item, each.id, said)) for each in wanted]
            repeated = [(*first[key], result) for _, key, result in results if key in first]
            others = [number for number, told, result in repeated if not says_no_more(_told(result), told)]
            if others:
                ledger.settle(item, "failed", f"line {others[0]} says something else about the same")
                continue
            fresh = [each for each in results if each[1] not in first]
            first |= {key: (line.number, _told(result)) for _, key, result in fresh}
            if not fresh:
                ledger.settle(item, "skipped", f"same as line {first[results[0][1]][0]}")
            called = Counter(module.name or module.code or module.id for module, _, _ in fresh)
            for module, key, result in fresh:
                part = module.name or module.code or module.id
                part = part if called[part] == 1 else f"{part} ({module.id})"
                self._subjects[key] = Subject(item, part=part, parts=len(fresh))
                self._results.append((module.id, result))

    def given(self, ledger: Ledger) -> list[tuple[str, ModuleResult]]:
        """Return the results of the lines that can be used."""
        usable = set(ledger.items)
        return [each for each in self._results if self._subjects[_key(*each)].item in usable]

    def about(self, item: Any) -> Subject:
        """Return which line an outcome is about."""
        return self._subjects[item]


def _key(module_id: str, result: ModuleResult) -> CompletedModule:
    when = result.updated_at.isoformat() if result.updated_at else ""
    return CompletedModule(result.user_id or "", result.course_id or "", module_id, when)


def _result(item: Item, module_id: str, said: dict[str, Any]) -> tuple[CompletedModule, ModuleResult]:
    result = ModuleResult(
        user_id=item[0],
        course_id=item[1],
        completed=True,
        score=said.get("score"),
        updated_at=said.get("completed"),
        note=said.get("note"),
    )
    return _key(module_id, result), result


def _told(result: ModuleResult) -> dict[str, Any]:
    """Return what a result says, so that what means the same is equal, as in `_said`."""
    told = {"score": result.score, "note": loose(result.note)}
    return {name: value for name, value in told.items() if value is not None and value != ""}


def _wanted(course: ModulesOfCourse, name: str) -> tuple[Sequence[Any], str]:
    """Return the modules that a line means, and why it means none that can be set."""
    if name:
        found = course.find(name)
        if len(found) != 1:
            several = ", ".join(repr(each.id) for each in found)
            return (
                (),
                f"several modules go by {name!r}: {several}" if found else f"no module goes by {name!r}",
            )
        if found[0].id in course.led:
            return (), f"module {name!r} has sessions: {_ROLL_CALL}"
        return found, ""
    if led := [each for each in course.modules if each.id in course.led]:
        return (), f"module {led[0].name!r} of the course has sessions: {_ROLL_CALL}; name the other modules"
    return course.settable, "" if course.settable else "the course has no module that can be set"


def _apart(table: Table, line: Line) -> Item:
    """Return what tells a completion from others of the same person in the same course."""
    said = HISTORY.values(table, line) if not line.problem else {}
    when = said.get("completed")
    return said.get("module", ""), when.isoformat() if when else ""


def _said(table: Table, line: Line) -> dict[str, Any]:
    """Return what a line says about a completion, beside which one it is."""
    return {
        key: value for key, value in HISTORY.said(table, line).items() if key not in {"module", "completed"}
    }


def _write(bulk: Bulk, given: Any, **options: Any) -> BulkJob:
    return Jobs.of(bulk).write_completions(given, **options)


async def complete(
    file: Annotated[
        Path,
        Parameter(
            help="The CSV. Its first line names the columns: user and course, and optionally completed "
            "(the day), module, score and note."
        ),
    ],
    /,
    *,
    flags: ItemFlags = ITEM_FLAGS,
    reading: Reading = READING,
    output: OutputFlags = OUTPUT_FLAGS,
    account: AccountFlags = ACCOUNT_FLAGS,
) -> int:
    """Record completions from elsewhere: of a module, or of all modules of a course.

    If one person has several completions of a module, the oldest is sent first, so that the profile shows the
    latest. The server refuses people who do not have the course, so run litmos assign courses first. Modules
    with sessions are completed by a roll call, learning paths by their courses.

    The API key and the exit codes are those of `litmos assign courses`.
    """
    history = History()
    task = Task(
        (USER, COURSE),
        _write,
        flags.options(),
        history.given,
        history.about,
        HISTORY.check,
        history.look_up,
        apart=_apart,
        said=_said,
    )
    return await start(task, file, reading, output, account)
