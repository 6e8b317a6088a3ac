"""The invented organisation."""

from __future__ import annotations

import re

from litmos_async.sandbox import Tenant
from litmos_async.sandbox.state.organisation import utc_now
from tests.sandbox.small import NOW


def test_the_same_arguments_give_the_same_people() -> None:
    """An example depends on its arguments and on nothing else."""
    one, two, other = (Tenant.example(users=30, seed=seed, now=lambda: NOW) for seed in (7, 7, 8))
    assert one.users == two.users
    assert one.teams == two.teams
    assert one.users.keys() != other.users.keys()


def test_it_is_full_of_what_trips_clients_up() -> None:
    """There are umlauts, ampersands, quotes, angle brackets, inactive people, custom names, sub-teams."""
    tenant = Tenant.example(users=200)
    names = "".join(user["FullName"] for user in tenant.users.values())
    assert all(sign in names for sign in "üØ&'\"<")
    assert any(not user["Active"] for user in tenant.users.values())
    assert any(user["IsCustomUsername"] and not user["Email"] for user in tenant.users.values())
    assert any(user["LastLogin"] is None for user in tenant.users.values())
    assert any(team["ParentTeamId"] for team in tenant.teams.values())
    assert len({user["UserName"] for user in tenant.users.values()}) == 200


def test_ids_look_like_ids() -> None:
    """Ids are opaque texts of 12 or 23 characters that end in 1 or 2; addresses are at example.com."""
    tenant = Tenant.example()
    for user_id, user in tenant.users.items():
        assert re.fullmatch(r"[A-Za-z0-9_-]{22}2", user_id)
        assert user["LoginKey"].startswith("https://")
        assert user["Email"] == "" or user["Email"].endswith("@example.com")
    for thing_id in (*tenant.teams, *tenant.courses, *tenant.learning_paths, *tenant.modules):
        assert re.fullmatch(r"[A-Za-z0-9_-]{11}1", thing_id)


def test_codes_for_bulk_imports() -> None:
    """Codes are the number, a hyphen, and the code or the name; the name of a team without its spaces."""
    tenant = Tenant.example(teams=4, courses=2)
    courses, teams = list(tenant.courses.values()), list(tenant.teams.values())
    assert [course["CourseCodeForBulkImport"] for course in courses] == [
        "700001-Safety & you",
        "700002-C-001",
    ]
    assert teams[2]["TeamCodeForBulkImport"] == "400003-Nightshift"


def test_small_and_empty_examples() -> None:
    """An example can be as small as one wants."""
    tenant = Tenant.example(users=2, courses=0, teams=0, learning_paths=0)
    assert len(tenant.users) == 2
    assert Tenant().users == {}
    assert utc_now().tzinfo is not None
