"""A few names cost a few requests, however many people an account has."""

from __future__ import annotations

from typing import Any

import pytest

from litmos_async.bulk import Resolved
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client


def account(people: int) -> Sandbox:
    """Return a sandbox with so many people, some of whom share an e-mail address."""
    tenant = Tenant()
    for number in range(people):
        tenant.add_user(
            UserName=f"user{number:05}@example.com",
            FirstName="U",
            LastName="E",
            Email=f"mail{number // 2 if number < 4 else number:05}@example.com",
        )
    return Sandbox(tenant)


def resolve(sandbox: Sandbox, names: list[str], **options: Any) -> Resolved:
    """Resolve names on a new client; an iterator of them will do."""

    async def main() -> Resolved:
        async with client(sandbox) as litmos:
            return await litmos.bulk.resolve_users(iter(names), **options)

    sandbox.requests.clear()
    return run_virtual(main())


LARGE = account(9_000)


@pytest.mark.parametrize(
    ("names", "most"),
    [
        (["user08999@example.com"], 1),
        (["USER08999@example.com "], 1),
        (["mail08999@example.com"], 2),
        (["nobody@example.com"], 2),
        (["user08999@example.com", "user08998@example.com"], 4),
        (["user08999@example.com", "mail08998@example.com", "nobody@example.com"], 7),
        (["user00001@example.com", "user00002@example.com"], 1),
    ],
)
def test_few_names_in_a_large_account(names: list[str], most: int) -> None:
    """The list alone takes nine requests and one that confirms its end."""
    resolved = resolve(LARGE, names)
    ids = {row["UserName"]: row["Id"] for row in LARGE.tenant.users.values()} | {
        row["Email"]: row["Id"] for row in LARGE.tenant.users.values()
    }
    assert resolved.ids == {name: ids[name.strip().lower()] for name in names if "nobody" not in name}
    assert list(resolved.problems) == [name for name in names if "nobody" in name]
    assert len(LARGE.requests) <= most


@pytest.mark.parametrize("by", [None, "email", "employee_id"])
def test_names_that_are_no_ones(by: str | None) -> None:
    """What a program wrote in place of a name is not looked up."""
    names = ["#N/A", "NULL", "1.23E+05", "12345.0", "", "\u200b"]
    resolved = resolve(LARGE, names, by=by)
    assert list(resolved.problems) == names
    assert not LARGE.requests
    one = resolve(LARGE, [*names, "user08999@example.com"])
    assert list(one.ids) == ["user08999@example.com"]
    assert len(LARGE.requests) == 1


@pytest.mark.parametrize(
    ("names", "most"),
    [
        (["user00001@example.com", "user00002@example.com"], 2),
        (["user08999@example.com", "user08998@example.com"], 5),
        (["user08999@example.com", "nobody@example.com"], 6),
    ],
)
def test_few_names_where_the_server_caps_its_pages(
    names: list[str], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 250 rows an answer the list takes 37 requests, and a first page of them is no small account."""
    monkeypatch.setattr("litmos_async.sandbox.call._MOST_ROWS", 250)
    resolved = resolve(LARGE, names)
    assert list(resolved.problems) == [name for name in names if "nobody" in name]
    assert len(LARGE.requests) <= most


def test_many_names_read_the_list() -> None:
    """As soon as the rest of the list is cheaper, it is read, and only it."""
    names = [f"user{number:05}@example.com" for number in range(5_000, 5_030)]
    assert len(resolve(LARGE, names).ids) == 30
    # Nine pages overlap by a row each, one request more confirms the end, and one says how long it is.
    assert len(LARGE.requests) <= 12
    assert {each.path for each in LARGE.requests} <= {"/users", "/users/paginated"}


def test_a_small_account_reads_its_list() -> None:
    """Several names in a small account take the list as ever."""
    small = account(300)
    assert len(resolve(small, ["user00001@example.com", "user00002@example.com", "nobody"]).ids) == 2
    assert {each.path for each in small.requests} == {"/users"}


def test_a_look_up_says_what_the_list_says() -> None:
    """One name alone, and the same name among a hundred others that need the list: the same answer."""
    sandbox = account(60)
    tenant = sandbox.tenant
    first, second, third = list(tenant.users)[:3]
    tenant.change_user(first, UserName="mail00050@example.com")  # the e-mail address of another person
    tenant.change_user(second, UserName="a/b+c@example.com")
    tenant.change_user(third, UserName="MÜSSIG@example.com")
    names = [
        "mail00050@example.com",
        "a/b+c@example.com",
        "A/B+C@EXAMPLE.COM",
        "mail00001@example.com",  # shared by two
        "müssig@example.com",
        "mu\u0308ssig@example.com",
        first,
        first.swapcase(),
        str(tenant.users[first]["OriginalId"]),
        "no.one@example.com",
        ".",
        "..",
        "example.com",
        "user0005",
        "x" * 60,
    ]
    together = resolve(sandbox, names + [f"filler{number}" for number in range(100)])
    for name in names:
        alone = resolve(sandbox, [name])
        assert alone.ids.get(name) == together.ids.get(name), name
        assert alone.problems.get(name) == together.problems.get(name), name
        assert alone.names == {id: together.names[id] for id in alone.ids.values()}


ADDRESSES = (
    ("ann@example.com", "ann.new@example.com"),
    ("ann.corp", "ann@example.com"),
    ("ben@example.com", "ben@example.com"),
    ("ben.too", "BEN@example.com"),
    ("cleo@example.com", ""),
    ("dora@example.com", "dora.new@example.com"),
    ("emil", "emil@example.com"),
    ("finn@example.com", ""),
    ("finn.too", "finn@example.com"),
)
"""User names and e-mail addresses."""


@pytest.mark.parametrize(
    ("address", "whose", "most"),
    [
        ("ann@example.com", ("ann@example.com", "ann.corp"), 1),
        ("finn@example.com", ("finn@example.com", "finn.too"), 1),
        ("Ben@example.com", ("ben@example.com",), 1),
        ("cleo@example.com", ("cleo@example.com",), 1),
        ("dora@example.com", ("dora@example.com",), 1),
        ("dora.new@example.com", ("dora@example.com",), 1),
        ("emil@example.com", ("emil",), 1),
        ("nobody@example.com", (), 2),
        ("emil", ("emil",), 1),
    ],
)
@pytest.mark.parametrize("people", [0, pytest.param(3_000, marks=pytest.mark.costly)])
def test_an_address_that_is_the_user_name_of_another_person(
    address: str, whose: tuple[str, ...], most: int, people: int
) -> None:
    """It is no one's, and the problem names both: alone, among a few in a large account, and in the list."""
    sandbox = account(people)
    for user_name, email in ADDRESSES:
        sandbox.tenant.add_user(UserName=user_name, FirstName="U", LastName="E", Email=email)
    ids = {user["UserName"]: user["Id"] for user in sandbox.tenant.users.values()}
    alone = resolve(sandbox, [address], by="email")
    assert len(sandbox.requests) <= most
    few = resolve(sandbox, [address, "cleo@example.com"], by="email")
    assert len(sandbox.requests) <= 7
    together = resolve(
        sandbox, [address, *(f"filler{number}@example.com" for number in range(60))], by="email"
    )
    for found in (alone, few, together):
        assert found.ids.get(address) == (ids[whose[0]] if len(whose) == 1 else None)
        assert all(repr(name) in found.problems[address] for name in whose if len(whose) > 1)
        assert found.problems.get(address) == alone.problems.get(address)


@pytest.mark.parametrize(
    ("written", "given"), [("weiß", "WEISS"), ("y\u0131ld\u0131z", "YILDIZ"), ("\ufb01nn", "FINN")]
)
@pytest.mark.parametrize("people", [0, 1_500])
def test_capitals_of_letters_that_no_look_up_finds(written: str, given: str, people: int) -> None:
    """One name in capitals stands for the person for whom it stands among others, however large the account is."""
    sandbox = account(people)
    user = sandbox.tenant.add_user(UserName=f"{written}@example.com", FirstName="U", LastName="E")
    name = f"{given}@example.com".upper()
    assert resolve(sandbox, [name]).ids == {name: user["Id"]}
    sandbox.tenant.add_user(UserName=name.lower(), FirstName="U", LastName="E")
    assert resolve(sandbox, [name]).ids[name] != user["Id"]
    assert len(sandbox.requests) == 1


def test_nothing_to_look_up_costs_nothing() -> None:
    """Blank names are no names."""
    assert list(resolve(LARGE, ["", "  "]).problems) == ["", "  "]
    assert not LARGE.requests


def test_a_server_that_gives_no_totals() -> None:
    """The list and the plain search do as well."""
    LARGE.faults.add(Fault(method="GET", path="/users/paginated", status=404, times=None))
    try:
        for names in (["mail08999@example.com"], ["user08999@example.com", "mail08998@example.com"]):
            assert list(resolve(LARGE, names).ids) == names
    finally:
        LARGE.faults.clear()


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_name_that_the_server_does_not_take_in_a_path(status: int) -> None:
    """Whatever it says to that, the search decides."""
    sandbox = account(10)
    sandbox.faults.add(Fault(method="GET", path="/users/*", status=status))
    assert len(resolve(sandbox, ["user00007@example.com"]).ids) == 1
