"""Whose account is whose: by user name, and by employee id where it is unique; never by a guess."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from litmos_async import User, UserImport
from litmos_async.bulk import Outcome, Plan
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

There = Sequence[tuple[str, str]]
"""Accounts: user names and employee ids."""


def organisation(there: There) -> Tenant:
    """Return a tenant with these accounts, all active."""
    tenant = Tenant()
    for name, employee_id in there:
        tenant.add_user(
            UserName=name, FirstName="Ann", LastName="Example", ExternalEmployeeId=employee_id, City="Ulm"
        )
    return tenant


def sync(tenant: Tenant, desired: There, *, runs: int = 1, **options: object) -> tuple[Plan, list[Outcome]]:
    """Bring the tenant to these people, and bar all others; return the plan and the outcomes of the last run."""

    async def main() -> tuple[Plan, list[Outcome]]:
        people = [
            User(
                user_name=name,
                external_employee_id=employee_id or None,
                first_name="Ann",
                last_name="Example",
            )
            for name, employee_id in desired
        ]
        async with client(Sandbox(tenant)) as litmos:
            job = litmos.bulk.sync_users(
                people, **{"deactivate": True, "max_removals": 1.0, "send_message": False} | options
            )
            return await job.plan(), [outcome async for outcome in job]

    for _ in range(runs - 1):
        run_virtual(main())
    return run_virtual(main())


def imported(tenant: Tenant, given: There, **options: object) -> tuple[Plan, list[Outcome]]:
    """Import these people; return the plan and the outcomes."""

    async def main() -> tuple[Plan, list[Outcome]]:
        people = [
            UserImport(
                username=name,
                external_employee_id=employee_id or None,
                first_name="Ann",
                last_name="Example",
                email="ann@example.com",
            )
            for name, employee_id in given
        ]
        async with client(Sandbox(tenant)) as litmos:
            job = litmos.bulk.import_users(people, **{"send_message": False} | options)
            return await job.plan(), [outcome async for outcome in job]

    return run_virtual(main())


def accounts(tenant: Tenant) -> list[tuple[str, str, bool]]:
    """Return user name, employee id and whether they may log in, of all."""
    return [(user["UserName"], user["ExternalEmployeeId"], user["Active"]) for user in tenant.users.values()]


def test_a_person_with_a_new_user_name_stays_the_same_person() -> None:
    """The account with the employee id is renamed, and the plan says so; nobody is created or barred."""
    tenant = organisation([("ann.smith@example.com", "E-1"), ("ben@example.com", "E-2")])
    plan, outcomes = sync(tenant, [("ann.miller@example.com", "E-1\u200b"), ("ben@example.com", "E-2")])
    renamed = (
        "1 account is found by employee id and renamed: 'ann.smith@example.com' to 'ann.miller@example.com'"
    )
    assert plan.notes == ("1 to change, 1 unchanged", renamed)
    assert accounts(tenant) == [("ann.miller@example.com", "E-1", True), ("ben@example.com", "E-2", True)]
    changed = next(outcome.item for outcome in outcomes if outcome.status == "done")
    assert (changed.change, changed.user_name, changed.fields, changed.old_name) == (
        "update",
        "ann.miller@example.com",
        ("user_name",),
        "ann.smith@example.com",
    )
    _, again = sync(tenant, [("ann.miller@example.com", "E-1"), ("ben@example.com", "E-2")])
    assert [outcome.reason for outcome in again] == ["as desired"] * 2


def test_a_new_user_name_that_is_no_address() -> None:
    """The server takes it as a custom one only."""
    tenant = organisation([("ann@example.com", "E-1")])
    sync(tenant, [("ann.m", "E-1")])
    assert accounts(tenant) == [("ann.m", "E-1", True)]
    assert next(iter(tenant.users.values()))["IsCustomUsername"] is True


@pytest.mark.parametrize(
    ("there", "desired", "named"),
    [
        # User name and employee id are those of two accounts.
        ([("ann@x.com", "E-1"), ("ben@x.com", "E-2")], [("ann@x.com", "E-2")], ("ann@x.com", "ben@x.com")),
        ([("ann@x.com", ""), ("ben@x.com", "E-2")], [("ann@x.com", "E-2")], ("ann@x.com", "ben@x.com")),
        # The id says nothing where two accounts, or two people of the input, have it.
        ([("ann@x.com", "7"), ("ben@x.com", "7")], [("new@x.com", "7")], ("ann@x.com", "ben@x.com")),
        ([("ann@x.com", "7")], [("new@x.com", "7"), ("newer@x.com", "7")], ("ann@x.com",)),
        # One account is that of two people of the input.
        ([("ann@x.com", "E-1")], [("ann@x.com", ""), ("new@x.com", "E-1")], ("ann@x.com",)),
        # What a spreadsheet does to numbers.
        ([("ann@x.com", "00123")], [("new@x.com", "123")], ("ann@x.com",)),
        ([("00123", "")], [("123", "")], ("00123",)),
        # Digits and hyphens that only look otherwise, on either side.
        ([("ann@x.com", "777")], [("new@x.com", "\uff17\uff17\uff17")], ("ann@x.com", "\uff17\uff17\uff17")),
        ([("ann@x.com", "\uff17\uff17\uff17")], [("new@x.com", "777")], ("ann@x.com",)),
        ([("ann@x.com", "E-1")], [("ann@x.com", ""), ("new@x.com", "E\u20111")], ("ann@x.com",)),
        ([("e-1", "")], [("E\u20111", "")], ("e-1",)),
        ([("e-1", "")], [("e-1", ""), ("E\u20111", "")], ("e-1",)),
        # One employee id of two people who are not there.
        ([], [("ann@x.com", "NEW-1"), ("ben@x.com", "new-1")], ()),
        ([], [("ann@x.com", "NEW-1"), ("ben@x.com", "NEW\u20111")], ()),
        ([], [("e-1", ""), ("e\u20111", "")], ()),
        # What programs write for nothing is nobody's, even where an account has it.
        ([("ann@x.com", "NULL")], [("new@x.com", "NULL")], ("NULL",)),
        ([("ann@x.com", "#N/D")], [("ann@x.com", "#N/D")], ("#N/D",)),
        ([("ann@x.com", "777")], [("ann@x.com", "7.77E2")], ("7.77E2",)),
        ([("7.77E2", "")], [("7.77e2", "")], ("7.77e2",)),
    ],
)
def test_where_it_is_not_clear_whose_an_account_is(
    there: There, desired: There, named: tuple[str, ...]
) -> None:
    """That person fails and names the accounts; they are neither changed nor barred, and none is created."""
    tenant = organisation(there)
    before = accounts(tenant)
    _, outcomes = sync(tenant, desired)
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert failed
    assert all(repr(name) in outcome.reason for outcome in failed for name in named)
    assert accounts(tenant) == before


@pytest.mark.parametrize(
    ("there", "given", "named"),
    [
        # The id is that of an account of another user name, which an import cannot change.
        (
            [("ann.smith@x.com", "E-1")],
            [("ann.miller@x.com", "e-1\u200b")],
            ("ann.smith@x.com", "ann.miller@x.com"),
        ),
        # All that is not clear to `sync_users`.
        ([("ann@x.com", "E-1"), ("ben@x.com", "E-2")], [("ann@x.com", "E-2")], ("ann@x.com", "ben@x.com")),
        ([("ann@x.com", "7"), ("ben@x.com", "7")], [("new@x.com", "7")], ("ann@x.com", "ben@x.com")),
        ([("ann@x.com", "7")], [("new@x.com", "7"), ("newer@x.com", "7")], ("ann@x.com",)),
        ([("ann@x.com", "E-1")], [("ann@x.com", ""), ("new@x.com", "E-1")], ("ann@x.com", "new@x.com")),
        ([("ann@x.com", "00123")], [("new@x.com", "123")], ("ann@x.com",)),
        ([("ann@x.com", "777")], [("new@x.com", "\uff17\uff17\uff17")], ("ann@x.com",)),
        ([], [("ann@x.com", "NEW-1"), ("ben@x.com", "new-1")], ()),
        ([("ann@x.com", "NULL")], [("new@x.com", "NULL")], ("NULL",)),
    ],
)
def test_an_import_makes_no_second_account(there: There, given: There, named: tuple[str, ...]) -> None:
    """The row fails and names both, in the plan already; the others are imported."""
    tenant = organisation(there)
    plan, outcomes = imported(tenant, [*given, ("fresh@x.com", "E-9")])
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert failed
    assert all(repr(name) in outcome.reason for outcome in failed for name in named)
    assert plan.skipped == {"refused before it was sent": len(failed)}
    assert accounts(tenant) == [*((name, id, True) for name, id in there), ("fresh@x.com", "E-9", True)]


def test_what_an_import_reads() -> None:
    """All people where a row has an employee id, and nothing where none has one; the plan says both."""
    tenant = organisation([("ann.smith@x.com", "E-1"), ("ben@x.com", "E-2")])
    plan, _ = imported(tenant, [("ann.miller@x.com", "E-1"), ("ben@x.com", "E-2"), ("new@x.com", "")])
    assert plan.reads == 2
    assert plan.notes[1:] == (
        "2 rows have an employee id, so the list of all people was read: 1 account of another user name has one",
    )
    plan, _ = imported(tenant, [("ben@x.com", ""), ("newer@x.com", "")])
    assert (plan.reads, len(plan.notes)) == (0, 1)


def test_an_import_that_was_done_goes_on(tmp_path: object) -> None:
    """A row that made an account is that account's, also in the next run."""
    tenant = organisation([])
    for _ in range(2):
        _, outcomes = imported(tenant, [("ann@x.com", "E-1")], journal=f"{tmp_path}/night.db")
        assert [outcome.status for outcome in outcomes] == ["done"]
    assert len(tenant.imports) == 1
    assert accounts(tenant) == [("ann@x.com", "E-1", True)]


@pytest.mark.parametrize("how", [sync, imported])
@pytest.mark.parametrize("text", ["99,341", "2026-03-01", "1-Mar", "12:30:00", "0.5", "TRUE", "50%", "$5"])
def test_what_a_spreadsheet_made_of_an_employee_id_is_not_given_to_anyone(
    how: Callable[..., tuple[Plan, list[Outcome]]], text: str
) -> None:
    """By the library as by the command line: the person fails, and nothing is stored."""
    tenant = organisation([])
    _, (outcome,) = how(tenant, [("new@example.com", text)], **({"deactivate": False} if how is sync else {}))
    assert outcome.status == "failed"
    assert not accounts(tenant)


@pytest.mark.parametrize("text", ["1.23E+05", "12345.0"])
def test_a_number_that_a_spreadsheet_rewrote_is_nobodys(text: str) -> None:
    """No account is made for it, as a user name or as an employee id."""
    tenant = organisation([("ann@x.com", "")])
    _, outcomes = sync(tenant, [("ann@x.com", ""), (text, ""), ("new@x.com", text)])
    assert [outcome.status for outcome in outcomes] == ["skipped", "failed", "failed"]
    assert len(accounts(tenant)) == 1


@pytest.mark.parametrize("how", [sync, imported])
def test_people_of_one_employee_id_name_each_other(how: Callable[..., tuple[Plan, list[Outcome]]]) -> None:
    """Those who would get an account; who is there by user name is not affected, nor is another number."""
    tenant = organisation([("old@x.com", "E-1")])
    given = [("a@x.com", "NEW-1"), ("b@x.com", "new-1"), ("old@x.com", "E-1"), ("c@x.com", "E-3")]
    _, outcomes = how(tenant, given)
    told = {outcome.reason for outcome in outcomes if outcome.status == "failed"}
    assert told == {
        f"the user name is new, and the employee id {number!r} is not unique: another person of the input has it "
        f"({other!r})"
        for number, other in (("NEW-1", "b@x.com"), ("new-1", "a@x.com"))
    }
    assert accounts(tenant) == [("old@x.com", "E-1", True), ("c@x.com", "E-3", True)]


def test_many_people_of_one_employee_id() -> None:
    """A few of them are named."""
    _, outcomes = sync(organisation([]), [(f"user{number}@x.com", "7") for number in range(30)])
    assert {outcome.status for outcome in outcomes} == {"failed"}
    assert all(outcome.reason.endswith("'user5@x.com', ...)") for outcome in outcomes[:5])


def test_digits_that_only_look_otherwise_are_not_written() -> None:
    """Where the user name says whose account it is, the id is the same; the usual form is put right."""
    tenant = organisation([("ann@x.com", "E-777"), ("ben@x.com", "\uff17")])
    _, outcomes = sync(tenant, [("ann@x.com", "E\u2011\uff17\uff17\uff17"), ("ben@x.com", "7")])
    assert [outcome.status for outcome in outcomes] == ["skipped", "done"]
    assert [each[1] for each in accounts(tenant)] == ["E-777", "7"]


def test_zeros_that_a_spreadsheet_took_away_are_not_taken_from_the_account() -> None:
    """Where the user name says whose account it is, the id is the same."""
    tenant = organisation([("ann@x.com", "00123"), ("ben@x.com", "77")])
    _, outcomes = sync(tenant, [("ann@x.com", "123"), ("ben@x.com", "0077")])
    assert [(outcome.status, outcome.item.change) for outcome in outcomes] == [
        ("skipped", "keep"),
        ("done", "update"),
    ]
    assert [each[1] for each in accounts(tenant)] == ["00123", "0077"]


@pytest.mark.parametrize(
    ("there", "given", "stays"),
    [
        ("00123", "123", True),
        ("E-777", "E\u2011\uff17\uff17\uff17", True),
        ("77", "0077", False),
        ("E-1", "E-2", False),
        ("", "123", False),
    ],
)
def test_an_import_takes_no_id_for_what_another_program_made_of_it(
    there: str, given: str, stays: bool
) -> None:
    """The rest of the row goes out: an import keeps what is absent."""
    tenant = organisation([("ann@x.com", there), ("ben@x.com", "")])
    _, outcomes = imported(tenant, [("ann@x.com", given), ("ben@x.com", "9")])
    ann, ben = accounts(tenant)
    assert (ben[1], outcomes[1].status) == ("9", "done")
    if outcomes[0].status == "failed":
        assert "12,345" in outcomes[0].reason
        stays = True
    assert ann[1] == (there if stays else given)
    assert (
        outcomes[0].status == "failed" or tenant.users[next(iter(tenant.users))]["Email"] == "ann@example.com"
    )


def test_ids_are_given_to_those_who_have_none() -> None:
    """And a new person with a new id is created."""
    tenant = organisation([("ann@x.com", "")])
    plan, _ = sync(tenant, [("ann@x.com", "E-1"), ("ben@x.com", "E-2")])
    assert plan.notes[0] == "1 to create, 1 to change"
    assert accounts(tenant) == [("ann@x.com", "E-1", True), ("ben@x.com", "E-2", True)]


def test_the_double_of_a_person_is_left_alone() -> None:
    """An account that differs by what cannot be seen may be what somebody uses."""
    tenant = organisation([("ann@x.com\u200b", ""), ("ann@x.com", ""), ("gone@x.com", "")])
    _, outcomes = sync(tenant, [("ann@x.com", "")])
    assert [each[2] for each in accounts(tenant)] == [True, True, False]
    told = {outcome.item.user_name: outcome.reason for outcome in outcomes}
    assert told["ann@x.com\u200b"] == "kept: the input may mean this person"


def test_a_rename_that_was_cut_short_goes_on(tmp_path: object) -> None:
    """A second run on the same journal has nothing left to do."""
    tenant = organisation([("ann.smith@x.com", "E-1")])
    journal = f"{tmp_path}/night.db"
    _, outcomes = sync(tenant, [("ann.miller@x.com", "E-1")], runs=2, journal=journal)
    assert [outcome.status for outcome in outcomes] == ["done"]
    assert accounts(tenant) == [("ann.miller@x.com", "E-1", True)]


def test_a_name_with_what_cannot_be_seen_is_refused_before_anything_is_read() -> None:
    """As anything else of which it is not clear whom it means: the others could be barred because of it."""
    tenant = organisation([("ann@x.com", "")])
    with pytest.raises(ValueError, match=r"person 2: user_name holds U\+00A0, which cannot be seen"):
        sync(tenant, [("ann@x.com", ""), ("ann\u00a0lee", "")])


@pytest.mark.parametrize("number", ["0", "0000", "TBD", "unknown", "--"])
def test_an_employee_id_that_stands_for_none(number: str) -> None:
    """One account has it, and is not that of a new person of whom it is written, too."""
    there = [("old@example.com", number), ("ann@example.com", "7")]
    desired = [("old@example.com", number), ("ann@example.com", number), ("new@example.com", number)]
    for bring in (sync, imported):
        tenant = organisation(there)
        _, outcomes = bring(tenant, desired)
        assert {outcome.status for outcome in outcomes} <= {"done", "skipped"}
        assert [user["UserName"] for user in tenant.users.values()] == [name for name, _ in desired]
        assert all(user["Active"] for user in tenant.users.values())


@pytest.mark.parametrize("number", ["0", "TBD"])
def test_no_one_is_found_by_an_id_that_stands_for_none(number: str) -> None:
    """The reason says so, and no list is read."""
    sandbox = Sandbox(organisation([("old@example.com", number)]))

    async def main() -> dict[str, str]:
        async with client(sandbox) as litmos:
            return (await litmos.bulk.resolve_users([number], by="employee_id")).problems

    assert "is written for people without a number" in run_virtual(main())[number]
    assert not sandbox.requests
