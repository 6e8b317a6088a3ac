"""Three stories at the command line, on a pseudo-terminal; docs/stories.md tells them."""

from __future__ import annotations

import csv
import json
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal of POSIX")

SECONDS = 120.0
"""What no step takes; only a step that hangs gets there."""


class Screen:
    """A command on a terminal of its own."""

    def __init__(self, environment: dict[str, str], folder: Path, *words: str) -> None:
        import pty  # noqa: PLC0415 - not on Windows

        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "litmos_async.cli", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        os.close(theirs)
        self._shown = b""

    @property
    def text(self) -> str:
        """What was shown so far."""
        return self._shown.decode(errors="replace").replace("\r\n", "\n")

    def until(self, true: Callable[[], bool]) -> None:
        """Read until something is true: the progress is drawn again and again, so there is always more to come."""
        while not true():
            assert self._read(), self.text

    def asks(self, question: str) -> None:
        """Read until a question is shown."""
        self.until(lambda: question in self.text)

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._ours, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self._read():
            pass
        os.close(self._ours)
        return self._process.wait(timeout=SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], SECONDS)
        assert ready, self.text
        try:
            data = os.read(self._ours, 65_536)
        except OSError:  # Linux: the other end is closed
            return False
        self._shown += data
        return bool(data)


class Desk:
    """A person's home, and an account that answers."""

    def __init__(self, home: Path, address: str) -> None:
        self.home = home
        self.address = address
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("LITMOS_")
        }
        self.environment |= {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "TERM": "xterm",
            "COLUMNS": "200",
        }

    def start(self, *words: str) -> Screen:
        """Start a command on a terminal."""
        return Screen(self.environment, self.home, *words)

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command on a terminal, and return what it showed."""
        screen = self.start(*words)
        assert screen.end() == code, screen.text
        return screen.text

    def pipe(self, *words: str, code: int = 0) -> str:
        """Run a command without a terminal, as cron does, and return its standard output."""
        ended = subprocess.run(
            [sys.executable, "-m", "litmos_async.cli", *words],
            env=self.environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert ended.returncode == code, ended.stderr
        return ended.stdout

    def outcomes(self, name: str) -> Counter[str]:
        """Return how many lines have which status."""
        with (self.home / f"{name}.outcomes.csv").open(encoding="utf-8-sig", newline="") as file:
            return Counter(row["status"] for row in csv.DictReader(file))

    def people(self, *more: str) -> list[str]:
        """Return the user names of the account."""
        return [row["user_name"] for row in json.loads(self.pipe("users", "list", "--json", *more))]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A home without anything in it, and `litmos sandbox` with 40 people."""
    words = [sys.executable, "-m", "litmos_async.cli", "sandbox", "--users", "40", "--limit", "10000/60"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        environment = dict(line.removeprefix("export ").rstrip("\n").split("=", 1) for line in lines)
        yield Desk(tmp_path, environment["LITMOS_BASE_URL"])
        process.terminate()


@pytest.mark.slow
def test_the_first_hour_of_an_administrator(desk: Desk) -> None:
    """Set up, look, plan, assign, press Ctrl-C, go on, and see that everyone has it."""
    screen = desk.start("init", "--base-url", desk.address, "--limit", "20/3600")
    screen.asks("Source")
    screen.type("acme-hr")
    screen.asks("API key")
    screen.type("sandbox-key")
    assert screen.end() == 0
    assert "The key works: the account has 40 people" in screen.text
    assert "sandbox-key" not in screen.text
    assert "The key works" in desk.run("check", "--limiter", "memory://")

    names = desk.people("--limiter", "memory://")
    (desk.home / "people.csv").write_text(
        "\n".join(["user,course", *(f"{name},C-001" for name in names), ""])
    )
    words = ("assign", "courses", "people.csv", "--send-message", "no", "--limiter", "memory://")
    assert "requests     40" in desk.run(*words, "--dry-run")
    assert desk.outcomes("people")["planned"] + desk.outcomes("people")["skipped"] == 40

    # 20 requests in an hour: it cannot get to its end before Ctrl-C comes.
    screen = desk.start(*words, "--resumable", "--skip-existing")
    # The last of them has its answer by then; if it had not, the next run would wait until it cannot arrive.
    screen.until(lambda: screen.text.count("20/20 requests") > 4 and desk.outcomes("people")["done"] > 0)
    screen.interrupt()
    assert screen.end() == 130
    assert "Interrupted after" in screen.text
    first = desk.outcomes("people")
    assert first["not done"] > 0, (first, screen.text)

    (job,) = json.loads(desk.pipe("jobs", "list", "--json"))
    assert job["finished"] is False
    config = desk.home / "config" / "litmos" / "config.toml"
    config.write_text(config.read_text().replace("20/3600", "1000/60"))
    assert "Finished after" in desk.run("jobs", "retry", job["id"])
    last = desk.outcomes("people")
    assert set(last) <= {"done", "skipped"}
    assert last.total() == 40
    assert "finished" in desk.run("jobs", "list")


@pytest.mark.slow
def test_the_night_of_a_cron_job(desk: Desk) -> None:
    """The same line each night: a difference, none, a slip in the file, and a key that was revoked."""
    key = desk.home / "key"
    key.write_text("sandbox-key\n")
    key.chmod(0o600)
    desk.pipe("init", "--base-url", desk.address, "--source", "night", "--api-key-file", str(key), "--yes")
    night = ("sync", "users", "people.csv", "--json", "--log-format", "json")
    file = desk.home / "people.csv"
    file.write_text("user_name,first_name,last_name\nnew@example.com,New,Example\n")
    told = json.loads(desk.pipe(*night))
    assert (told["ended"], told["lines"]) == ("finished", {"done": 1})
    told = json.loads(desk.pipe(*night))
    assert (told["lines"], told["requests"]["changes"]) == ({"skipped": 1}, 0)
    file.write_text("user_name,first_name,last_name\nnew@example.com,New,Example\nother@example.com,,\n")
    assert json.loads(desk.pipe(*night, code=1))["lines"]["failed"] == 1
    key.write_text("revoked\n")
    assert json.loads(desk.pipe(*night, code=1))["ended"] == "stopped"
    assert json.loads(desk.pipe("check", "--json", code=1))["problem"] == "key"


@pytest.mark.slow
def test_a_consultant_with_three_accounts(desk: Desk) -> None:
    """Each has a profile; one that is misspelt, and a key in the wrong hands, are refused."""
    for name in ("acme", "bolt", "core"):
        key = desk.home / name
        key.write_text("sandbox-key\n" if name != "bolt" else "wrong\n")
        key.chmod(0o600)
        words = ("--base-url", desk.address, "--source", name, "--api-key-file", str(key), "--yes")
        desk.run("init", name, *words)
    assert "profile  acme" in desk.run("check", "--profile", "acme")
    assert "profile bolt: the key does not work" in desk.run("check", "--profile", "bolt", code=1)
    assert "profile bolt: 401" in desk.run("users", "list", "--profile", "bolt", code=1)
    desk.environment["LITMOS_PROFILE"] = "core"
    assert len(desk.people()) == 40
    assert "it has acme, bolt, core" in desk.run("users", "list", "--profile", "cord", code=2)
    (desk.home / "core").chmod(0o644)
    assert f"chmod 600 {desk.home / 'core'}" in desk.run("quota", code=2)
