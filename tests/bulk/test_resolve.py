"""Names to ids: what a name stands for, what it does not, and what that costs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.bulk import Bulk, Resolved
from litmos_async.errors import ConfigurationError, ServerError
from litmos_async.retry import RetryPolicy
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

ARABIC = "\u0665\u0660\u0660\u0661"
"""5001 in other digits."""

Resolve = Callable[[Bulk], Awaitable[Resolved]]


def organisation(people: int = 3) -> Tenant:
    """Return a tenant with `user0@example.com` and so on, whose OriginalIds are 5000, 5001 and so on."""
    tenant = Tenant()
    for number in range(people):
        tenant.add_user(
            UserName=f"user{number}@example.com", FirstName="U", LastName="N", OriginalId=5000 + number
        )
    return tenant


def look_up(tenant: Tenant, what: Resolve, **faults: object) -> tuple[Resolved, list[str]]:
    """Look names up in a sandbox; return what was found, and the paths of the requests."""
    sandbox = Sandbox(tenant)
    if faults:
        sandbox.faults.add(Fault(**faults))

    async def main() -> Resolved:
        transport = httpx.ASGITransport(sandbox.app)
        async with LitmosClient(
            "sandbox-key", "tests", base_url="http://127.0.0.1/v1.svc", transport=transport
        ) as litmos:
            return await what(litmos.bulk)

    found = run_virtual(main())
    return found, [request.path.removeprefix("/v1.svc") for request in sandbox.requests]


def test_original_ids_of_people() -> None:
    """A number that is nobody's name is looked for among the OriginalIds, in the list that has them."""
    tenant = organisation()
    first, second, _ = tenant.users
    names = ["user0@example.com", " 5001 ", "5999", "05001", ARABIC, "nobody", ""]
    found, paths = look_up(tenant, lambda bulk: bulk.resolve_users(names))
    assert found.ids == {"user0@example.com": first, " 5001 ": second}
    assert found.problems == {
        name: f"no user goes by {name!r}" for name in ["5999", "05001", ARABIC, "nobody", ""]
    }
    assert paths == ["/users", "/users", "/users/details", "/users/details"]


@pytest.mark.parametrize("names", [["user0@example.com", "nobody"], ["05001", "-1", "5e3"]])
def test_who_asks_for_no_original_id_pays_for_none(names: list[str]) -> None:
    """The second list, with the log-in links of everybody, is left alone where no name can be an OriginalId."""
    _, paths = look_up(organisation(), lambda bulk: bulk.resolve_users(names))
    assert paths == ["/users"] * 2


def test_nothing_to_look_up_costs_nothing() -> None:
    """Without a name, no list is read; a blank is none."""
    found, paths = look_up(organisation(), lambda bulk: bulk.resolve_users(["", " "]))
    assert (list(found.problems), paths) == (["", " "], [])


@pytest.mark.costly
def test_the_second_list_is_read_as_far_as_it_takes() -> None:
    """Once every number is found, no more pages are read; where one is not, all of them are, and the end."""
    tenant = organisation(people=2_500)
    by_name = sorted(tenant.users.values(), key=lambda user: user["UserName"])
    early, later = by_name[10], by_name[1_500]

    def paths(*numbers: int) -> list[str]:
        names = [str(number) for number in numbers]
        found, requests = look_up(tenant, lambda bulk: bulk.resolve_users(names))
        assert set(found.ids) | set(found.problems) == set(names)
        return requests

    assert paths(early["OriginalId"]) == ["/users"] * 4 + ["/users/details"]
    assert paths(early["OriginalId"], later["OriginalId"]) == ["/users"] * 4 + ["/users/details"] * 2
    assert paths(early["OriginalId"], 1) == ["/users"] * 4 + ["/users/details"] * 4


def test_numbers_that_name_people_are_never_original_ids() -> None:
    """The number of an employee who has left does not stand for somebody whose OriginalId is the same."""
    tenant = organisation()
    named = tenant.add_user(UserName="5002", FirstName="U", LastName="N", IsCustomUsername=True)
    found, paths = look_up(tenant, lambda bulk: bulk.resolve_users(["5002", "5001"]))
    assert found.ids == {"5002": named["Id"]}
    assert found.problems == {
        "5001": "no user goes by '5001'; it is not taken for an OriginalId, since there are users named by a number"
    }
    assert paths == ["/users"] * 2


def test_ids_of_people_are_compared_as_they_are() -> None:
    """Upper and lower case of a user name do not matter, of an id they do (api-facts 7)."""
    tenant = Tenant()
    ids = [
        tenant.add_user(Id=id, UserName=f"{number}user@example.com", FirstName="U", LastName="N")["Id"]
        for number, id in enumerate(["AbcDef1", "aBCdEF1"])
    ]
    found, _ = look_up(tenant, lambda bulk: bulk.resolve_users([*ids, "abcdef1", "0USER@example.com"]))
    assert found.ids == {ids[0]: ids[0], ids[1]: ids[1], "0USER@example.com": ids[0]}
    assert list(found.problems) == ["abcdef1"]


def test_user_names_beat_addresses_and_ids() -> None:
    """Who has a name for a user name is meant, not who has it for an address; blanks and umlauts are alike."""
    tenant = organisation()
    _, _, third = tenant.users
    owner = tenant.add_user(UserName="müller", FirstName="U", LastName="N", Email="m@example.com")
    tenant.add_user(UserName="other@example.com", FirstName="U", LastName="N", Email="müller")
    tenant.add_user(UserName=third, FirstName="U", LastName="N", Email="twin@example.com")
    tenant.add_user(UserName="twin2@example.com", FirstName="U", LastName="N", Email="Twin@example.com")
    names = ["\u00a0MU\u0308LLER\t", "m@example.com", third, "twin@example.com"]
    found, _ = look_up(tenant, lambda bulk: bulk.resolve_users(names))
    assert found.ids[names[0]] == found.ids["m@example.com"] == owner["Id"]
    assert found.ids[third] != third
    assert found.problems == {"twin@example.com": "2 users go by 'twin@example.com'"}


def test_courses_are_not_found_by_name() -> None:
    """A course has codes, an id and an OriginalId; its name may be that of the next edition, too."""
    tenant = Tenant()
    course = tenant.add_course(Name="Safety", Code="S-1", OriginalId=77)
    names = ["Safety", "S-1", "77", "s-1", "77-S-1", course["Id"]]
    found, paths = look_up(tenant, lambda bulk: bulk.resolve_courses(names))
    assert found.ids == dict.fromkeys(names[1:], course["Id"])
    assert found.names == {course["Id"]: "S-1"}
    assert found.problems == {
        "Safety": "no course goes by 'Safety'; it is the name of a course, found with by=\"name\" or in a column "
        "course_name: 'S-1'"
    }
    assert paths == ["/courses"] * 2


def test_courses_are_found_by_name_where_that_is_asked_for() -> None:
    """One that several have is a problem that names their codes; codes are no names then."""
    tenant = Tenant()
    for name, code in (("Safety", "S-1"), ("Safety", "S-2"), ("First  Aid", "F-1")):
        tenant.add_course(Name=name, Code=code)
    _, _, aid = tenant.courses
    found, _ = look_up(tenant, lambda bulk: bulk.resolve_courses(["safety", "first aid", "F-1"], by="name"))
    assert found.ids == {"first aid": aid}
    assert found.problems["safety"] == "2 courses are called 'safety': 'S-1', 'S-2'"
    assert found.problems["F-1"].startswith("no course is called 'F-1'")


def test_codes_for_bulk_imports_alone() -> None:
    """An import takes no other code, in no other spelling; of a name the problem says the code."""
    tenant = Tenant()
    team = tenant.add_team(Name="North")
    course = tenant.add_course(Name="Safety", Code="S-1")
    code, course_code = team["TeamCodeForBulkImport"], course["CourseCodeForBulkImport"]
    found, _ = look_up(
        tenant, lambda bulk: bulk.resolve_teams([code, code.upper(), "north"], by="import_code")
    )
    assert found.ids == {code: team["Id"]}
    told = f"it goes by that name, and for an import by the code: {code!r}"
    assert found.problems["north"] == f"no team has the code for bulk imports 'north'; {told}"
    courses, _ = look_up(
        tenant, lambda bulk: bulk.resolve_courses([course_code, "S-1", "Safety"], by="import_code")
    )
    assert courses.ids == {course_code: course["Id"]}
    assert all(repr(course_code) in problem for problem in courses.problems.values())


def test_things_are_found_whatever_case_where_one_is_meant() -> None:
    """What is written exactly so comes first; of two spellings neither is taken for a third."""
    tenant = Tenant()
    for name in ("Sales", "SALES", "Küche", "Field  Service\u200b"):
        tenant.add_team(Name=name)
    lower, upper, kitchen, field = tenant.teams
    names = ["Sales", "SALES", "sales", "KÜCHE", "ku\u0308che", "field\u00a0service"]
    found, _ = look_up(tenant, lambda bulk: bulk.resolve_teams(names))
    assert found.ids == {
        "Sales": lower,
        "SALES": upper,
        "KÜCHE": kitchen,
        "ku\u0308che": kitchen,
        "field\u00a0service": field,
    }
    assert found.problems == {"sales": "2 teams go by 'sales': 'SALES', 'Sales'"}


def test_what_may_have_been_meant() -> None:
    """The nearest name is said; one that differs by a number is another thing."""
    tenant = Tenant()
    for name in ("Field Service", "Region 1"):
        tenant.add_team(Name=name)
    found, _ = look_up(tenant, lambda bulk: bulk.resolve_teams(["Feild Service", "Region 2", "X"]))
    assert found.problems == {
        "Feild Service": "no team goes by 'Feild Service'; did you mean 'Field Service'?",
        "Region 2": "no team goes by 'Region 2'",
        "X": "no team goes by 'X'",
    }


def test_people_are_found_by_employee_id_where_that_is_asked_for() -> None:
    """From the one list that has it; never by a guess: a number that two people have stands for neither."""
    tenant = Tenant()
    for number, employee_id in enumerate(["E-1", "e-2", "00123", "7", "7"]):
        tenant.add_user(
            UserName=f"user{number}@example.com", FirstName="U", LastName="N", ExternalEmployeeId=employee_id
        )
    first, second, third, *_ = tenant.users
    names = ["e-1", "E-2\u200b", "00123", "123", "7", "user0@example.com", first, "1.23E+02", '="00123"']
    found, paths = look_up(tenant, lambda bulk: bulk.resolve_users(names, by="employee_id"))
    assert found.ids == {"e-1": first, "E-2\u200b": second, "00123": third}
    assert found.names[first] == "user0@example.com"
    assert found.problems["7"] == "2 users have the employee id '7': 'user3@example.com', 'user4@example.com'"
    assert "'00123' is there: a spreadsheet removes zeros" in found.problems["123"]
    assert "looks like a number that a spreadsheet has shortened" in found.problems["1.23E+02"]
    assert "is it '00123'?" in found.problems['="00123"']
    assert paths == ["/users/details"] * 2


@pytest.mark.parametrize("text", ["7.77E2", "NULL", "#N/D", "nan", "-"])
@pytest.mark.parametrize("by", [None, "email", "employee_id"])
def test_what_a_program_wrote_in_place_of_a_name_is_nobodys(text: str, by: str | None) -> None:
    """Even where an account has it: an earlier program may have written it there, for another person."""
    tenant = Tenant()
    tenant.add_user(UserName=text, FirstName="U", LastName="N", ExternalEmployeeId=text)
    found, _ = look_up(tenant, lambda bulk: bulk.resolve_users([text], by=by))
    assert not found.ids
    assert repr(text) in found.problems[text]


@pytest.mark.parametrize("by", [None, "employee_id"])
@pytest.mark.parametrize("text", ["\uff25\uff0d777", "E\u2011777", "e-\uff17\uff17\uff17"])
def test_digits_and_hyphens_that_only_look_otherwise(text: str, by: str | None) -> None:
    """They stand for the usual ones where nothing is written with them."""
    tenant = Tenant()
    user = tenant.add_user(UserName="E-777", FirstName="U", LastName="N", ExternalEmployeeId="E-777")
    assert look_up(tenant, lambda bulk: bulk.resolve_users([text], by=by))[0].ids == {text: user["Id"]}
    double = tenant.add_user(UserName=text, FirstName="U", LastName="N", ExternalEmployeeId=text)
    assert look_up(tenant, lambda bulk: bulk.resolve_users([text], by=by))[0].ids == {text: double["Id"]}


def test_a_way_of_looking_up_that_there_is_not() -> None:
    """It is refused before a list is read."""
    sandbox_free: list[Resolve] = [
        lambda bulk: bulk.resolve_users(["x"], by="phone"),
        lambda bulk: bulk.resolve_courses(["x"], by="code"),
        lambda bulk: bulk.resolve_teams(["x"], by="name"),
    ]
    for what in sandbox_free:
        with pytest.raises(ConfigurationError, match="by must be"):
            look_up(organisation(), what)


def test_numbers_that_are_codes_of_courses_are_never_original_ids() -> None:
    """Where a course has a number for its code, another course is not found by its OriginalId."""
    tenant = Tenant()
    tenant.add_course(Name="Safety", Code="101", OriginalId=77)
    tenant.add_course(Name="Health", Code="", OriginalId=78)
    found, _ = look_up(tenant, lambda bulk: bulk.resolve_courses(["101", "78"]))
    assert list(found.ids) == ["101"]
    assert "not taken for an OriginalId, since there are courses named by a number" in found.problems["78"]


def test_two_with_one_original_id_are_a_problem() -> None:
    """A number that two learning paths have stands for neither."""
    tenant = Tenant()
    for name in ("A", "B"):
        tenant.add_learning_path(Name=name, OriginalId=9)
    found, _ = look_up(tenant, lambda bulk: bulk.resolve_learning_paths(["9", "A"]))
    assert found.problems == {"9": "2 learning paths go by '9'"}
    assert list(found.ids) == ["A"]


def test_a_list_that_cannot_be_read_finds_nothing() -> None:
    """Half a list proves nothing: the error of the request comes through."""
    with pytest.raises(ServerError):
        look_up(
            organisation(),
            lambda bulk: bulk.resolve_users(["5001"], retry=RetryPolicy(max_attempts=1)),
            path="/users/details",
            status=500,
        )


def test_names_are_resolved_through_the_lists() -> None:
    """Names become ids with a request a thousand rows and one for the end; unknown ones are named, not raised."""
    sandbox = Sandbox(Tenant.example(users=30, courses=5))
    tenant = sandbox.tenant
    known = list(tenant.users.values())
    twin = {"FirstName": "T", "LastName": "W", "Email": "twin@example.com"}
    first = tenant.add_user(UserName="t1@example.com", **twin)
    tenant.add_user(UserName="t2@example.com", **twin)
    owner = tenant.add_user(UserName="JÜRGEN@example.com", **{**twin, "Email": "t1@example.com"})
    course = next(iter(tenant.courses.values()))

    async def main() -> None:
        async with client(sandbox) as litmos:
            names = [
                known[0]["UserName"].upper(),
                "t1@example.com",
                "twin@example.com",
                " ju\u0308rgen@EXAMPLE.com ",
                "nobody",
                known[1]["Id"],
            ]
            users = await litmos.bulk.resolve_users(names)
            assert users.ids == {
                names[0]: known[0]["Id"],
                "t1@example.com": first["Id"],
                names[3]: owner["Id"],
                names[5]: known[1]["Id"],
            }
            assert users.problems == {
                "twin@example.com": "2 users go by 'twin@example.com'",
                "nobody": "no user goes by 'nobody'",
            }
            courses = await litmos.bulk.resolve_courses(
                [
                    course["Code"],
                    course["CourseCodeForBulkImport"],
                    course["Id"],
                    str(course["OriginalId"]),
                    "x",
                ]
            )
            assert set(courses.ids.values()) == {course["Id"]}
            assert list(courses.problems) == ["", "x"]
            team = next(iter(tenant.teams.values()))
            teams = await litmos.bulk.resolve_teams([team["TeamCodeForBulkImport"], "?"])
            assert teams.ids == {team["TeamCodeForBulkImport"]: team["Id"]}
            path = next(iter(tenant.learning_paths.values()))
            paths = await litmos.bulk.resolve_learning_paths([path["Name"], str(path["OriginalId"]), "?"])
            assert set(paths.ids.values()) == {path["Id"]}
            # Four lists, and for each one more to prove its end.
            assert len(sandbox.requests) == 8

    run_virtual(main())
