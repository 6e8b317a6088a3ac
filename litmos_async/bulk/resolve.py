"""Names to ids: what a name is compared with, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from difflib import get_close_matches
from typing import Any, Final, TypeAlias, TypeVar

from attrs import evolve, field, frozen

from litmos_async.models import Course, LearningPath, TeamSummary, User, UserSummary
from litmos_async.models.record import Record
from litmos_async.names import (
    PEOPLE,
    Forms,
    bare_number,
    clean,
    doubts,
    fold,
    hidden,
    loose,
    rewritten,
    written,
)
from litmos_async.paging import Pages
from litmos_async.retyped import retyped, telling_id

R = TypeVar("R", bound=Record)
Names: TypeAlias = Callable[[R], Sequence[str]]
Number: TypeAlias = Callable[[R], int | None]

_ORIGINAL_ID: Final = re.compile(r"[1-9][0-9]*")
"""An OriginalId as it is written: with a zero in front it is something else, such as the number of an employee."""

_MOST_SUGGESTIONS: Final = 20
_LARGEST_POOL: Final = 5_000
"""Names that get a "did you mean", and names it is chosen from: each takes milliseconds of the event loop."""

_NEAR: Final = 0.8
"""How much alike names are that are taken for each other's misspelling: `difflib.SequenceMatcher.ratio`."""

_DIGITS: Final = re.compile(r"\d+")

_ADDRESS: Final = "have the user name or the e-mail address"

_MOST_LABELS: Final = 5
"""How many of those that go by one name are named."""


@frozen
class Resolved:
    """The ids that names stand for.

    ```python
    users = await litmos.bulk.resolve_users(["user@example.com", "ghost@example.com"])
    if users.problems:
        print(users.problems)  # {'ghost@example.com': "no user goes by 'ghost@example.com'"}
    pairs = [(user_id, course_id) for user_id in users.ids.values() if user_id not in users.inactive]
    ```

    Attributes:
        ids: The id for each name that matches exactly one thing, by the name as it was given.
        problems: Why the other names have no id, by name.
        names: The server's name for each thing found, by id: user name, code or name.
        inactive: The ids of people found who are inactive.
    """

    ids: dict[str, str] = field(factory=dict[str, str])
    problems: dict[str, str] = field(factory=dict[str, str])
    names: dict[str, str] = field(factory=dict[str, str])
    inactive: frozenset[str] = frozenset()


class Resolver:
    """Looks names up in lists, row by row.

    A name is compared with the names of a row, in the strictest way in which anything goes by it; an earlier name
    of a row beats a later one. Then it is compared with its id, of which upper and lower case matter (api-facts 7);
    then, if it is a number, with its OriginalId. The last one only where no row has a number for a name: else a
    number that is no longer anyone's name would stand for a person whose OriginalId happens to be the same.

    Args:
        names: What to look up.
        what: What the rows are, for the problems.
        forms: How names are compared.
        hint: What to say of a name by which rows are called that are not found by it; see `read`.
        only: How one, and how several, are said to have a name, where names are of a single kind: ids of rows are
            no names then, and those that have the same one are distinguished. None where any name will do.
        addresses: Whether names are e-mail addresses: one that is the first name of a row, which has another
            address, and the address of another row stands for neither.

    Attributes:
        usable: The names that may stand for anything: for the others no request is spent.
    """

    def __init__(
        self,
        names: Iterable[str],
        what: str,
        *,
        forms: Forms,
        hint: str = "",
        only: tuple[str, str] | None = None,
        addresses: bool = False,
    ) -> None:
        self._what = what
        self._addresses = addresses
        self._forms = forms
        self._hint = hint
        self._only = only
        self._has, self._have = only or ("goes by", "go by")
        self._names = list(dict.fromkeys(names))
        self._wanted = {clean(name) for name in self._names}
        self.usable = [name for name in self._names if clean(name) and not self._stands_for_no_one(name)]
        self._loosely = {loose(name) for name in self._names}
        self._keys = [{of_wanted(name) for name in self._names} - {""} for of_wanted, _ in forms]
        # By the way of comparing, then by key: the rank of the name that matched, and the ids that it matched.
        self._found: list[dict[str, tuple[int, set[str]]]] = [{} for _ in forms]
        # By an address, folded: the ids of those whose address it is, and of those whose user name alone it is.
        self._mailed: dict[str, set[str]] = {}
        self._named_only: dict[str, set[str]] = {}
        self._labels: dict[str, str] = {}
        self._called: dict[str, set[str]] = {}
        self._pool: dict[str, str] = {}
        self._without_zeros = {bare_number(name) for name in self._names} - {""}
        self._with_zeros: dict[str, str] = {}
        self._ids: set[str] = set()
        self._inactive: set[str] = set()
        self._numbers: dict[str, set[str]] = {}
        self._named_by_number = False

    async def read(
        self,
        rows: Pages[R],
        names: Names[R],
        number: Number[R] | None = None,
        *,
        called: Names[R] | None = None,
        label: Names[R] | None = None,
    ) -> None:
        """Read a list to its end, if there is anything to look up.

        Args:
            rows: The list.
            names: The names that a row goes by, the strongest first.
            number: The OriginalId of a row.
            called: What a row is called without being found by it: that is said of a name by which nothing goes.
            label: What tells a row from others of the same name; its names if None.
        """
        if not self.usable:
            return
        async for row in rows:
            self.take(row, names, number, called=called, label=label)

    def take(
        self,
        row: R,
        names: Names[R],
        number: Number[R] | None = None,
        *,
        called: Names[R] | None = None,
        label: Names[R] | None = None,
    ) -> None:
        """Compare a row; see `read`."""
        row_id = _id(row)
        found = self._only is None and row_id in self._wanted
        if found:
            self._ids.add(row_id)
        if number is not None:
            found = self._take_number(row_id, number(row)) or found
        for rank, name in enumerate(names(row)):
            found = self._take_name(row_id, rank, name) or found
        if self._addresses and found:
            self._take_address(row_id, *map(fold, names(row)))
        for name in called(row) if called is not None else ():
            if (key := loose(name)) in self._loosely:
                self._called.setdefault(key, set()).add(row_id)
                found = True
        if found and getattr(row, "active", None) is False:
            self._inactive.add(row_id)
        if found:
            self._labels[row_id] = next(filter(None, (label or names)(row)), row_id)

    def _take_name(self, row_id: str, rank: int, name: str) -> bool:
        """Note for which of the names wanted a row stands by one of its own; return whether it is one at all."""
        # Many courses have no code: a blank is no name.
        if not (text := written(name)):
            return False
        self._named_by_number = self._named_by_number or (text.isascii() and text.isdigit())
        if (bare := bare_number(text)) in self._without_zeros:
            self._with_zeros[bare] = text
        if self._forms is not PEOPLE and len(self._pool) < _LARGEST_POOL:
            self._pool.setdefault(loose(text), text)
        matched = False
        for (_, of_row), keys, found in zip(self._forms, self._keys, self._found, strict=True):
            key = of_row(text)
            if key not in keys:
                continue
            best, ids = found.get(key, (rank, set[str]()))
            if rank < best:
                best, ids = rank, set[str]()
            if rank == best:
                ids.add(row_id)
            found[key] = best, ids
            matched = True
        return matched

    def _take_address(self, row_id: str, user_name: str, address: str) -> None:
        self._mailed.setdefault(address, set()).add(row_id)
        if "@" in user_name and user_name != address:
            self._named_only.setdefault(user_name, set()).add(row_id)

    def _owners(self, name: str, ids: set[str]) -> set[str]:
        """Return the ids that an address stands for, among them those of people who go by it otherwise."""
        key = fold(name)
        return ids | self._mailed.get(key, set()) if ids & self._named_only.get(key, set()) else ids

    def _take_number(self, row_id: str, number: int | None) -> bool:
        text = str(number)
        if not number or text not in self._wanted:
            return False
        self._numbers.setdefault(text, set()).add(row_id)
        return True

    async def read_numbers(self, rows: Pages[R], number: Number[R], label: Names[R]) -> None:
        """Read a list as far as it takes to find all names that can only be an OriginalId, if there are any."""
        left = {
            text
            for name in self._names
            if self._can_be_number(text := clean(name)) and not self._by_name(name)
        }
        if not left:
            return
        async with aclosing(rows.by_page()) as pages:
            async for page in pages:
                for row in page.items:
                    if self._take_number(_id(row), number(row)):
                        if getattr(row, "active", None) is False:
                            self._inactive.add(_id(row))
                        self._labels[_id(row)] = next(filter(None, label(row)), _id(row))
                if left <= self._numbers.keys():
                    return

    def _can_be_number(self, text: str) -> bool:
        return not self._named_by_number and _ORIGINAL_ID.fullmatch(text) is not None

    def _by_name(self, name: str) -> set[str]:
        """Return the ids of what goes by a name, or has it for its id."""
        for (of_wanted, _), found in zip(self._forms, self._found, strict=True):
            _, ids = found.get(of_wanted(name), (0, set[str]()))
            if ids:
                return ids
        return {clean(name)} & self._ids

    def is_found(self, name: str) -> bool:
        """Return whether anything goes by a name so far."""
        return bool(self._by_name(name))

    def is_settled(self, name: str) -> bool:
        """Return whether a name stands for something by its first name, so that no other row can beat that."""
        of_wanted, _ = self._forms[0]
        if fold(name) in self._named_only:
            return False
        rank, ids = self._found[0].get(of_wanted(name), (1, set[str]()))
        return rank == 0 and len(ids) == 1

    def resolved(self) -> Resolved:
        """Return what was found."""
        resolved = Resolved()
        suggestions = 0
        for name in self._names:
            ids = self._by_name(name)
            text = clean(name)
            if not ids and self._can_be_number(text):
                ids = self._numbers.get(text, set())
            ids = self._owners(name, ids)
            if ids and (problem := self._stands_for_no_one(name)):
                resolved.problems[name] = problem
            elif len(ids) == 1:
                (found,) = ids
                resolved.ids[name] = found
                resolved.names[found] = self._labels[found]
            elif ids:
                have = _ADDRESS if ids & self._named_only.get(fold(name), set()) else self._have
                resolved.problems[name] = f"{len(ids)} {self._what}s {have} {name!r}{self._which(name, ids)}"
            else:
                meant = self._near(name) if suggestions < _MOST_SUGGESTIONS else ""
                suggestions += bool(text)
                resolved.problems[name] = self._problem(name, meant)
        return evolve(resolved, inactive=frozenset(self._inactive.intersection(resolved.names)))

    def _stands_for_no_one(self, name: str) -> str:
        """Return why a name is that of no one, even if it is there; nothing if it may be that of someone."""
        if self._forms is not PEOPLE:
            return ""
        if self._only is not None and clean(name) and not rewritten(name) and not telling_id(name):
            return f"{name!r} is written for people without a number"
        return rewritten(name)

    def _which(self, name: str, ids: set[str]) -> str:
        """Return what tells things of one name apart, where anything does."""
        labels = sorted({self._labels[found] for found in ids})
        spellings = len(labels) > 1 and {loose(label) for label in labels} == {loose(name)}
        if self._only is None and not self._addresses and not spellings:
            return ""
        more = ", ..." if len(labels) > _MOST_LABELS else ""
        return f": {', '.join(map(repr, labels[:_MOST_LABELS]))}{more}"

    def _problem(self, name: str, meant: str) -> str:
        """Return why a name stands for nothing, with all that may help to correct it."""
        problem = f"no {self._what} {self._has} {name!r}"
        text = clean(name)
        if self._named_by_number and _ORIGINAL_ID.fullmatch(text):
            problem += f"; it is not taken for an OriginalId, since there are {self._what}s named by a number"
        if (zeros := self._with_zeros.get(bare_number(text), "")) not in {"", text}:
            problem += (
                f"; {zeros!r} is there: a spreadsheet removes zeros in front of a number"
                if text.isdigit()
                else f"; {zeros!r} is there: a spreadsheet adds marks between thousands"
            )
        if unseen := doubts(name) if text else hidden(name):
            problem += f"; it holds {' and '.join(unseen)}, which cannot be seen"
        if reason := self._stands_for_no_one(name) or rewritten(name) or retyped(name):
            problem += f"; {reason}"
        if called := self._called.get(loose(name)):
            labels = sorted(repr(self._labels[row_id]) for row_id in called)
            return f"{problem}; {self._hint}: {', '.join(labels[:_MOST_LABELS])}"
        return f"{problem}; did you mean {meant!r}?" if meant else problem

    def _near(self, name: str) -> str:
        """Return the name that comes nearest, of those that things go by. Another number is no slip of the pen."""
        text = loose(name)
        near = get_close_matches(text, self._pool, 3, cutoff=_NEAR)
        alike = (self._pool[key] for key in near if _DIGITS.findall(key) == _DIGITS.findall(text))
        return next(alike, "")


def _id(row: Record) -> str:
    row_id: Any = getattr(row, "id")  # noqa: B009 - every listed record has one, Record has not
    return str(row_id)


def names_of_user(user: UserSummary) -> Sequence[str]:
    """A user name is unique, an e-mail address may be shared."""
    return user.user_name or "", user.email or ""


def employee_id_of(user: User) -> Sequence[str]:
    """The number that an HR system has given a person; the server does not keep it unique."""
    return (user.external_employee_id or "",)


def user_name_of(user: UserSummary | User) -> Sequence[str]:
    """The user name alone."""
    return (user.user_name or "",)


def names_of_course(course: Course) -> Sequence[str]:
    """The code, and the code for bulk imports, which holds the name and the number of the course."""
    return course.code or "", course.course_code_for_bulk_import or ""


def name_of_course(course: Course) -> Sequence[str]:
    """What a course is called: the next edition of it may be called the same."""
    return (course.name or "",)


def any_name_of_course(course: Course) -> Sequence[str]:
    """What a course is called, and its code."""
    return course.name or "", course.code or ""


def import_code_of_course(course: Course) -> Sequence[str]:
    """The code that a bulk import takes."""
    return (course.course_code_for_bulk_import or "",)


def names_of_team(team: TeamSummary) -> Sequence[str]:
    """Names of teams are not unique in practice (api-facts 7)."""
    return team.name or "", team.team_code_for_bulk_import or ""


def name_of_team(team: TeamSummary) -> Sequence[str]:
    """The name alone."""
    return (team.name or "",)


def import_code_of_team(team: TeamSummary) -> Sequence[str]:
    """The code that a bulk import takes."""
    return (team.team_code_for_bulk_import or "",)


def names_of_learning_path(path: LearningPath) -> Sequence[str]:
    """The name: a learning path has no code."""
    return (path.name or "",)


def number_of(row: User | Course | LearningPath) -> int | None:
    """The number that the web interface shows."""
    return row.original_id
