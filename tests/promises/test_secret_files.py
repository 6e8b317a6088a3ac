"""Passwords and log-in links turn up in no journal, plan, job, outcome, report or outcomes file."""

from __future__ import annotations

import asyncio
import json
import pprint
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from litmos_async import LitmosClient, RetryPolicy, User, errors
from litmos_async.bulk import BulkJob
from litmos_async.cli.app import run
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.cli.small import KEY, reach
from tests.support.sandboxes import client
from tests.support.showing import in_rich, tell_all

PASSWORD: Final = "marker-pass wörd<77&ac>'\\\""
LOGIN: Final = "00000000-marker-login-key"
MARKERS: Final = ("marker-pass", "marker-login")
LINK: Final = f"https://acme.example.com/login.aspx?loginkey={LOGIN}"
QUOTING: Final = f"password {PASSWORD}, see {LINK}".encode()


def sandbox_with_secrets(key: str = "sandbox-key") -> Sandbox:
    """Return a sandbox whose people have log-in links; some requests are rejected with what they hold."""
    sandbox = Sandbox(Tenant(), api_key=key)
    for number in range(3):
        sandbox.tenant.add_user(UserName=f"old{number}@example.com", FirstName="O", LastName="Old")
    for user in sandbox.tenant.users.values():
        user["LoginKey"] = LINK
    # A change of a person who is there sends no password, so the server has none to quote.
    sandbox.faults.add(Fault(method="PUT", status=400, body=LINK.encode()))
    sandbox.faults.add(Fault(method="POST", status=409, body=QUOTING))
    sandbox.faults.add(Fault(method="POST", body=b'{"Id": "' + QUOTING, after=True))
    return sandbox


def people() -> list[User]:
    """Return people of whom some are there; all have a password."""
    names = [f"old{number}@example.com" for number in range(3)] + [f"new{n}@example.com" for n in range(4)]
    return [User(user_name=name, first_name="N", last_name="W", password=PASSWORD) for name in names]


def shown(value: object) -> list[str]:
    """Return how a value looks, printed in every way."""
    return [repr(value), str(value), pprint.pformat(value), in_rich(value)]


JOBS: Final[dict[str, Callable[[LitmosClient, str], BulkJob]]] = {
    "sync_users": lambda litmos, path: litmos.bulk.sync_users(people(), send_message=False, journal=path),
    "import_users": lambda litmos, path: litmos.bulk.import_users(people(), send_message=False, journal=path),
}


@pytest.mark.parametrize("stop_after", [0, 2])
@pytest.mark.parametrize("name", JOBS)
def test_no_marker_in_a_job_or_its_journal(name: str, stop_after: int, tmp_path: Path) -> None:
    """Neither when it has ended nor when it was broken off, and with writes whose outcome is not known."""
    told: list[str] = []

    async def main() -> None:
        sandbox = sandbox_with_secrets()
        async with client(sandbox, retry=RetryPolicy(max_attempts=1)) as litmos:
            job = JOBS[name](litmos, str(tmp_path / "job.db"))
            try:
                async with job:
                    told.extend(shown(await job.plan()))
                    async for outcome in job:
                        told.extend(shown(outcome))
                        if stop_after and len(told) > 4 * stop_after:
                            break
            except errors.LitmosError as problem:
                told.append(tell_all(problem))
            told.extend([*shown(job), *shown(job.report)])

    run_virtual(main())
    assert told
    for path in tmp_path.rglob("*"):
        said = path.read_bytes()
        told.append(said.decode("latin-1") + json.dumps(said.decode("utf-8", "replace")))
    for text in told:
        for marker in MARKERS:
            assert marker not in text


@pytest.mark.parametrize("command", ["import users", "sync users"])
def test_no_marker_in_what_a_command_leaves(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not on the screen, in the outcomes, the plan or the folder of journals; the input is where it was."""
    monkeypatch.chdir(tmp_path)
    state = tmp_path / "state"
    for variable, folder in {"XDG_STATE_HOME": state, "XDG_CONFIG_HOME": tmp_path / "config"}.items():
        monkeypatch.setenv(variable, str(folder))
    lines = [f'{user.user_name},N,W,"{PASSWORD.replace(chr(34), chr(34) * 2)}"' for user in people()]
    Path("people.csv").write_text(
        "\n".join(["user_name,first_name,last_name,password", *lines]) + "\n", encoding="utf-8"
    )
    reach(sandbox_with_secrets(KEY), monkeypatch)
    monkeypatch.setattr(asyncio, "run", run_virtual)
    run([*command.split(), "people.csv", "--send-message", "no", "--dry-run", "--plan-json", "plan.json"])
    assert run([*command.split(), "people.csv", "--send-message", "no"]) == 1
    told = [*capfd.readouterr()]
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "people.csv"]
    assert {"people.outcomes.csv", "plan.json"} <= {path.name for path in left}
    told += [path.read_bytes().decode("latin-1") for path in left]
    for text in told:
        for marker in MARKERS:
            assert marker not in text
