"""Names to ids, with the fewest requests: the whole list once, never one look-up a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Any, Final, TypeVar

from attrs import field, frozen

from litmos_async.models import Course, LearningPath, TeamSummary, User, UserSummary
from litmos_async.models.record import Record
from litmos_async.paging import Pages

R = TypeVar("R", bound=Record)
Names = Callable[[R], Sequence[str]]
Number = Callable[[R], int | None]

_IN_CAPITALS: Final = 10
"""How much weaker than the names themselves is what they turn into in capitals; no row has so many names."""

_ORIGINAL_ID: Final = re.compile(r"[1-9][0-9]*")
"""An OriginalId as it is written: with a zero in front it is something else, such as the number of an employee."""


@frozen
class Resolved:
    """What names stand for.

    Attributes:
        ids: The id of each name that stands for exactly one thing, by the name as it was given.
        problems: Why the others do not.
    """

    ids: dict[str, str] = field(factory=dict[str, str])
    problems: dict[str, str] = field(factory=dict[str, str])


class Resolver:
    """Looks names up in lists, row by row.

    A name is compared with the names of a row, an earlier one of which beats a later one; then with its id, of
    which upper and lower case matter (api-facts 7); then, if it is a number, with its OriginalId. The last one only
    where no row has a number for a name: else a number that is nobody's name any more would stand for somebody
    whose OriginalId happens to be the same.

    Args:
        names: What to look up.
        what: What the rows are, for the problems.
        fold: Whether upper and lower case of names are the same.
    """

    def __init__(self, names: Iterable[str], what: str, *, fold: bool) -> None:
        self._what = what
        self._fold = fold
        self._names = list(dict.fromkeys(names))
        self._wanted = {_clean(name) for name in self._names}
        self._keys = {self._key(text) for text in self._wanted}
        # Rank of the name that matched, and the ids that it matched.
        self._found: dict[str, tuple[int, set[str]]] = {}
        self._ids: set[str] = set()
        self._numbers: dict[str, set[str]] = {}
        self._named_by_number = False

    def _key(self, text: str) -> str:
        return text.lower() if self._fold else text

    async def read(self, rows: Pages[R], names: Names[R], number: Number[R] | None = None) -> None:
        """Read a list to its end, if there is anything to look up.

        Args:
            rows: The list.
            names: The names that a row goes by, the strongest first.
            number: The OriginalId of a row.
        """
        if not any(self._wanted):
            return
        async for row in rows:
            row_id = _id(row)
            if row_id in self._wanted:
                self._ids.add(row_id)
            if number is not None:
                self._take_number(row_id, number(row))
            for rank, name in enumerate(map(_clean, names(row))):
                self._take_name(row_id, rank, name)
                # In capitals müßig is MÜSSIG: that finds it, where nobody's name is müssig.
                if self._fold and (capitals := name.upper().lower()) != name.lower():
                    self._take_name(row_id, rank + _IN_CAPITALS, capitals)

    def _take_name(self, row_id: str, rank: int, name: str) -> None:
        self._named_by_number = self._named_by_number or (name.isascii() and name.isdigit())
        key = self._key(name)
        # Many courses have no code: a blank is nobody's name.
        if not key or key not in self._keys:
            return
        best, ids = self._found.get(key, (rank, set[str]()))
        if rank < best:
            best, ids = rank, set[str]()
        if rank == best:
            ids.add(row_id)
        self._found[key] = best, ids

    def _take_number(self, row_id: str, number: int | None) -> None:
        text = str(number)
        if number and text in self._wanted:
            self._numbers.setdefault(text, set()).add(row_id)

    async def read_numbers(self, rows: Pages[R], number: Number[R]) -> None:
        """Read a list as far as it takes to find all names that can only be an OriginalId, if there are any."""
        left = {text for text in self._wanted if self._can_be_number(text) and not self._by_name(text)}
        if not left:
            return
        async with aclosing(rows.by_page()) as pages:
            async for page in pages:
                for row in page.items:
                    self._take_number(_id(row), number(row))
                if left <= self._numbers.keys():
                    return

    def _can_be_number(self, text: str) -> bool:
        return not self._named_by_number and _ORIGINAL_ID.fullmatch(text) is not None

    def _by_name(self, text: str) -> set[str]:
        """Return the ids of what goes by a name, or has it for its id."""
        _, ids = self._found.get(self._key(text), (0, set[str]()))
        return ids or {text} & self._ids

    def resolved(self) -> Resolved:
        """Return what was found."""
        resolved = Resolved()
        for name in self._names:
            text = _clean(name)
            ids = self._by_name(text)
            if not ids and self._can_be_number(text):
                ids = self._numbers.get(text, set())
            if len(ids) == 1:
                (resolved.ids[name],) = ids
            else:
                resolved.problems[name] = self._problem(name, len(ids))
        return resolved

    def _problem(self, name: str, found: int) -> str:
        if found:
            return f"{found} {self._what}s go by {name!r}"
        problem = f"no {self._what} goes by {name!r}"
        if self._named_by_number and _ORIGINAL_ID.fullmatch(_clean(name)):
            problem += f"; it is not taken for an OriginalId, since there are {self._what}s named by a number"
        return problem


def _clean(name: str) -> str:
    """Names are compared exactly, but for blanks around them and for how an umlaut is put together."""
    return unicodedata.normalize("NFC", name.strip())


def _id(row: Record) -> str:
    row_id: Any = getattr(row, "id")  # noqa: B009 - every listed record has one, Record has not
    return str(row_id)


def names_of_user(user: UserSummary) -> Sequence[str]:
    """A user name is unique, an e-mail address may be shared."""
    return user.user_name or "", user.email or ""


def names_of_course(course: Course) -> Sequence[str]:
    """The code, and the code for bulk imports, which holds the name and the number of the course."""
    return course.code or "", course.course_code_for_bulk_import or ""


def names_of_team(team: TeamSummary) -> Sequence[str]:
    """Names of teams are not unique in practice (api-facts 7)."""
    return team.name or "", team.team_code_for_bulk_import or ""


def names_of_learning_path(path: LearningPath) -> Sequence[str]:
    """The name: a learning path has no code."""
    return (path.name or "",)


def number_of(row: User | Course | LearningPath) -> int | None:
    """The number that the web interface shows."""
    return row.original_id
