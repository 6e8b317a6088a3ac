"""`litmos login-link`: a credential, to a terminal or a file of its owner alone."""

from __future__ import annotations

import errno
import os
import pty
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from litmos_async import LitmosClient
from litmos_async.cli.app import run
from litmos_async.cli.options import AccountFlags
from tests.cli.small import Desk


@pytest.fixture
def link(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command against the sandbox of the desk."""

    def client(_: AccountFlags, *__: object) -> LitmosClient:
        return desk.connect()

    monkeypatch.setattr(AccountFlags, "client", client)
    return lambda *words: run(["login-link", *words])


def test_a_file_that_only_its_owner_can_read(
    link: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where a file of all was there; and the link is shown nowhere."""
    path = tmp_path / "link"
    path.write_text("")
    path.chmod(0o644)
    assert link("USER.0@example.com", "--output", str(path)) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    url = path.read_text("utf-8").strip()
    assert "loginkey=" in url.lower()
    shown = capsys.readouterr()
    assert url not in shown.out + shown.err
    assert str(path) in shown.err


def test_a_course_behind_the_login(link: Any, desk: Desk, tmp_path: Path) -> None:
    """By its code; the link holds the number of the course."""
    path = tmp_path / "link"
    assert link("user.0@example.com", "--course", "c-1", "--output", str(path)) == 0
    number = next(iter(desk.sandbox.tenant.courses.values()))["OriginalId"]
    assert path.read_text("utf-8").strip().endswith(f"c={number}")


def test_never_into_a_pipe(link: Any, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The command is refused before a request is sent."""
    assert link("user.0@example.com") == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "credential" in shown.err
    assert len(desk.sandbox.requests) == 0


def test_to_a_terminal(link: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """There it is written."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        assert link("user.0@example.com") == 0
        screen.flush()
        shown = os.read(master, 10_000).decode()
    os.close(master)
    assert "loginkey=" in shown.lower()


@pytest.mark.parametrize("name", ["none/link", ".", "x" * 300])
def test_a_file_that_cannot_be_written(
    link: Any, desk: Desk, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and exit code 2, before a link is asked for: it would log in whoever finds it."""
    assert link("user.0@example.com", "--output", str(tmp_path / name)) == 2
    shown = capsys.readouterr().err
    assert str(tmp_path / name) in shown
    assert shown.count("\n") == 1
    assert len(desk.sandbox.requests) == 0


def test_a_disk_that_fills_up(
    link: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1, and no part of the link stays anywhere."""
    path = tmp_path / "link"

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert link("user.0@example.com", "--output", str(path)) == 1
    shown = capsys.readouterr()
    assert shown.err == f"litmos: cannot write the link to {path}: No space left on device\n"
    assert shown.out == ""
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nobody@example.com"], "no user goes by 'nobody@example.com'"),
        (["user.0@example.com", "--course", "X-9"], "no course goes by 'X-9'"),
    ],
)
def test_what_is_not_there(
    link: Any, tmp_path: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written."""
    path = tmp_path / "link"
    assert link(*words, "--output", str(path)) == 1
    assert told in capsys.readouterr().err
    assert not path.exists()
