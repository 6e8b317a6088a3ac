"""The command as a process of its own."""

from __future__ import annotations

import csv
import os
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
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it
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
