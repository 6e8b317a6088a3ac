"""An invented organisation, full of what trips clients up: umlauts, ampersands, quotes, custom user names."""

from __future__ import annotations

import random
import unicodedata
from datetime import timedelta
from typing import Final

from litmos_async.sandbox.state.organisation import Organisation

_FIRST_NAMES: Final = (
    "Ada",
    "Ben",
    "Cara",
    "Dörte",
    "Émile",
    "Fatoumata",
    "Günther",
    "Hana",
    "İpek",
    "José",
    "Łukasz",
    "Märta",
    "Ngozi",
    "Øystein",
    "Zoë",
)
_LAST_NAMES: Final = (
    "Example",
    "O'Sample",
    "Müller-Lüdenscheidt",
    "Van der Berg",
    "Groß",
    "D'Angelo & Sons",
    'Smith "Smitty"',
    "<Tag>",
    "Ñandú",
    "山田",
)
_SUBJECTS: Final = ("Safety & you", "Welcome", "L'accueil", 'The "5 S" method', "Größe zählt", "R&D <basics>")
_TEAM_NAMES: Final = ("Sales", "R&D", "Night shift", 'Team "Blue"', "Küche", "Friends of O'Hara")
_PATH_NAMES: Final = ("Onboarding", "Leadership & more", "Jahresunterweisung")


def populate(
    tenant: Organisation, *, users: int, courses: int, teams: int, learning_paths: int, seed: int
) -> None:
    """Fill a tenant; the same arguments give the same people with the same ids."""
    chance = random.Random(seed)
    course_ids = [_course(tenant, number) for number in range(courses)]
    path_ids: list[str] = []
    for number in range(learning_paths):
        path = tenant.add_learning_path(*_some(chance, course_ids, 3), Name=_numbered(_PATH_NAMES, number))
        path_ids.append(path["Id"])
    team_ids: list[str] = []
    for number in range(teams):
        # Every other team stands below an earlier one.
        parent = chance.choice(team_ids) if number % 2 else ""
        team = tenant.add_team(Name=_numbered(_TEAM_NAMES, number), ParentTeamId=parent)
        team_ids.append(team["Id"])
        for course_id in _some(chance, course_ids, 1):
            tenant.assign_team_course(team["Id"], course_id)
    tenant.add_custom_field(Label="Owner", VisibleToLearner=True)
    tenant.add_custom_field(Label="Level", Type="Dropdown", Dropdown=["Basic", "Advanced & more"])
    tenant.training.add_location(Location="Room 1", City="Zürich", Country="Switzerland")
    tenant.training.add_location(Location="Webinar")
    for number in range(users):
        user_id = _user(tenant, chance, number)
        for team_id in _some(chance, team_ids, 1):
            tenant.join_team(team_id, user_id)
        for course_id in _some(chance, course_ids, 2):
            tenant.assign_course(user_id, course_id)
            tenant.set_progress(user_id, course_id, chance.choice([0.0, 33.33, 100.0]))
        if number % 20 == 5:
            tenant.training.add_instructor(user_id)
        if path_ids and number % 3 == 0:
            tenant.assign_path(user_id, chance.choice(path_ids))


def _course(tenant: Organisation, number: int) -> str:
    course = tenant.add_course(
        Name=_numbered(_SUBJECTS, number),
        Code=f"C-{number:03}" if number % 2 else "",
        Description="How to do it &amp; why" if number % 3 == 0 else "",
        Active=number % 7 != 6,
    )
    tenant.add_module(course["Id"], Name="Watch this", Code=f"M{number}")
    tenant.add_module(course["Id"], Name="Answer that")
    return str(course["Id"])


def _user(tenant: Organisation, chance: random.Random, number: int) -> str:
    first, last = chance.choice(_FIRST_NAMES), chance.choice(_LAST_NAMES)
    address = f"{_plain(first)}.{_plain(last)}.{number}@example.com"
    custom = number % 10 == 9
    seen = number % 4 != 0
    user = tenant.add_user(
        UserName=f"staff-{number:05}" if custom else address,
        Email="" if custom else address,
        FirstName=first,
        LastName=last,
        IsCustomUsername=custom,
        Active=number % 8 != 7,
        AccessLevel="Team_Leader" if number % 20 == 5 else "Learner",
        LastLogin=tenant.now() - timedelta(days=chance.randrange(1, 300)) if seen else None,
        JobTitle=chance.choice(["", "Analyst", "Head of R&D"]),
        ExternalEmployeeId=f"E-{number:05}",
    )
    return str(user["Id"])


def _numbered(names: tuple[str, ...], number: int) -> str:
    turn, place = divmod(number, len(names))
    return f"{names[place]} {turn + 1}" if turn else names[place]


def _some(chance: random.Random, ids: list[str], most: int) -> list[str]:
    return chance.sample(ids, min(most, len(ids)))


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha()) or "x"
