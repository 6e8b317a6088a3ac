"""Names to ids, with the fewest requests: the whole list once, never one look-up a name."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from attrs import field, frozen

from litmos_async.models import Course, LearningPath, TeamSummary, UserSummary
from litmos_async.models.record import Record
from litmos_async.paging import Pages

R = TypeVar("R", bound=Record)
Names = Callable[[R], Sequence[str]]


@frozen
class Resolved:
    """What names stand for.

    Attributes:
        ids: The id of each name that stands for exactly one thing, by the name as it was given.
        problems: Why the others do not.
    """

    ids: dict[str, str] = field(factory=dict[str, str])
    problems: dict[str, str] = field(factory=dict[str, str])


async def resolve(names: Iterable[str], rows: Pages[R], what: str, of: Names[R], fold: bool) -> Resolved:
    """Look names up in a list, reading it to its end.

    Args:
        names: What to look up.
        rows: The list.
        what: What its rows are, for the problems.
        of: The names that a row goes by, the strongest first: an earlier one beats a later one.
        fold: Whether upper and lower case are the same.
    """
    wanted: dict[str, list[str]] = {}
    for name in names:
        wanted.setdefault(_key(name, fold), []).append(name)
    # Rank of the name that matched, and the ids that it matched.
    found: dict[str, tuple[int, list[str]]] = {}
    async for row in rows:
        row_id: Any = getattr(row, "id")  # noqa: B009 - every listed record has one, Record has not
        for rank, name in enumerate(of(row)):
            key = _key(name, fold)
            # Many courses have no code: a blank is nobody's name.
            if not key or key not in wanted:
                continue
            best, ids = found.get(key, (rank, []))
            if rank < best:
                best, ids = rank, []
            if rank == best and row_id not in ids:
                ids.append(row_id)
            found[key] = best, ids
    return _sort_out(wanted, found, what)


def _sort_out(wanted: dict[str, list[str]], found: dict[str, tuple[int, list[str]]], what: str) -> Resolved:
    resolved = Resolved()
    for key, names in wanted.items():
        _, ids = found.get(key, (0, []))
        for name in names:
            if len(ids) == 1:
                resolved.ids[name] = ids[0]
            elif ids:
                resolved.problems[name] = f"{len(ids)} {what}s go by {name!r}"
            else:
                resolved.problems[name] = f"no {what} goes by {name!r}"
    return resolved


def _key(name: str, fold: bool) -> str:
    """Names are compared exactly, but for blanks around them and for how an umlaut is put together."""
    text = unicodedata.normalize("NFC", name.strip())
    return text.casefold() if fold else text


def names_of_user(user: UserSummary) -> Sequence[str]:
    """A user name is unique, an e-mail address may be shared."""
    return user.user_name or "", user.email or "", user.id


def names_of_course(course: Course) -> Sequence[str]:
    """The code, the code for bulk imports, the id, and the number that the web interface shows."""
    return (
        course.code or "",
        course.course_code_for_bulk_import or "",
        course.id,
        str(course.original_id or ""),
    )


def names_of_team(team: TeamSummary) -> Sequence[str]:
    """Names of teams are not unique in practice (quirks.md 7)."""
    return team.name or "", team.team_code_for_bulk_import or "", team.id


def names_of_learning_path(path: LearningPath) -> Sequence[str]:
    """The name, the id, and the number that the web interface shows."""
    return path.name or "", path.id, str(path.original_id or "")
