"""What the commands do with the lines of a file: which columns they need, and which job they start."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Final, TypeAlias

from attrs import field, frozen

from litmos_async import LitmosClient
from litmos_async.bulk import Bulk, BulkJob, Resolved
from litmos_async.cli.ledger import Ledger, Subject, subject_of
from litmos_async.cli.table import Column, Table

Options: TypeAlias = Mapping[str, Any]
"""Options of a bulk helper, by name."""


@frozen
class Named(Column):
    """A column with names of things.

    Attributes:
        many: What these things are.
        listed: Whether the server's list of them has to be read.
        resolve: Turns names into ids.
    """

    many: str
    listed: bool
    resolve: Callable[[Bulk, Iterable[str]], Coroutine[Any, Any, Resolved]]


def fold(name: str) -> str:
    """Return what user names are compared by."""
    return unicodedata.normalize("NFC", name.strip()).lower()


async def as_written(_: Bulk, names: Iterable[str]) -> Resolved:
    """Take names for ids. Upper and lower case are alike."""
    return Resolved({name: fold(name) for name in names})


USER_NAME: Final = Named(
    "user_name",
    ("user_name", "username", "user", "login"),
    many="people",
    listed=False,
    resolve=as_written,
)
USER: Final = Named(
    "user",
    ("user", "user_name", "email", "login", "user_id"),
    many="people",
    listed=True,
    resolve=Bulk.resolve_users,
)
COURSE: Final = Named(
    "course",
    ("course", "course_code", "code", "course_id"),
    many="courses",
    listed=True,
    resolve=Bulk.resolve_courses,
)
TEAM: Final = Named(
    "team",
    ("team", "team_name", "team_code", "team_id"),
    many="teams",
    listed=True,
    resolve=Bulk.resolve_teams,
)
LEARNING_PATH: Final = Named(
    "learning_path",
    ("learning_path", "learning_path_name", "path", "path_name", "learning_path_id", "path_id"),
    many="learning paths",
    listed=True,
    resolve=Bulk.resolve_learning_paths,
)


def items_of(ledger: Ledger) -> Any:
    """Return what most helpers take: the pairs of ids."""
    return ledger.items


def as_it_is(table: Table) -> Table:
    """Return the table: nothing more is wrong with it."""
    return table


@frozen
class Task:
    """What a command does with the lines of its file.

    Attributes:
        columns: What each line must name, in the order of the ids in the items of the job.
        helper: Makes the job.
        options: Goes to the helper.
        given: Makes the input of the helper.
        about: Tells what an item of an outcome is about.
        check: Returns the table with what else is wrong with its lines, or raises a `TableError`.
    """

    columns: tuple[Named, ...]
    helper: Callable[..., BulkJob]
    options: Options = field(factory=dict[str, Any])
    given: Callable[[Ledger], Any] = items_of
    about: Callable[[Any], Subject] = subject_of
    check: Callable[[Table], Table] = as_it_is

    def start(self, litmos: LitmosClient, ledger: Ledger, *, dry_run: bool) -> BulkJob:
        """Make the job. A dry run leaves its journal alone: a plan would begin it."""
        options = {name: said for name, said in self.options.items() if not (dry_run and name == "journal")}
        return self.helper(litmos.bulk, self.given(ledger), **options)
