"""What the commands do with the lines of a file: which columns they need, and which job they start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from litmos_async import LitmosClient
from litmos_async.bulk import Bulk, BulkJob, Resolved
from litmos_async.cli.headings import COURSE_NAME, EMAIL, EMPLOYEE_ID, LOGIN
from litmos_async.cli.ledger import Item, Ledger, Subject, nothing_more, nothing_said, subject_of
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.table import Column, Line, Table, TableError
from litmos_async.cli.unknown_columns import passed_over
from litmos_async.names import clean, fold, hidden, written

Options: TypeAlias = Mapping[str, Any]
"""Options of a bulk helper, by name."""

Resolve: TypeAlias = Callable[[Bulk, Iterable[str]], Coroutine[Any, Any, Resolved]]
"""Turns names into ids."""


@frozen
class NameColumn(Column):
    """A column with names of things.

    Attributes:
        many: What these things are.
        listed: Whether the server's list of them has to be read.
        resolve: Turns names into ids.
        ways: Words under which the column holds names of one kind, with what is looked up then; the first of them
            is what the outcomes call it.
    """

    many: str
    listed: bool
    resolve: Resolve
    ways: tuple[tuple[tuple[str, ...], Resolve], ...] = ()

    def way(self, word: str) -> Resolve:
        """Return what turns the names of a column into ids that is found under this word."""
        return next((resolve for words, resolve in self.ways if word in words), self.resolve)

    def reads_list(self, word: str) -> bool:
        """Return whether the server's list has to be read for a column that is found under this word."""
        return self.listed or any(word in words for words, _ in self.ways)

    def title(self, word: str) -> str:
        """Return what the column is called in the outcomes, so that they can be read again."""
        return next((words[0] for words, _ in self.ways if word in words), super().title(word))


async def as_written(_: Bulk, names: Iterable[str]) -> Resolved:
    """Take names for ids. Upper and lower case are alike."""
    return Resolved({name: fold(name) for name in names})


async def by_employee_id(bulk: Bulk, names: Iterable[str]) -> Resolved:
    """Look up people by the number of the employee."""
    return await bulk.resolve_users(names, by="employee_id")


async def by_email(bulk: Bulk, names: Iterable[str]) -> Resolved:
    """Look up people by e-mail address: one that is the user name of another person is no one's."""
    return await bulk.resolve_users(names, by="email")


async def to_user_names(bulk: Bulk, names: Iterable[str]) -> Resolved:
    """Look up user names by the number of the employee."""
    found = await bulk.resolve_users(names, by="employee_id")
    resolved = Resolved(problems=dict(found.problems))
    for name, user_id in found.ids.items():
        there = found.names[user_id]
        if unseen := () if written(there) == clean(there) else hidden(there):
            # What is sent holds none of it, so it would mean another account, or make one.
            resolved.problems[name] = (
                f"the account with the employee id {name!r} has {' and '.join(unseen)} in its user name, which "
                "cannot be seen: give it another one by its id, with the columns user_name and employee_id"
            )
            continue
        resolved.ids[name] = fold(there)
        resolved.names[fold(there)] = there
    return resolved


async def by_name(bulk: Bulk, names: Iterable[str]) -> Resolved:
    """Look up courses by what they are called."""
    return await bulk.resolve_courses(names, by="name")


USER_NAME: Final = NameColumn(
    "user_name",
    (*LOGIN, *EMPLOYEE_ID),
    many="people",
    listed=False,
    resolve=as_written,
    ways=((EMPLOYEE_ID, to_user_names),),
)
USER: Final = NameColumn(
    "user",
    ("user", *(name for name in LOGIN if name != "user"), *EMAIL, "user_id", *EMPLOYEE_ID),
    many="people",
    listed=True,
    resolve=Bulk.resolve_users,
    ways=((EMPLOYEE_ID, by_employee_id), (EMAIL, by_email)),
)
COURSE: Final = NameColumn(
    "course",
    ("course", "course_code", "code", "course_id", *COURSE_NAME),
    many="courses",
    listed=True,
    resolve=Bulk.resolve_courses,
    ways=((COURSE_NAME, by_name),),
)
TEAM: Final = NameColumn(
    "team",
    ("team", "team_name", "team_code", "team_id"),
    many="teams",
    listed=True,
    resolve=Bulk.resolve_teams,
)
LEARNING_PATH: Final = NameColumn(
    "learning_path",
    ("learning_path", "learning_path_name", "path", "path_name", "learning_path_id", "path_id"),
    many="learning paths",
    listed=True,
    resolve=Bulk.resolve_learning_paths,
)


def items_of(ledger: Ledger) -> Any:
    """Return what most helpers take: the pairs of ids."""
    return ledger.items


async def look_nothing_up(*_: object) -> None:
    """Do nothing: all that the lines name stands in the columns that must be there."""


@frozen
class Task:
    """What a command does with the lines of its file.

    Attributes:
        columns: What each line must name, in the order of the ids in the items of the job.
        helper: Makes the job.
        options: Goes to the helper.
        given: Makes the input of the helper.
        about: Returns what an item of an outcome is about.
        check: Returns the table with what else is wrong with its lines, or raises a `TableError`.
        look_up: Looks up what else the lines name, and settles those that name what is not there. It is told
            whether this is a dry run.
        takes_away: Whether the job takes away what the file does not name: it must be whole then.
        apart: Returns what else tells a line from others, beside what its columns name.
        said: Returns what a line says about what its columns name.
        final: What the job does that cannot be undone, as far as its own plan does not say it.
    """

    columns: tuple[NameColumn, ...]
    helper: Callable[..., BulkJob]
    options: Options = field(factory=dict[str, Any])
    given: Callable[[Ledger], Any] = items_of
    about: Callable[[Any], Subject] = subject_of
    check: Callable[[Table, Reading], Table] = passed_over
    look_up: Callable[[Bulk, Ledger, bool], Awaitable[None]] = look_nothing_up
    takes_away: bool = False
    apart: Callable[[Table, Line], Item] = nothing_more
    said: Callable[[Table, Line], Mapping[str, Any]] = nothing_said
    final: str = ""

    def checked(self, table: Table, reading: Reading = READING) -> Table:
        """Return the table with what else is wrong with its lines.

        Raises:
            TableError: It cannot be used as a whole.
        """
        if self.takes_away and reading.only_failed:
            raise TableError("--only-failed leaves people out, and anyone left out would be removed")
        return self.check(table, reading)

    def start(self, litmos: LitmosClient, ledger: Ledger, *, dry_run: bool) -> BulkJob:
        """Make the job. A dry run leaves its journal alone: a plan would begin it."""
        options = {name: said for name, said in self.options.items() if not (dry_run and name == "journal")}
        return self.helper(litmos.bulk, self.given(ledger), **options)
