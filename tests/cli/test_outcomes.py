"""Writing the outcomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmos_async.cli.ledger import Entry
from litmos_async.cli.outcomes import check_writable, write_outcomes
from litmos_async.cli.table import Line, Table, parse
from litmos_async.cli.tasks import COURSE, LEARNING_PATH, USER

NAMES = ("user", "course")
COLUMNS = (USER, COURSE)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_the_form_of_the_input(tmp_path: Path) -> None:
    """Delimiter and byte-order mark are those of the input, and other columns are kept."""
    file = tmp_path / "out.csv"
    line = Line(2, ("jörg; a", "=C-1"), ("old", "HR"))
    table = Table(COLUMNS, ("who", "what"), ("status", "Team"), [line], delimiter=";", bom=True)
    write_outcomes(file, table, [Entry(line, "failed", "no way")])
    assert file.read_bytes().decode("utf-8") == (
        '\ufeffline;user;course;status;reason;Team\r\n2;"jörg; a";=C-1;failed;no way;HR\r\n'
    )
    assert list(tmp_path.iterdir()) == [file]


def test_what_stands_on_no_line(tmp_path: Path) -> None:
    """It has no number, and nothing in the other columns."""
    file = tmp_path / "out.csv"
    lines = [Line(2, ("ada", "P 1"), ("HR",)), Line(0, ("ben", "P 1"))]
    table = Table((USER, LEARNING_PATH), ("who", "path"), ("Team",), lines[:1])
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
    lines = [Line(number, row) for number, row in enumerate(rows)]
    table = Table(COLUMNS, NAMES, (), lines, delimiter, bom)
    for _ in range(2):
        write_outcomes(file, table, [Entry(line, "done") for line in table.lines])
        table = parse(file.read_bytes(), COLUMNS)
        assert [line.values for line in table.lines] == rows
        assert table.extra_columns == ("line", "status", "reason")


def test_all_or_nothing(tmp_path: Path) -> None:
    """When writing fails, the file of an earlier run is still whole, and nothing else is left."""
    file = tmp_path / "out.csv"
    file.write_text("earlier")
    lines = [Line(2, ("ada", "C-1")), Line(3, ("lone \udc80 surrogate", "C-1"))]
    with pytest.raises(UnicodeEncodeError):
        write_outcomes(file, Table(COLUMNS, NAMES, (), lines), [Entry(line, "done") for line in lines])
    assert file.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_be_written_is_known_before(tmp_path: Path) -> None:
    """A folder in the place of the file, or none around it, is found out without leaving a trace."""
    with pytest.raises(OSError, match="is a directory"):
        check_writable(tmp_path)
    with pytest.raises(FileNotFoundError):
        check_writable(tmp_path / "none" / "out.csv")
    check_writable(tmp_path / "out.csv")
    assert list(tmp_path.iterdir()) == []
