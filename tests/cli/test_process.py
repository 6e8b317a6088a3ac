"""The command as a process of its own."""

from __future__ import annotations

import csv
import os
import shlex
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ENVIRONMENT = {**os.environ, "COLUMNS": "100"}


def litmos(*words: str, before: str = "") -> subprocess.Popen[str]:
    """Start the command; `before` is code that runs first."""
    code = f"""
import runpy, sys
sys.argv = ["litmos", *{words!r}]
{before}
runpy.run_module("litmos_async.cli", run_name="__main__")
"""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=ENVIRONMENT,
    )


SIGINT, SIGTERM = signal.SIGINT, signal.SIGTERM


@pytest.mark.costly
@pytest.mark.parametrize(
    ("signals", "code"),
    [((SIGINT,), 130), ((SIGINT, SIGINT), 130), ((SIGTERM,), 143)],
    ids=["once", "twice", "terminated"],
)
def test_ctrl_c_and_the_like(signals: tuple[signal.Signals, ...], code: int, tmp_path: Path) -> None:
    """The command ends with the exit code of the signal, the outcomes and a summary, and without a traceback."""
    # More than a thousand people and a limit of 100 in 6 s: a minute's work, and the signal comes at its start.
    with litmos("demo", "--users", "2500", "--lines", "3000", "--keep", str(tmp_path)) as process:
        assert process.stdout is not None
        told = ""
        while "e-mails" not in told:
            line = process.stdout.readline()
            assert line, process.communicate()  # it has ended, and says why
            told += line
        for each in signals:
            process.send_signal(each)
        out, err = process.communicate(timeout=600)
    assert process.returncode == code, err
    assert "Traceback" not in err
    assert "Interrupted after" in out
    with (tmp_path / "people.outcomes.csv").open(encoding="utf-8-sig", newline="") as file:
        counts = Counter(row["status"] for row in csv.DictReader(file))
    assert counts.total() == 3_000
    assert counts["not done"] > 0
    assert f"{counts['not done']:,} not done" in out


@pytest.mark.parametrize("package", ["cyclopts", "rich"])
def test_without_the_extra(package: str) -> None:
    """One plain line says how to install it, and the exit code is 2."""
    with litmos("--help", before=f"sys.modules[{package!r}] = None") as process:
        out, err = process.communicate(timeout=600)
    assert (out, err) == ("", 'litmos needs more packages: pip install "litmos-async[cli]"\n')
    assert process.returncode == 2


@pytest.mark.costly
@pytest.mark.parametrize("both", [True, False])
def test_a_reader_that_goes_away(both: bool, tmp_path: Path) -> None:
    """`litmos … | head -1`, with or without `2>&1`: the job runs to its end, and the exit code is its own."""
    words = ("demo", "--users", "60", "--lines", "100", "--keep", str(tmp_path))
    code = f"import sys; sys.argv = ['litmos', *{words!r}]; from litmos_async.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if both else subprocess.PIPE,
        env=ENVIRONMENT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        errors = b"" if process.stderr is None else process.stderr.read()
        assert process.wait(timeout=60) == 0, errors
    assert b"Error" not in errors
    with (tmp_path / "people.outcomes.csv").open(encoding="utf-8-sig", newline="") as file:
        counts = Counter(row["status"] for row in csv.DictReader(file))
    assert counts == {"done": 93, "failed": 6, "skipped": 1}


@pytest.mark.costly
@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize("stream", [">&-", "2>&-", ">&- 2>&-", "</dev/null >/dev/full 2>/dev/full"])
def test_streams_that_cannot_be_written(stream: str, tmp_path: Path) -> None:
    """Closed, or on a full disk: the job is none the worse."""
    if "full" in stream and not Path("/dev/full").exists():
        stream = ">&-"
    command = (
        f"{shlex.quote(sys.executable)} -m litmos_async.cli demo --users 10 --lines 20 --keep {tmp_path}"
    )
    ended = subprocess.run(["sh", "-c", f"{command} {stream}"], env=ENVIRONMENT, timeout=60, check=False)
    assert ended.returncode == 0
    assert (tmp_path / "people.outcomes.csv").exists()


def test_a_fault_of_this_program() -> None:
    """Its traceback is shown, without what a text of a server in it could do to a terminal; exit code 1."""
    before = """
from litmos_async.cli import app
def broken(_words): raise RuntimeError("evil \\x1b[2J")
app.run = broken
"""
    with litmos("quota", before=before) as process:
        out, err = process.communicate(timeout=30)
    assert (out, process.returncode) == ("", 1)
    assert "RuntimeError: evil" in err
    assert "\x1b" not in err
