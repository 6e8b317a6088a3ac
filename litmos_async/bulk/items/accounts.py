"""Which account is whose: people as they should be, matched with the accounts that there are. Pure.

The user name decides. Where a person has an employee id that is unique on both sides, an account with that id is
theirs under another user name, too. Where the two disagree, where a spreadsheet may have rewritten either of them,
or where two people who would get an account have one employee id, nothing is guessed: that person fails, and no
account that may be theirs is touched. What people write in place of an employee id, such as 0, is none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, Literal

from attrs import frozen

from litmos_async.models import User
from litmos_async.names import (
    SAME_PERSON,
    bare_number,
    clean,
    closeness,
    fold,
    if_in_capitals,
    if_unusual,
    in_capitals,
    plain,
    rewritten,
    unusual,
)
from litmos_async.retyped import grouped, retyped, telling_id

_CLEARLY: Final = 0
"""The strictest of the ways in which user names are the same; see `names.SAME_PERSON`."""

_MOST_NAMED: Final = 5
"""How many people a problem names."""


@frozen
class Match:
    """The account of a person.

    Attributes:
        name: The user name of the person, folded.
        row: The account; None if there is none.
        by_id: Whether the employee id alone says so.
        problem: Why it is not clear which account it is; empty if it is.
        among: Whether it can only be one of the accounts that the problem names, which stay as they are.
    """

    name: str
    row: User | None = None
    by_id: bool = False
    problem: str = ""
    among: bool = False


class Accounts:
    """Takes the accounts one after another, and keeps those only of which it is not clear at once whose they are.

    Args:
        desired: The people, by user name, folded.
    """

    def __init__(self, desired: Mapping[str, User]) -> None:
        self._desired = desired
        self._open = dict.fromkeys(desired)
        # By the employee id and by the user name, as `plain` makes them: the people of the input.
        self._with_id: dict[str, list[str]] = {}
        self._with_name: dict[str, list[str]] = {}
        self._bare: set[str] = set()
        self._capitals: set[str] = set()
        self._unusable: dict[str, str] = {}
        for name, user in desired.items():
            self._with_name.setdefault(plain(name), []).append(name)
            if employee_id := plain(telling_id(user.external_employee_id)):
                self._with_id.setdefault(employee_id, []).append(name)
            if problem := rewritten(user.user_name) or rewritten(user.external_employee_id):
                self._unusable[name] = problem
            self._bare |= {bare_number(name), bare_number(employee_id)}
            self._capitals.add(if_in_capitals(user.user_name))
        self._bare.discard("")
        self._capitals.discard("")
        self._held = _Held()
        self._unclear: set[str] = set()
        self._given: set[str] = set()

    def take(self, row: User) -> Match | Literal["no one"] | None:
        """Take an account.

        Returns:
            Whose it is, where nothing that comes later can change that; "no one" if it is that of no person in the
            input; None if it is kept, for `rest` and `left`.
        """
        name, row_id = fold(row.user_name), fold(telling_id(row.external_employee_id))
        user = self._desired.get(name) if name else None
        if user is not None and name in self._open and self._is_clear(user, name, row, row_id):
            del self._open[name]
            return Match(name, row)
        if user is None and not self._may_concern(row, name, row_id):
            return "no one"
        self._held.add(row)
        return None

    def _is_clear(self, user: User, name: str, row: User, row_id: str) -> bool:
        employee_id = fold(telling_id(user.external_employee_id))
        return (
            name not in self._unusable
            and closeness(name, row.user_name, SAME_PERSON) == _CLEARLY
            and employee_id in {"", row_id}
            and self._with_id.get(plain(row_id), [name]) == [name]
            and self._with_name[plain(name)] == [name]
        )

    def _may_concern(self, row: User, name: str, row_id: str) -> bool:
        """Return whether an account of another user name may be that of a person in the input."""
        bare = {bare_number(name), bare_number(row_id)} - {""}
        return bool(
            (row_id and plain(row_id) in self._with_id)
            or plain(name) in self._with_name
            or bare & self._bare
            or (self._capitals and in_capitals(row.user_name) in self._capitals)
        )

    def rest(self) -> Iterator[Match]:
        """Yield the account of each person of whom `take` did not say it."""
        found = [self._match(name) for name in self._open]
        claims = Counter(match.row.id for match in found if match.row is not None)
        for match in found:
            row = match.row
            if row is None:
                yield match
            elif claims[row.id] > 1:
                problem = f"two people of the input have the account {row.user_name!r}, one by employee id"
                yield self._fail(match.name, problem, row)
            else:
                self._given.add(row.id)
                yield match

    def left(self) -> Iterator[tuple[User, bool]]:
        """Yield the accounts that `rest` gave to no person, and whether each may be that of one in the input."""
        for row in self._held.rows:
            if row.id not in self._given:
                yield row, row.id in self._unclear or fold(row.user_name) in self._desired

    def _match(self, name: str) -> Match:
        user = self._desired[name]
        employee_id = fold(telling_id(user.external_employee_id))
        named = self._named(name)
        with_id = self._held.by_id.get(employee_id, []) if employee_id else []
        same_id = self._with_id.get(plain(employee_id), [])
        unique = len(with_id) == 1 and len(same_id) == 1
        problem = self._unusable.get(name, "")
        if not problem and len(named) > 1:
            problem = f"{len(named)} accounts have this user name, but for what cannot be seen"
        elif not problem and named and unique and with_id[0] is not named[0]:
            problem = (
                f"the user name is that of the account {named[0].user_name!r}, the employee id "
                f"{user.external_employee_id!r} that of {with_id[0].user_name!r}"
            )
        elif not problem and not named and not unique and (with_id or len(same_id) > 1):
            problem = self._not_unique(name, same_id, with_id)
        if problem:
            return self._fail(name, problem, *named, *with_id)
        if named:
            return Match(name, named[0])
        return Match(name, with_id[0], by_id=True) if unique else self._missing(name, user)

    def _named(self, name: str) -> list[User]:
        """Return the accounts of a user name; of doubles that differ by what cannot be seen, the one without it."""
        named = self._held.by_name.get(name, [])
        clear = [row for row in named if closeness(name, row.user_name, SAME_PERSON) == _CLEARLY]
        return clear or named

    def _not_unique(self, name: str, people: list[str], rows: list[User]) -> str:
        """Return who else has the employee id of a person whose user name is new."""
        where = list[str]()
        if rows:
            have = f"{len(rows)} accounts have it" if len(rows) > 1 else "an account has it"
            where.append(f"{have} ({_listed(row.user_name for row in rows)})")
        if len(people) > 1:
            have = "others of the input have it" if len(people) > 2 else "another person of the input has it"
            others = _listed(self._desired[each].user_name for each in people if each != name)
            where.append(f"{have} ({others})")
        employee_id = self._desired[name].external_employee_id
        return (
            f"the user name is new, and the employee id {employee_id!r} is not unique: {', and '.join(where)}"
        )

    def _missing(self, name: str, user: User) -> Match:
        """Return that a person has no account, unless another person's name or id looks like theirs, rewritten."""
        for what, text in _text_of(user).items():
            near = self._held.by_bare.get(bare_number(text), []) if bare_number(text) else []
            if near:
                theirs = _listed(row.user_name for row in near)
                zeros, marks = (
                    "zeros that a spreadsheet removes",
                    "marks between thousands that a spreadsheet adds",
                )
                change = zeros if clean(text).isdigit() else marks
                problem = f"the {what} {text!r} is that of {theirs}, except for {change}"
                return self._fail(name, problem, *near)
            if near := self._held.by_plain.get((what, plain(text)), []) if plain(text) else []:
                return self._fail(name, _looks_like(what, text, near), *near)
            if problem := retyped(text) or grouped(text):
                return self._fail(name, problem)
        if len(same := self._with_name[plain(name)]) > 1:
            others = [self._desired[each] for each in same if each != name]
            return self._fail(name, _looks_like("user name", user.user_name, others))
        capitals = if_in_capitals(user.user_name)
        if near := self._held.by_capitals.get(capitals, []) if capitals else []:
            theirs = _listed(row.user_name for row in near)
            return self._fail(name, f"this is how {theirs} is written in capitals", *near)
        return Match(name)

    def _fail(self, name: str, problem: str, *rows: User) -> Match:
        self._unclear |= {row.id for row in rows}
        return Match(name, problem=problem, among=bool(rows))


class _Held:
    """Accounts of which it is not clear at once whose they are, by all that may tell."""

    def __init__(self) -> None:
        self.rows: list[User] = []
        self.by_name: dict[str, list[User]] = {}
        self.by_id: dict[str, list[User]] = {}
        self.by_bare: dict[str, list[User]] = {}
        self.by_plain: dict[tuple[str, str], list[User]] = {}
        self.by_capitals: dict[str, list[User]] = {}

    def add(self, row: User) -> None:
        """Take an account in."""
        self.rows.append(row)
        name, row_id = fold(row.user_name), fold(telling_id(row.external_employee_id))
        bare = {bare_number(name), bare_number(row_id)}
        for index, keys in (
            (self.by_name, {name}),
            (self.by_id, {row_id}),
            (self.by_bare, bare),
            (self.by_capitals, {in_capitals(row.user_name)}),
        ):
            for key in keys - {""}:
                index.setdefault(key, []).append(row)
        for what, text in _text_of(row).items():
            self.by_plain.setdefault((what, plain(text)), []).append(row)


def is_rewritten(wanted: str | None, there: str | None) -> bool:
    """Return whether an employee id is the one that an account has, as another program has written it."""
    if not there:
        return False
    if if_unusual(wanted) == fold(there):
        return True
    same = bare_number(wanted) == bare_number(there) != ""
    return same and (len(clean(there)) > len(clean(wanted)) or not clean(wanted).isdigit())


def _text_of(user: User) -> dict[str, str | None]:
    """Return what identifies a person, by what it is."""
    return {"user name": user.user_name, "employee id": telling_id(user.external_employee_id)}


def _looks_like(what: str, text: str | None, others: list[User]) -> str:
    """Return that a name or an employee id is that of others, in letters, digits or hyphens of another form."""
    texts = (text, *(_text_of(other)[what] for other in others))
    odd = dict.fromkeys(code for each in texts for code in unusual(each))
    theirs = _listed(other.user_name for other in others)
    return f"the {what} {text!r} is that of {theirs}, except for {' and '.join(odd)}: type it again"


def _listed(names: Iterable[str | None]) -> str:
    shown = list(islice(names, _MOST_NAMED + 1))
    return ", ".join(map(repr, shown[:_MOST_NAMED])) + (", ..." if len(shown) > _MOST_NAMED else "")
