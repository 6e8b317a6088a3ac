"""Reading the CSV."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from litmos_async.cli import table as module
from litmos_async.cli.reading import Reading
from litmos_async.cli.table import Line, Table, TableError, read_table
from litmos_async.cli.tasks import COURSE, LEARNING_PATH, TEAM, USER
from litmos_async.names import clean

# Lone surrogates are no text; a name of many lines would pass for a quotation mark that nobody closed.
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip)


def parse(data: bytes) -> Table:
    """Read the content of a file with people and courses."""
    return module.parse(data, (USER, COURSE))


def test_plain() -> None:
    """The two columns are found by name, and every line knows its number."""
    table = parse(b"user,course\nada@example.com,C-1\nben@example.com,C-2\n")
    assert table.lines == [Line(2, ("ada@example.com", "C-1")), Line(3, ("ben@example.com", "C-2"))]
    assert (table.names, table.delimiter, table.bom) == (("user", "course"), ",", False)


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(NAMES, NAMES, st.text(st.characters(exclude_categories=["Cs"]), max_size=10))),
    delimiter=st.sampled_from([",", ";", "\t"]),
    end=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
)
def test_what_a_csv_writer_writes_is_read(
    rows: list[tuple[str, str, str]], delimiter: str, end: str, bom: bool
) -> None:
    """Any names come back as they were, with any delimiter, line end and byte-order mark.

    A row in which nothing can be seen is none, and ="x" is x.
    """
    assume(not any('="' in each for row in rows for each in row))
    text = io.StringIO(newline="")
    # Where lines end in \\n alone, the writer of Python 3.11 leaves \\r in a name without quotes.
    quoting: Any = csv.QUOTE_ALL if end == "\n" else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerow(["Note", "User", "Course"])
    writer.writerows([extra, user, course] for user, course, extra in rows)
    table = parse(text.getvalue().encode("utf-8-sig" if bom else "utf-8"))
    seen = [row for row in rows if any(clean(each) or "\0" in each for each in row)]
    assert [(*line.values, *line.extra) for line in table.lines] == seen
    assert not any(line.problem for line in table.lines)
    assert (table.bom, table.extra_columns, table.delimiter) == (bom, ("Note",), delimiter)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    """Below a header nothing is fatal, and whatever is read can be written again."""
    table = parse(b"user,course\n" + data)
    for line in table.lines:
        ("".join(line.values) + line.problem).encode("utf-8")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_file(data: bytes) -> None:
    """A file of any bytes is read, or refused by the one error that the command knows."""
    with suppress(TableError):
        parse(data)


@pytest.mark.parametrize(
    ("header", "user", "course"),
    [
        ("user,course", "user", "course"),
        ("User Name; COURSE code ", "User Name", "COURSE code"),
        ("e-mail\tcode", "e-mail", "code"),
        ("course_id,login", "login", "course_id"),
        ("Email,Username,Code", "Username", "Code"),
        ('"user","Name, first",course', "user", "course"),
    ],
)
def test_headers(header: str, user: str, course: str) -> None:
    """Columns go by several names in any order, case, spacing and with any delimiter; the strongest name wins."""
    table = parse(f"\n{header}\n".encode())
    assert table.names == (user, course)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf\r\n  \r\n", "it is empty"),
        (b"user,User,course\na,b,C-1\n", "the same column twice: 'user'$"),
        (b"user,course,Course Code,COURSE\n", "the same column twice: 'course'$"),
        (b"ada@example.com,C-1\n", "first line is not a header.*'ada@example.com', 'C-1'"),
        (b"user,kurs\n", "names no course column .course, course_code.*'user', 'kurs'"),
        (b"wer;code\n", "names no user column .user, user_name.*'wer', 'code'"),
        (b'"user,course\n', "it holds nothing that could be read"),
        ("wer,course".encode("utf-16"), "names no user column .*'wer'"),
    ],
)
def test_no_header(data: bytes, reason: str) -> None:
    """Without the two columns the error says what was found, and what was looked for."""
    with pytest.raises(TableError, match=reason):
        parse(data)


@pytest.mark.parametrize(
    ("columns", "header", "names"),
    [
        ((TEAM, COURSE), "Team Name,code", ("Team Name", "code")),
        ((USER, LEARNING_PATH), "path;email", ("email", "path")),
        ((USER,), "note,login", ("login",)),
    ],
)
def test_any_columns(columns: tuple[module.Column, ...], header: str, names: tuple[str, ...]) -> None:
    """A file is read for whatever columns are needed, one or several."""
    assert module.parse(header.encode(), columns).names == names


def test_missing_columns() -> None:
    """The error names what is missing and how it may be called, and what is there."""
    with pytest.raises(TableError, match=r"no learning path column .learning_path, .*'user', 'kurs'"):
        module.parse(b"user,kurs", (USER, LEARNING_PATH))
    with pytest.raises(TableError, match=r"no user column .* and no team column .*'course'"):
        module.parse(b"course", (COURSE, USER, TEAM))


def test_bad_lines_cost_no_others() -> None:
    """Each kind of bad line is reported with its number; the lines around it are read."""
    data = (
        b"user,note,course\r\n"
        b"ada,x,C-1\r\n"
        b"\r\n"
        b"ben,C-1\r\n"
        b"ben,x,C-1,y\r\n"
        b" ,x,C-1\r\n"
        b"ben,x,\r\n"
        b",,\r\n"
        b"j\xf6rg,x,C-1\r\n"
        b'"ben,x,C-1\r\n'
        b'cara,"two\r\nlines",C-1\r\n'
        b'"dora"!,x,C-1\r\n'
        b"emil,x,C-1"
    )
    table = parse(data)
    assert [(line.number, line.problem) for line in table.lines] == [
        (2, ""),
        (4, "2 instead of 3 fields"),
        (5, "4 instead of 3 fields"),
        (6, "no user"),
        (7, "no course"),
        (9, "not UTF-8; save the file as CSV UTF-8, or use --encoding cp1252"),
        (10, "not a valid CSV: ',' expected after '\"'"),
        (11, ""),
        (13, "not a valid CSV: ',' expected after '\"'"),
        (14, ""),
    ]
    assert [line.values[0] for line in table.lines if not line.problem] == ["ada", "cara", "emil"]
    assert table.lines[5].values[0] == "j\N{REPLACEMENT CHARACTER}rg"


def test_a_quotation_mark_that_nobody_closes() -> None:
    """It costs its own line only, however much follows."""
    good = [f"user.{number},C-1" for number in range(3 * module.LONGEST_ROW)]
    table = parse("\n".join(["user,course", '"ada,C-1', *good]).encode())
    assert [line.number for line in table.lines if line.problem] == [2]
    assert len(table.lines) == len(good) + 1


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file, a folder and a huge file are refused with a reason."""
    with pytest.raises(TableError, match="No such file"):
        read_table(tmp_path / "none.csv", [USER])
    with pytest.raises(TableError, match="directory"):
        read_table(tmp_path, [USER])
    file = tmp_path / "people.csv"
    file.write_bytes(b"user,course\n")
    assert read_table(file, [USER, COURSE]).lines == []
    monkeypatch.setattr(module, "MOST_BYTES", 5)
    with pytest.raises(TableError, match="larger than"):
        read_table(file, [USER, COURSE])


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ISO-8859-15", "mac_roman", "windows-1252"])
def test_an_encoding_that_would_make_two_characters_of_one(encoding: str) -> None:
    """A file in UTF-8 is not read as another one: it would rename all people whose names have an umlaut."""
    reading = Reading(encoding=encoding)
    with pytest.raises(TableError, match="it is UTF-8"):
        module.parse("user,course\njörg,C-1\n".encode(), (USER, COURSE), reading)
    for data in ("user,course\njörg,C-1\n".encode(encoding), b"user,course\njorg,C-1\n"):
        assert module.parse(data, (USER, COURSE), reading).lines[0].values[0].startswith("j")


@pytest.mark.parametrize(
    "name",
    [
        *("", "Column1", "column 12", "Spalte3", "Colonne2", "Columna4", "Colonna1", "Coluna1", "Kolom1"),
        *("Unnamed: 5", "...4", "F7", "Field_3", "X", "X.1"),
    ],
)
def test_a_name_that_a_program_made_up_is_none(name: str) -> None:
    """A column without a name is nothing where nothing stands in it, and is kept where something does."""
    for text in ("", " ", "\u00a0"):
        assert parse(f"user,course,{name}\nada,C-1,{text}\n".encode()).extra_columns == ()
    table = parse(f"user,course,{name}\nada,C-1,x\n".encode())
    assert (table.extra_columns, table.lines[0].extra) == ((name,), ("x",))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("said", [",", ";", "\t", "|", "^"])
def test_a_first_line_that_names_another_delimiter(said: str, delimiter: str) -> None:
    """The header decides: a program that saved the file again may have left that line as it was."""
    table = parse(f"sep={said}\nuser{delimiter}course\nada{delimiter}C-1\n".encode())
    assert (table.delimiter, table.lines[0].values) == (delimiter, ("ada", "C-1"))


def test_a_delimiter_that_is_not_there() -> None:
    """The error says what stands between the fields."""
    with pytest.raises(TableError, match="separated by ';': leave out --delimiter"):
        module.parse(b"user;course\nada;C-1\n", (USER, COURSE), Reading(delimiter=","))
