"""The demo."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from litmos_async import RateLimit
from litmos_async.cli import demo
from litmos_async.cli.app import run
from litmos_async.cli.demo import FAST, DemoOptions, run_demo
from litmos_async.cli.demo_data import make_demo_data
from litmos_async.cli.table import parse
from litmos_async.cli.tasks import COURSE, USER
from litmos_async.cli.terminal import Terminal
from litmos_async.sandbox import Fault, Sandbox

SMALL = ("demo", "--users", "50", "--lines", "120")


def test_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    """The whole way over HTTP; the sandbox's own state is as it should be."""
    assert run(SMALL) == 0
    shown = capsys.readouterr().out
    assert "100 requests in any 6 s, so that you need not wait; the service has 100 in 60 s" in shown
    assert "113 done, 6 failed, 1 skipped" in shown
    assert "new assignments  113 of 113 expected" in shown
    assert "other changes    0" in shown
    assert "requests seen    34" in shown
    assert "rejections       0" in shown
    assert "e-mails sent     0" in shown
    assert shown.endswith("Everything is as it should be.\n")


@pytest.mark.costly
async def test_the_default_takes_less_than_half_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    """Told from the number of requests, not by a clock: a hundred go at once, and then a hundred every 6 s."""
    assert await run_demo(DemoOptions(rate=RateLimit(100_000, FAST.period)), Terminal(quiet=True)) == 0
    shown = capsys.readouterr().out
    (seen,) = re.findall(r"requests seen +(\d+)\n", shown)
    assert int(seen) // FAST.requests * FAST.period <= 18
    assert "new assignments  993 of 993 expected" in shown
    assert shown.endswith("Everything is as it should be.\n")


@pytest.mark.costly
@pytest.mark.parametrize(("lines", "people"), [(1_000, 500), (5_000, 2_500)])
def test_there_is_a_person_for_every_two_lines(
    monkeypatch: pytest.MonkeyPatch, lines: int, people: int
) -> None:
    """`--lines 5000` alone is the full demo."""
    shown: list[DemoOptions] = []

    async def note(options: DemoOptions, _: Terminal) -> int:
        shown.append(options)
        return 0

    monkeypatch.setattr(demo, "run_demo", note)
    assert run(["demo", "--lines", str(lines)]) == 0
    assert shown == [DemoOptions(lines)]
    assert len(make_demo_data(lines // 2, lines, 1).tenant.users) == people


def test_kept_files(tmp_path: Path) -> None:
    """The CSV and its outcomes stay where they are wanted."""
    folder = tmp_path / "new" / "folder"
    assert run([*SMALL, "--keep", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["people.csv", "people.outcomes.csv"]


def test_a_folder_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and no traceback."""
    (tmp_path / "file").touch()
    assert run([*SMALL, "--keep", str(tmp_path / "file")]) == 2
    assert "cannot write" in capsys.readouterr().err


async def test_a_demo_that_goes_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the sandbox does not hold in the end is missed, whatever its answers said."""
    pretend = Fault(method="POST", status=201, times=1)
    build = Sandbox.__init__

    def with_fault(self: Sandbox, *args: object, **options: object) -> None:
        build(self, *args, **options)
        self.faults.add(pretend)

    monkeypatch.setattr(Sandbox, "__init__", with_fault)
    assert await run_demo(DemoOptions(users=20, lines=30), Terminal(quiet=True)) == 1
    shown = capsys.readouterr().out
    assert "23 done" in shown
    assert "of 23 expected" in shown
    assert "23 of 23 expected" not in shown
    assert shown.endswith("This is not as it should be.\n")


@pytest.mark.parametrize(("users", "lines"), [(10, 20), (10, 300), (400, 20), (60, 120)])
def test_the_file(users: int, lines: int) -> None:
    """It holds what occurs in real files, and as many lines as asked for; the same for the same seed."""
    data = make_demo_data(users, lines, seed=5)
    assert len(data.tenant.users) == users
    table = parse(data.data, (USER, COURSE))
    assert len(table.lines) == data.lines == lines
    assert len(data.expected) == lines - 7
    assert not data.expected & data.before
    text = data.data.decode("utf-8-sig")
    assert table.bom
    assert "\r\n\r\n" in text
    assert make_demo_data(users, lines, seed=5).data == data.data
    assert make_demo_data(users, lines, seed=6).data != data.data


def test_the_odd_names() -> None:
    """Umlauts, an ampersand and quoted commas are in the file."""
    text = make_demo_data(50, 120, seed=1).data.decode("utf-8-sig")
    assert "Größe & Gewicht" in text
    assert '"Erste Hilfe, Teil 1"' in text
    assert "jörg.müßig" in text.lower()
