"""Writing the outcomes."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmos_async.cli.headings import UNFINISHED
from litmos_async.cli.ledger import Entry
from litmos_async.cli.order import Order
from litmos_async.cli.outcomes import Access, OutcomesFile, check_writable, write_whole
from litmos_async.cli.table import Line, Table, parse
from litmos_async.cli.tasks import COURSE, LEARNING_PATH, USER
from tests.cli.small import assign_courses

NAMES = ("user", "course")
UNFINISHED_ROW = f',,,not done,"{UNFINISHED}"'
COLUMNS = (USER, COURSE)

TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\r\n=+-@'"), max_size=20
) | st.builds(
    "{}{}".format, st.sampled_from(["=", "'=", "''-", "+4", "-5", "@", "\t", "'"]), st.text("0123 =x'")
)


def write_outcomes(path: Path, table: Table, entries: list[Entry]) -> None:
    """Write a whole file, for its owner alone."""
    OutcomesFile(path, table, Access()).finish(entries)


def test_the_form_of_the_input(tmp_path: Path) -> None:
    """Delimiter and byte-order mark are those of the input, and other columns are kept."""
    file = tmp_path / "out.csv"
    line = Line(2, ("jörg; a", "=C-1"), ("old", "HR"))
    table = Table(
        COLUMNS,
        ("who", "what"),
        ("status", "Team"),
        [line],
        delimiter=";",
        bom=True,
        extra_words=("status", "Team"),
        extra_places=(4, 6),
        ours=(1, 4, 5),
    )
    write_outcomes(file, table, [Entry(line, "failed", "no way")])
    assert file.read_bytes().decode("utf-8") == (
        '\ufeffline;user;course;status;reason;Team\r\n2;"jörg; a";\'=C-1;failed;no way;HR\r\n'
    )
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("files", "outcomes"),
    [
        (("p.csv", "P.CSV"), ("p.outcomes.csv", "P.outcomes.csv")),
        (("p.txt", "p.tsv", "p.tab", "p.xlsx", "p.xlsm", "p.xls"), ("p.outcomes.csv",) * 6),
        (("x.v1", "x.v2", "x"), ("x.v1.outcomes.csv", "x.v2.outcomes.csv", "x.outcomes.csv")),
        (("2031.03.01", "2031.03.02"), ("2031.03.01.outcomes.csv", "2031.03.02.outcomes.csv")),
        (("p.csv.bak", ".csv"), ("p.csv.bak.outcomes.csv", ".csv.outcomes.csv")),
    ],
)
def test_where_they_go(files: tuple[str, ...], outcomes: tuple[str, ...]) -> None:
    """Beside the input, whose ending is replaced if it is that of a table: else two files had one between them."""
    found = tuple(Order(assign_courses(), Path("folder", file)).outcomes_file for file in files)
    assert found == tuple(Path("folder", each) for each in outcomes)


def test_what_stands_on_no_line(tmp_path: Path) -> None:
    """It has no number, and nothing in the other columns."""
    file = tmp_path / "out.csv"
    lines = [Line(2, ("ada", "P 1"), ("HR",)), Line(0, ("ben", "P 1"))]
    table = Table((USER, LEARNING_PATH), ("who", "path"), ("Team",), lines[:1], extra_words=("Team",))
    write_outcomes(file, table, [Entry(line, "done") for line in lines])
    assert file.read_text("utf-8").splitlines() == [
        "line,user,learning_path,status,reason,Team",
        "2,ada,P 1,done,,HR",
        ",ben,P 1,done,,",
    ]


@settings(deadline=None)
@given(rows=st.lists(st.tuples(TEXTS, TEXTS)), delimiter=st.sampled_from([",", ";", "\t"]), bom=st.booleans())
def test_outcomes_can_be_run_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], delimiter: str, bom: bool
) -> None:
    """The file is itself an input: the same people and courses, in the same order."""
    file = tmp_path_factory.mktemp("again") / "out.csv"
    lines = [Line(number, row) for number, row in enumerate(rows, start=1)]
    table = Table(COLUMNS, NAMES, (), lines, delimiter, bom)
    for _ in range(2):
        write_outcomes(file, table, [Entry(line, "done") for line in table.lines])
        table = parse(file.read_bytes(), COLUMNS)
        assert [line.values for line in table.lines] == rows
        assert table.extra_columns == ("line", "status", "reason")


def test_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When writing fails, the file of an earlier run is still whole, and nothing else is left."""
    file = tmp_path / "out.csv"
    file.write_text("earlier")

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", no_room)
    with pytest.raises(OSError, match="No space"):
        write_outcomes(file, Table(COLUMNS, NAMES, (), []), [])
    assert file.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [file]


def test_half_a_character(tmp_path: Path) -> None:
    """A text that no file can hold costs a mark, and no outcome."""
    file = tmp_path / "out.csv"
    lines = [Line(2, ("lone \udc80 \ud83d", "C-1")), Line(3, ("ada", "C-1"))]
    write_outcomes(file, Table(COLUMNS, NAMES, (), lines), [Entry(line, "done") for line in lines])
    assert file.read_text("utf-8").splitlines()[1:] == ["2,lone \ufffd \ufffd,C-1,done,", "3,ada,C-1,done,"]


@pytest.mark.parametrize("begun", [False, True])
def test_as_they_come(tmp_path: Path, begun: bool) -> None:
    """Once it is begun, each outcome is in the file at once; before, nothing is."""
    file = tmp_path / "out.csv"
    entries = [Entry(Line(number, ("ada", f"C-{number}"))) for number in (2, 3, 4)]
    outcomes = OutcomesFile(
        file, Table(COLUMNS, NAMES, (), [entry.line for entry in entries], bom=True), Access()
    )
    entries[2].status = "done"
    if begun:
        outcomes.begin(entries)
        rows = ["\ufeffline,user,course,status,reason", UNFINISHED_ROW, "4,ada,C-4,done,"]
        assert file.read_text("utf-8").splitlines() == rows
    entries[0].status = "failed"
    outcomes.add(entries[0])
    assert (
        file.exists() and file.read_text("utf-8").endswith("4,ada,C-4,done,\n2,ada,C-2,failed,\n")
    ) is begun
    entries[1].status = "done"
    outcomes.finish(entries)
    assert [row[0] for row in file.read_text("utf-8-sig").splitlines()] == ["l", "2", "3", "4"]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o400, 0o755])
def test_who_may_read_them(tmp_path: Path, mode: int) -> None:
    """Those who may read the input, whatever the umask is and whoever could read an earlier file."""
    data, file = tmp_path / "people.csv", tmp_path / "out.csv"
    data.touch()
    file.touch(0o666)
    data.chmod(mode)
    for mask in (0o000, 0o077):
        before = os.umask(mask)
        try:
            outcomes = OutcomesFile(file, Table(COLUMNS, NAMES, (), []), Access.like(data))
            outcomes.begin([])
            assert stat.S_IMODE(file.stat().st_mode) == mode & 0o666
            outcomes.finish([])
        finally:
            os.umask(before)
        assert stat.S_IMODE(file.stat().st_mode) == mode & 0o666


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_of_a_pipe(tmp_path: Path) -> None:
    """What came through a pipe, or from standard input, is the owner's alone; so is what came from nowhere."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o666)
    for source in (pipe, Path("-"), tmp_path / "none", tmp_path):
        assert Access.like(source) == Access(0o600)


def test_what_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    """A folder in the place of the file, or none around it, is found out without leaving a trace."""
    with pytest.raises(OSError, match="is a directory"):
        check_writable(tmp_path)
    with pytest.raises(FileNotFoundError):
        check_writable(tmp_path / "none" / "out.csv")
    check_writable(tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []


class Full(io.StringIO):
    """A file on a disk without room."""

    def flush(self) -> None:
        """Fail, as the system does when what was written reaches it.

        Raises:
            OSError: Always.
        """
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_disk_that_fills_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job goes on without the file, and with room again all outcomes are there in the end."""
    file = tmp_path / "out.csv"
    entries = [Entry(Line(number, ("ada", f"C-{number}")), "done") for number in (2, 3)]
    outcomes = OutcomesFile(file, Table(COLUMNS, NAMES, (), [entry.line for entry in entries]), Access())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda *_, **__: Full())
        outcomes.begin([])
    for entry in entries:
        outcomes.add(entry)
    assert outcomes.begun
    assert file.read_text("utf-8").splitlines() == ["line,user,course,status,reason", UNFINISHED_ROW]
    outcomes.finish(entries)
    assert [row[0] for row in file.read_text("utf-8").splitlines()] == ["l", "2", "3"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
@pytest.mark.parametrize(("allowed", "mode"), [(True, 0o640), (False, 0o600)])
def test_the_group_of_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: bool, mode: int
) -> None:
    """Its rights go to that group, or to none: another group must not read what it could not read before."""
    given = list[int]()

    def change(_: int, owner: int, group: int) -> None:
        assert owner == -1
        given.append(group)
        if not allowed:
            raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", change)
    group = tmp_path.stat().st_gid + 1
    file = tmp_path / "out.csv"
    OutcomesFile(file, Table(COLUMNS, NAMES, (), []), Access(0o640, group)).finish([])
    assert given == [group]
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_permissions_that_cannot_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written where others might read it; what was there stays, and no file is left open."""
    file = tmp_path / "out.csv"
    file.write_text("earlier")
    numbers = list[int]()

    def refuse(number: int, _: int) -> None:
        numbers.append(number)
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.raises(PermissionError):
        write_outcomes(file, Table(COLUMNS, NAMES, (), []), [])
    assert file.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [file]
    (number,) = numbers
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(number)


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "standard output"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, kind: str) -> None:
    """Root could do away with /dev/null so, and anyone with a pipe for which another program waits."""
    pipe, path = tmp_path / "pipe", tmp_path / "outcomes.csv"
    os.mkfifo(pipe)
    if kind == "pipe":
        path = pipe
    else:
        path.symlink_to(Path("/proc/self/fd/1") if kind == "standard output" else pipe)
    before = path.lstat()
    with pytest.raises(OSError, match="no regular file"):
        check_writable(path)
    with pytest.raises(OSError, match="no regular file"):
        write_whole(path, Access(), lambda file: file.write("x"))
    assert path.lstat().st_ino == before.st_ino
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted({"pipe", path.name})
