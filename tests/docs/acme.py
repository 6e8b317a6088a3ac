"""The invented organisation in which the how-to pages happen."""

from __future__ import annotations

from datetime import UTC, datetime

from litmos_async.sandbox import Sandbox, Tenant

PEOPLE = (
    ("ada", "Ada", "Adler", "Sales"),
    ("ben", "Ben", "Brown", "Sales"),
    ("cara", "Cara", "Costa", "North"),
    ("dan", "Dan", "Dahl", "North"),
    ("eva", "Eva", "Ek", "Support"),
    ("finn", "Finn", "Fox", "Support"),
)


def acme() -> Sandbox:
    """Return six people in three teams, three courses, and a few results."""
    tenant = Tenant()
    sales = tenant.add_team(Name="Sales")["Id"]
    teams = {
        "Sales": sales,
        "North": tenant.add_team(Name="Sales North", ParentTeamId=sales)["Id"],
        "Support": tenant.add_team(Name="Support")["Id"],
    }
    courses = {
        code: tenant.add_course(Code=code, Name=name)["Id"]
        for code, name in (("SAFE-1", "Fire safety"), ("DATA-1", "Data protection"), ("FORK-1", "Forklift"))
    }
    for code, module in (("SAFE-1", "Film"), ("SAFE-1", "Test"), ("DATA-1", "Test")):
        tenant.add_module(courses[code], Name=module)
    tenant.training.add_module(courses["FORK-1"], Name="Practice")
    tenant.training.add_location(Location="Room 1")
    for number, (name, first, last, team) in enumerate(PEOPLE):
        user_id = tenant.add_user(
            UserName=f"{name}@example.com",
            Email=f"{name}@example.com",
            FirstName=first,
            LastName=last,
            ExternalEmployeeId=f"{1001 + number}",
            JobTitle="Clerk",
            LastLogin=datetime(2026, 1, 5, tzinfo=UTC),
        )["Id"]
        tenant.join_team(teams[team], user_id)
        tenant.assign_course(user_id, courses["SAFE-1"])
        tenant.set_progress(user_id, courses["SAFE-1"], 100.0 if number < 2 else 0.0)
    return Sandbox(tenant, requests=10_000)
