"""An invented organisation and a CSV for it, full of what occurs in real ones."""

from __future__ import annotations

import csv
import io
import random
from typing import Final

from attrs import frozen

from litmos_async.sandbox import Tenant

UNKNOWN: Final = 6
"""Lines that name a person or a course that does not exist."""


_SHARE: Final = 0.6
"""Part of the organisation that is named in the file."""

_COURSE_CODES: Final = ("Größe & Gewicht", "Erste Hilfe, Teil 1", 'The "5 S", again', "R&D <basics>")
_USER_NAMES: Final = ("jörg.müßig", "zoë & co", "o'hara, sinéad", "łukasz.żółć", "山田.太郎")

Pair = tuple[str, str]


@frozen
class DemoData:
    """An invented organisation, and a file for it.

    Attributes:
        tenant: The organisation.
        data: The CSV.
        lines: Lines in it, without the header and the empty one.
        before: Who has which course, as pairs of ids.
        expected: What comes to that when the file is carried out.
    """

    tenant: Tenant
    data: bytes
    lines: int
    before: frozenset[Pair]
    expected: frozenset[Pair]


def make_demo_data(users: int, lines: int, seed: int) -> DemoData:
    """Make an organisation of so many people and a CSV of so many lines.

    The lines name about three in five of the people. Each is an assignment that is not there yet, but for one
    that is given twice and a few with names that do not exist.
    """
    chance = random.Random(seed)
    people_named = round(users * _SHARE)
    wanted = lines - UNKNOWN - 1
    each = -(-wanted // people_named)  # courses a person, rounded up
    tenant = Tenant.example(users=users - len(_USER_NAMES), courses=2 * each + 20, seed=seed)
    _add_names(tenant)
    people = [*list(tenant.users)[-len(_USER_NAMES) :], *chance.sample(list(tenant.users), people_named)]
    people = list(dict.fromkeys(people))[:people_named]
    expected: set[Pair] = set()
    rows: list[Pair] = []
    for turn in range(wanted):
        user_id = people[turn % people_named]
        free = [course_id for course_id in tenant.courses if _is_new(tenant, expected, (user_id, course_id))]
        # The courses with odd names come last, and each person gets one of them.
        course_id = chance.choice(free[-len(_COURSE_CODES) :] if turn < people_named else free)
        expected.add((user_id, course_id))
        rows.append((_user_name(tenant, chance, user_id), _course_code(tenant, course_id)))
    again = chance.choice(rows)
    rows.append((again[0].swapcase(), again[1]))
    rows += [(f"missing.{number}@example.com", rows[number][1]) for number in range(UNKNOWN // 2)]
    rows += [(rows[number][0], f"NO-SUCH-{number}") for number in range(UNKNOWN // 2)]
    chance.shuffle(rows)
    return DemoData(tenant, _written(rows), len(rows), frozenset(assigned(tenant)), frozenset(expected))


def assigned(tenant: Tenant) -> set[Pair]:
    """Return the ids of the people and courses that belong together."""
    return {(user_id, course_id) for user_id, course_id, link in tenant.user_courses.rows() if link.active}


def _add_names(tenant: Tenant) -> None:
    for code in _COURSE_CODES:
        tenant.add_course(Name=f"All about {code}", Code=code)
    for name in _USER_NAMES:
        tenant.add_user(UserName=name, FirstName="Ada", LastName="Example", IsCustomUsername=True)


def _is_new(tenant: Tenant, expected: set[Pair], pair: Pair) -> bool:
    return pair not in expected and tenant.user_courses.get(*pair) is None


def _user_name(tenant: Tenant, chance: random.Random, user_id: str) -> str:
    """Return a user name as people write it: now and then in capitals."""
    name = str(tenant.users[user_id]["UserName"])
    return name.upper() if chance.random() < 0.1 else name


def _course_code(tenant: Tenant, course_id: str) -> str:
    course = tenant.courses[course_id]
    return str(course["Code"] or course["CourseCodeForBulkImport"])


def _written(rows: list[Pair]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["user", "course"])
    for place, row in enumerate(rows):
        if place == len(rows) // 2:
            text.write("\r\n")
        writer.writerow(row)
    return text.getvalue().encode("utf-8-sig")
