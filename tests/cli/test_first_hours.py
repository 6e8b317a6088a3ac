"""What new users meet: each row of docs/first-hours.md has tests that exist, and here are those it lacked."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.cli import options
from litmos_async.cli.app import run
from litmos_async.sandbox import Sandbox
from tests.cli.small import KEY, Carry, Desk, organisation, reach

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "first-hours.md").read_text("utf-8")
JOB = "assign courses p.csv --send-message no"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    """Let the commands reach a small organisation, with a file of two lines."""
    found = Sandbox(organisation(), requests=10_000)
    reach(found, monkeypatch)
    monkeypatch.chdir(tmp_path)
    Path("p.csv").write_text("user,course\nuser.0@example.com,C-1\nuser.1@example.com,C-1\n")
    return found


def changes(sandbox: Sandbox) -> int:
    """Return how many requests changed something: one POST only reads."""
    return sum(each.method != "GET" and each.path != "/users/courses" for each in sandbox.requests)


def test_a_wrong_key_names_where_it_was_tried(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A region that was forgotten is seen; the key is not."""
    monkeypatch.setenv("LITMOS_API_KEY", "not-this-one")
    assert run(JOB.split()) == 1
    shown = capsys.readouterr()
    assert "host api.litmos.com, region us" in shown.err
    assert "not-this-one" not in shown.out + shown.err
    assert changes(sandbox) == 0


@pytest.mark.costly
def test_no_network(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sandbox: Sandbox
) -> None:
    """The host is named, and nothing is said to be changed."""
    del sandbox

    def unreachable(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    def client(**given: Any) -> LitmosClient:
        return LitmosClient(
            **given | {"transport": httpx.MockTransport(unreachable), "limiter": "memory://", "retry": None}
        )

    monkeypatch.setattr(options, "LitmosClient", client)
    assert run(JOB.split()) == 1
    assert "api.litmos.com" in capsys.readouterr().err


def test_nothing_to_do(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """All is there already; also of a file without lines."""
    assert run([*JOB.split(), "--skip-existing"]) == 0
    before = changes(sandbox)
    assert run([*JOB.split(), "--skip-existing"]) == 0
    assert changes(sandbox) == before
    assert "2 skipped" in capsys.readouterr().out
    Path("p.csv").write_text("user,course\n")
    assert run(JOB.split()) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_nothing_found(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line says what is not there."""
    Path("p.csv").write_text("user,course\nnobody@example.com,C-1\nuser.0@example.com,C-99\n")
    assert run(JOB.split()) == 1
    shown = capsys.readouterr().out
    assert "line 2 failed: no user goes by 'nobody@example.com'" in shown
    assert "line 3 failed: no course goes by 'C-99'" in shown
    assert changes(sandbox) == 0


def test_a_key_from_notepad(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its byte-order mark and line end are no part of the key."""
    monkeypatch.delenv("LITMOS_API_KEY")
    key = Path("key.txt")
    key.write_bytes(b"\xef\xbb\xbf" + KEY.encode() + b"\r\n")
    key.chmod(0o600)
    assert run([*JOB.split(), "--api-key-file", str(key)]) == 0
    assert changes(sandbox) == 2


@pytest.mark.parametrize(
    ("command", "final"),
    [
        ("assign courses --send-message yes", "an e-mail that is sent cannot be taken back"),
        ("deactivate --remove-from-teams", "which teams the people were in is lost; that cannot be undone"),
        ("deactivate", ""),
        ("assign courses --send-message no", ""),
    ],
)
def test_what_a_plan_says_first_and_last(
    desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str], command: str, final: str
) -> None:
    """Time and e-mails, and what cannot be undone."""
    desk.write("user,course", "user.0@example.com,C-1")
    assert carry(f"{command} --dry-run") == 0
    title, time, mails, *_ = shown = capsys.readouterr().out.splitlines()
    assert title.startswith("Plan for")
    assert (time.split()[0], mails.split()[0]) == ("time", "e-mails")
    told = [each for each in shown if "undone" in each or "taken back" in each]
    assert told == [final] * bool(final)


@pytest.mark.costly
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes(shell: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A script is written that knows the commands."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    script = tmp_path / f"completion.{shell}"
    assert run(["--install-completion", "--shell", shell, "--output", str(script)]) == 0
    text = script.read_text("utf-8")
    assert all(word in text for word in ("assign", "team-tree", "roll-call", "login-link"))


@pytest.mark.costly
def test_each_row_is_kept() -> None:
    """The tests that the page names exist, and the rows of an administrator have some, but for one."""
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 40
    for file, name in named:
        tree = ast.parse((TESTS / file).read_text("utf-8"))
        found = {
            each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        assert name in found, f"{file}::{name}"
    rows = [line.split("|") for line in PAGE.partition("## A web")[0].splitlines() if line.startswith("| ")]
    bare = [row[1].strip() for row in rows[2:] if "::" not in row[3]]
    assert bare == ["a window that is made narrower while the bar is drawn"]
