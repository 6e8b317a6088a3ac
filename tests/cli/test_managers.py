"""Managers whom the lines of a file name: by user name, e-mail address or id, there already or in the same file."""

from __future__ import annotations

from pathlib import Path

import pytest

from litmos_async.sandbox import Sandbox
from tests.cli.small import IMPORT, Carry, Desk, organisation

SYNC = "sync users"
BAR = "sync users --deactivate --max-removals 100%"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a boss, whose user name is not the address."""
    tenant = organisation()
    tenant.add_user(UserName="the.boss", Email="boss@example.com", FirstName="B", LastName="O")
    return Desk(tmp_path, Sandbox(tenant, requests=10_000))


def managers(desk: Desk) -> dict[str, str]:
    """Return the user names of the managers that people have, by their own."""
    users = desk.sandbox.tenant.users
    there = {id: user["UserName"] for id, user in users.items()}
    return {
        user["UserName"]: there[user["ManagerId"]]
        for user in users.values()
        if user["ManagerId"] not in {"", "0", None}
    }


@pytest.mark.parametrize("words", [IMPORT, SYNC])
@pytest.mark.parametrize(
    "named", ["boss@example.com", "BOSS@example.com", "the.boss", "The.Boss\u200b", "id"]
)
def test_a_manager_who_is_there(desk: Desk, carry: Carry, words: str, named: str) -> None:
    """Both commands take a user name, an e-mail address and an id; what the dry run plans, the real run does."""
    boss = list(desk.sandbox.tenant.users)[-1]
    name = boss if named == "id" else named
    desk.write("user_name,first_name,last_name,manager", f"new@example.com,N,N,{name}")
    assert carry(f"{words} --dry-run") == 0, desk.outcomes()
    assert carry(words) == 0, desk.outcomes()
    assert managers(desk) == {"new@example.com": "the.boss"}


@pytest.mark.parametrize("words", [IMPORT, SYNC])
def test_a_manager_who_is_nowhere(desk: Desk, carry: Carry, words: str) -> None:
    """The line fails, in the dry run and in the real one, and nothing is sent for it."""
    desk.write("user_name,first_name,last_name,manager", "new@example.com,N,N,ghost@example.com")
    for run in (f"{words} --dry-run", words):
        assert carry(run) == 1
        assert desk.outcomes() == [["2", "failed", "manager: no user goes by 'ghost@example.com'"]]
    assert {request.method for request in desk.sandbox.requests} == {"GET"}


# Lines, and which of them go well in an import and in a comparison.
CHAINS = [
    (("a@example.com,A,A,", "b@example.com,B,B,a@example.com"), (True, True)),
    (("a@example.com,A,A,ghost", "b@example.com,B,B,a@example.com"), (False, False)),
    (
        ("a@example.com,A,A,ghost", "b@example.com,B,B,A@example.com", "c@example.com,C,C,b@example.com"),
        (False,) * 3,
    ),
    # It stands on a line that fails, and is there.
    (("user.0@example.com,A,A,ghost", "b@example.com,B,B,user.0@example.com"), (False, True)),
]


@pytest.mark.parametrize("words", [IMPORT, SYNC])
@pytest.mark.parametrize(("lines", "good"), CHAINS)
def test_managers_of_the_same_file(
    desk: Desk, carry: Carry, words: str, *, lines: tuple[str, ...], good: tuple[bool, ...]
) -> None:
    """One whose line fails, and who is not there, is no one's manager; the dry run says what the real run does."""
    desk.write("user_name,first_name,last_name,manager", *lines)
    for run, well in ((f"{words} --dry-run", "planned"), (words, "done")):
        assert carry(run) == (0 if all(good) else 1)
        assert [each[1] for each in desk.outcomes()] == [well if line else "failed" for line in good]


def test_a_manager_whose_row_an_import_refuses(desk: Desk, carry: Carry) -> None:
    """A row without a last name makes no one."""
    desk.write(
        "user_name,first_name,last_name,manager", "a@example.com,A,,", "b@example.com,B,B,a@example.com"
    )
    for run in (f"{IMPORT} --dry-run", IMPORT):
        assert carry(run) == 1
        assert [each[1] for each in desk.outcomes()] == ["failed", "failed"]
        assert desk.outcomes()[1][2] == "manager: no user goes by 'a@example.com'"


@pytest.mark.parametrize("words", [SYNC, BAR])
def test_a_manager_who_is_new_in_the_same_file(
    desk: Desk, carry: Carry, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first run makes the manager and says that the next one sets it, which it does: every night goes well."""
    names = [user["UserName"] for user in desk.sandbox.tenant.users.values()]
    lines = [f"{name},,,{'New@example.com' if name == names[1] else ''}" for name in names]
    desk.write("user_name,first_name,last_name,manager", *lines, "new@example.com,Nora,New,")
    told = "'New@example.com' is new in this file: run the command again to set it"
    assert carry(f"{words} --dry-run") == 0, desk.outcomes()
    assert told in desk.outcomes()[1][2]
    assert carry(words) == 0, desk.outcomes()
    assert desk.outcomes()[1] == ["3", "skipped", f"as desired; manager: {told}"]
    assert "1 manager is new in this file: run the command again to set them" in capsys.readouterr().out
    assert managers(desk) == {}
    assert carry(words) == 0
    assert managers(desk) == {"user.1@example.com": "new@example.com"}


def test_a_manager_whom_nobody_creates(desk: Desk, carry: Carry) -> None:
    """With --no-create the line fails as for anyone who is not there."""
    desk.write("user_name,manager", "user.1@example.com,new@example.com", "new@example.com,")
    assert carry(f"{SYNC} --no-create") == 1
    assert desk.outcomes()[0][1:] == ["failed", "manager: no user goes by 'new@example.com'"]
