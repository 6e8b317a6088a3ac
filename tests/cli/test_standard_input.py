"""Files from a pipe or from standard input, through the commands."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import attrs
import pytest

from litmos_async.cli.app import run
from litmos_async.cli.order import Order
from tests.cli.small import ASSIGN, Carry, Desk, Send, assign_courses


def test_a_file_from_a_pipe_is_read_once(
    desk: Desk, carry_from_pipe: Carry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a shell gives one with <( ), and the key beside it."""
    monkeypatch.chdir(desk.folder)
    pipe, key = desk.folder / "people.csv", desk.folder / "key"
    for path, data in (
        (pipe, b"user,course\nuser.0@example.com,C-1\n"),
        (key, b"\xef\xbb\xbfsandbox-key\r\n"),
    ):
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(data,), daemon=True).start()
    assert carry_from_pipe(f"{ASSIGN} --api-key-file {key}") == 0
    assert len(desk.assigned()) == 1
    assert Path("stdin.outcomes.csv").exists()


@pytest.mark.parametrize("option", ["--outcomes", "--plan-json", "--journal"])
def test_a_pipe_takes_no_outcomes(
    desk: Desk, send: Send, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are refused before anything is sent, and the pipe stays one."""
    pipe = desk.folder / "pipe"
    os.mkfifo(pipe)
    assert send(b"user,course\nuser.0@example.com,C-1\n", f"{ASSIGN} {option} {pipe}") == 2
    assert f"to {pipe}: it is no regular file" in capsys.readouterr().err
    assert pipe.is_fifo()
    assert not desk.sandbox.requests


@pytest.mark.parametrize("option", ["--outcomes", "--plan-json", "--journal"])
def test_standard_output_takes_no_outcomes(
    desk: Desk, send: Send, option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-` is standard output where it may be named at all: no file is called that, and nothing is sent."""
    monkeypatch.chdir(desk.folder)
    assert send(b"user,course\nuser.0@example.com,C-1\n", f"{ASSIGN} {option} -") == 2
    assert "to -: it stands for standard output: name a file" in capsys.readouterr().err
    assert not Path("-").exists()
    assert not desk.sandbox.requests


def test_standard_input(desk: Desk, carry_from_pipe: Carry, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called `-`, and the outcomes go into the current folder."""
    monkeypatch.chdir(desk.folder)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"user,course\nuser.0@example.com,C-1\n")))
    assert run([*ASSIGN.split(), "-"]) == 0
    del carry_from_pipe
    assert len(desk.assigned()) == 1
    assert Path("stdin.outcomes.csv").exists()


def test_a_file_as_standard_input(
    desk: Desk, carry_from_pipe: Carry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`litmos … - < people.csv`: it is read from the descriptor, in parts, and not beyond what is allowed."""
    monkeypatch.chdir(desk.folder)
    monkeypatch.setattr("litmos_async.cli.reading._PART", 10)
    desk.write("user,course", "user.0@example.com,C-1", "user.1@example.com,C-1")
    assert carry_from_pipe is not None
    with desk.order.file.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert run([*ASSIGN.split(), "-"]) == 0
        assert len(desk.assigned()) == 2
        monkeypatch.setattr("litmos_async.cli.table.MOST_BYTES", 20)
        file.seek(0)
        assert run([*ASSIGN.split(), "-"]) == 2
    assert "larger than" in capsys.readouterr().err


LINUX_ONLY = ["/proc/self/fd/{}"] if sys.platform == "linux" else []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no paths of open files")
@pytest.mark.parametrize("path", ["/dev/fd/{}", "link", "/dev/stdin", *LINUX_ONLY])
def test_an_open_file_by_its_path(
    desk: Desk, carry: Carry, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`litmos … /dev/stdin < people.csv`, `litmos … /dev/fd/3 3< people.csv`: as from a pipe."""
    monkeypatch.chdir(desk.folder)
    assert carry is not None
    desk.write("user,course", "user.0@example.com,C-1")
    with desk.order.file.open() as file:
        number = file.fileno()
        Path("link").symlink_to(f"/dev/fd/{number}")
        if path == "/dev/stdin":
            order = attrs.evolve(desk.order, file=Path(path))
            assert (order.from_pipe, order.outcomes_file) == (True, Path("stdin.outcomes.csv"))
            return
        assert run([*ASSIGN.split(), path.format(number)]) == 0
    assert len(desk.assigned()) == 1
    assert Path("stdin.outcomes.csv").exists()


def test_a_file_in_memory_is_a_file() -> None:
    """/dev/shm is a folder as any other."""
    order = Order(assign_courses(), Path("/dev/shm/people.csv"))
    assert (order.from_pipe, order.outcomes_file) == (False, Path("/dev/shm/people.outcomes.csv"))


@pytest.mark.costly
def test_ctrl_c_ends_a_command_that_waits_for_a_pipe(tmp_path: Path) -> None:
    """Nothing is written into it, and nothing was sent."""
    pipe = tmp_path / "people.csv"
    os.mkfifo(pipe)
    words = [sys.executable, "-m", "litmos_async.cli", *ASSIGN.split(), "--limiter", "memory://", str(pipe)]
    environment = {**os.environ, "LITMOS_API_KEY": "k", "LITMOS_CONFIG": str(tmp_path / "none")}
    with (
        subprocess.Popen(
            words, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as command,
        pipe.open("wb"),  # until the command has it open, this waits
    ):
        command.send_signal(signal.SIGINT)
        out, err = command.communicate()
    assert (command.returncode, err) == (130, b"")
    assert b"Interrupted before anything was sent" in out


def test_no_standard_input(
    carry_from_pipe: Carry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a service may be started."""
    monkeypatch.setattr("sys.stdin", None)
    assert carry_from_pipe is not None
    assert run([*ASSIGN.split(), "-"]) == 2
    assert "cannot use -: there is no standard input" in capsys.readouterr().err
