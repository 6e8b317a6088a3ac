"""Workbooks, through the commands: what is read of them, what is written, and what is refused."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime, time
from pathlib import Path

import pytest
import xlsxwriter

from litmos_async.cli.app import run
from litmos_async.cli.content import RawRow
from litmos_async.cli.sheets import sheet_rows
from litmos_async.cli.table import TableError
from tests.cli.small import ASSIGN, Carry, Desk, Send


def workbook(path: Path, *sheets: tuple[str, list[list[object]]]) -> None:
    """Write a workbook with these sheets."""
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if hasattr(cell, "year"):
                        sheet.write_datetime(number, place, cell, day)
                    elif cell != "":
                        sheet.write(number, place, cell)


PEOPLE = [["People of 2031"], [], ["User Name", "Course", "Employee"], ["user.0@example.com", "C-1", 12345]]


def test_a_workbook_is_read_and_written(desk: Desk, carry: Carry) -> None:
    """The sheet by its name or number; the outcomes are a CSV as they come, and a workbook in the end."""
    path = desk.folder / "people.xlsx"
    workbook(path, ("Notes", [["nothing"]]), ("People", PEOPLE))
    for sheet in ("People", "2"):
        assert run([*ASSIGN.split(), "--sheet", sheet, str(path)]) == 0
    assert len(desk.assigned()) == 1
    rows = sheet_rows((desk.folder / "people.outcomes.xlsx").read_bytes(), None)
    assert rows[0] == RawRow(1, ["line", "user", "course", "status", "reason", "Employee"])
    assert rows[1] == RawRow(2, ["4", "user.0@example.com", "C-1", "done", "", "12345"])
    assert run([*ASSIGN.split(), str(desk.folder / "people.outcomes.xlsx")]) == 0


def test_outcomes_can_be_a_workbook_where_the_file_is_none(desk: Desk, send: Send) -> None:
    """If that is said."""
    path = desk.folder / "told.xlsx"
    assert send(b"user,course\nuser.0@example.com,C-1\n", f"{ASSIGN} --outcomes {path}") == 0
    assert sheet_rows(path.read_bytes(), None)[1].fields[3] == "done"
    assert (desk.folder / "told.csv").exists()


def test_a_workbook_that_cannot_be_written(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line; the outcomes themselves are where they belong, and the exit code is the job's."""
    path, replace = desk.folder / "told.xlsx", Path.replace

    def full(before: Path, target: Path) -> Path:
        if target == path:
            raise OSError(28, "No space left on device")
        return replace(before, target)

    monkeypatch.setattr(Path, "replace", full)
    assert send(b"user,course\nuser.0@example.com,C-1\n", f"{ASSIGN} --outcomes {path}") == 0
    shown = capsys.readouterr()
    assert f"cannot write the outcomes as a workbook to {path}: No space left on device" in shown.err
    assert "The same as a workbook" not in shown.err
    assert not path.exists()
    assert "done" in (desk.folder / "told.csv").read_text("utf-8")


def test_outcomes_that_make_a_huge_workbook(desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above two gigabytes its parts take another form, which programs for spreadsheets read as well."""
    path = desk.folder / "told.xlsx"
    monkeypatch.setattr("zipfile.ZIP64_LIMIT", 100)
    assert send(b"user,course\nuser.0@example.com,C-1\n", f"{ASSIGN} --outcomes {path}") == 0
    assert sheet_rows(path.read_bytes(), None)[1].fields[3] == "done"


def test_cells_as_they_would_be_typed() -> None:
    """Numbers without a fraction, days as ISO has them; a number that Excel has rounded shows it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for place, cell in enumerate([12345, 1.5, True, "x", 1234567890123456]):
            sheet.write(0, place, cell)
        sheet.write_datetime(0, 5, datetime(2031, 12, 24), day)  # noqa: DTZ001 - a cell has no zone
        sheet.write_datetime(0, 6, datetime(2031, 12, 24, 18, 30), day)  # noqa: DTZ001
        sheet.write_datetime(0, 7, time(18, 30), book.add_format({"num_format": "hh:mm"}))
    (row,) = sheet_rows(file.getvalue(), None)
    assert row.fields == [
        "12345",
        "1.5",
        "TRUE",
        "x",
        "1.23456789012346E+15",
        "2031-12-24",
        "2031-12-24 18:30:00",
        "18:30:00",
    ]


@pytest.mark.parametrize(
    ("data", "words", "told"),
    [
        (b"PK\x03\x04 and nothing else", "", "it cannot be read as a workbook"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600, "", "it cannot be read as a workbook"),
        (b"user,course\n", " --sheet 1", "--sheet is for workbooks, and this is not one"),
    ],
)
def test_no_workbooks(
    send: Send, data: bytes, words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so."""
    assert send(data, ASSIGN + words) == 2
    assert told in capsys.readouterr().err


def test_a_sheet_that_there_is_not(tmp_path: Path) -> None:
    """The error names those that there are."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE), ("Notes", []))
    with pytest.raises(TableError, match="it has no sheet 'Old'; it has 'People', 'Notes'"):
        sheet_rows((tmp_path / "people.xlsx").read_bytes(), "Old")


def test_a_workbook_without_a_sheet(tmp_path: Path) -> None:
    """What has none is no list of people."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))
    bare = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "people.xlsx") as parts, zipfile.ZipFile(bare, "w") as left:
        for name in parts.namelist():
            left.writestr(name, re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", parts.read(name)))
    with pytest.raises(TableError, match="it has no sheet"):
        sheet_rows(bare.getvalue(), None)


def test_ctrl_c_while_a_workbook_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no fault of the workbook."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("python_calamine.CalamineWorkbook.from_filelike", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sheet_rows((tmp_path / "people.xlsx").read_bytes(), None)


def test_what_is_no_value_is_not_empty() -> None:
    """An error is shown as Excel shows it, also a formula without a value; 1 in a format of % is 100."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        percent = book.add_format({"num_format": "0.0%"})
        text = book.add_format({"num_format": '0 "%"'})
        sheet.write_formula(0, 0, "=NA()", None, "#N/A")
        sheet.write_formula(0, 1, "=1+1", None, 2)
        sheet.write_number(0, 2, 1, percent)
        sheet.write_number(0, 3, 0.855, percent)
        sheet.write_number(0, 4, 85, text)
        sheet.write_formula(0, 5, "=1/2", percent, 0.5)
    (row,) = sheet_rows(file.getvalue(), None)
    assert row.fields == ["#N/A", "2", "100%", "85.5%", "85", "50%"]
    bare = io.BytesIO()
    with zipfile.ZipFile(file) as parts, zipfile.ZipFile(bare, "w") as left:
        for name in parts.namelist():
            left.writestr(name, parts.read(name).replace(b"<v>2</v>", b""))
    (row,) = sheet_rows(bare.getvalue(), None)
    assert row.fields[:3] == ["#N/A", "#CALC!", "100%"]


@pytest.mark.parametrize(
    ("form", "number", "text"),
    [
        ("00000", 42, "00042"),
        ("00000", 1234567, "1234567"),
        ("00000", 0, "00000"),
        ("000-00-0000", 12345678, "012-34-5678"),
        ("00000-0000", 12345, "00001-2345"),
        ("(000) 000-0000", 5550100, "(000) 555-0100"),
        ('"E-"0000', 7, "E-0007"),
        ('"E-"0', 7, "E-7"),
        ("\\E0000", 7, "E0007"),
        ("[Red]00000;[Blue]-00000", 42, "00042"),
        ("[$-407]00000_)", 42, "00042"),
        ("0.00E+00", 12000, "1.2E+04"),
        (11, 12000, "1.2E+04"),
        (10, 0.855, "85.5%"),
        # What is no more than the number, or another number, a currency, a unit.
        ("0", 42, "42"),
        ("0.00", 42, "42"),
        ("#,##0", 12345, "12345"),
        ("# ##0", 12345, "12345"),
        ('"$"0', 42, "42"),
        ('0 "km"', 42, "42"),
        ("# ?/?", 0.5, "0.5"),
        ("00000", 1.5, "1.5"),
        ("00000", -42, "-42"),
        ("[<=9999999]###-####;(###) ###-####", 5550100, "5550100"),
        ("General", 42, "42"),
        ("@", 42, "42"),
        ("yyyy-mm-dd", 48206, "2031-12-24"),
        ("[h]:mm", 26.5 / 24, "26:30:00"),
    ],
)
def test_numbers_as_they_are_shown(form: str | int, number: float, text: str) -> None:
    """Zeros in front, and texts between the digits: that is how Excel keeps postal codes and personnel numbers."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet().write_number(0, 0, number, book.add_format({"num_format": form}))
    assert sheet_rows(file.getvalue(), None)[0].fields == [text]


@pytest.mark.parametrize("words", ["import users --send-message no", "sync users"])
@pytest.mark.parametrize("column", ["user_name", "employee_id"])
def test_cells_that_excel_has_made_of_a_number(
    desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str], *, words: str, column: str
) -> None:
    """Their lines fail, and say what the cell holds, also in the outcomes as input; what is shown is stored."""
    path = desk.folder / "people.xlsx"
    cells: list[tuple[object, str | None]] = [
        (datetime(2026, 3, 1), "d-mmm"),  # noqa: DTZ001 - a cell has no zone
        (time(9, 30), "hh:mm"),
        (26.5 / 24, "[h]:mm"),
        (0.5, "# ?/?"),
        (True, None),
        (12000, "0.00E+00"),
        (42, "00000"),
    ]
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["user_name", "first_name", "last_name", "employee_id"])
        for row, (cell, form) in enumerate(cells, start=1):
            sheet.write_row(row, 0, [f"new.{row}@example.com", "A", "B", f"E-{row}"])
            place = 0 if column == "user_name" else 3
            sheet.write(row, place, cell, book.add_format({"num_format": form}) if form else None)
    assert run([*words.split(), str(path)]) == 1
    told = [outcome[1] for outcome in desk.outcomes()]
    assert told == [*["failed"] * 6, "done"]
    for what in ("a date", "a time", "a fraction", "a truth value", "'1.2E+04'"):
        assert any(what in reason for _, _, reason in desk.outcomes()), what
    users = list(desk.sandbox.tenant.users.values())
    assert len(users) == 4
    assert users[3]["UserName" if column == "user_name" else "ExternalEmployeeId"] == "00042"
    assert run([*words.split(), "--only-failed", str(desk.order.outcomes_file)]) == 1
    assert len(desk.sandbox.tenant.users) == 4


def test_a_sheet_whose_size_is_said_wrongly(tmp_path: Path) -> None:
    """Some programs say that it is one cell; all of it is read, and empty rows keep their numbers."""
    rows: list[list[object]] = [["user", "course"], [], ["a", "b"]]
    workbook(tmp_path / "people.xlsx", ("People", rows))
    wrong = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "people.xlsx") as parts, zipfile.ZipFile(wrong, "w") as left:
        for name in parts.namelist():
            left.writestr(name, parts.read(name).replace(b'ref="A1:B3"', b'ref="A1"'))
    found = sheet_rows(wrong.getvalue(), None)
    assert [(each.number, each.fields) for each in found if any(each.fields)] == [
        (1, ["user", "course"]),
        (3, ["a", "b"]),
    ]


def test_outcomes_as_a_workbook_without_the_extra(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said before anything is sent."""
    monkeypatch.setattr("litmos_async.cli.extras.find_spec", lambda _: None)
    data = b"user,course\nuser.0@example.com,C-1\n"
    assert send(data, f"{ASSIGN} --outcomes {desk.folder / 'told.xlsx'}") == 2
    assert 'writing a workbook needs more packages: pip install "litmos-async[cli,xlsx]"' in (
        capsys.readouterr().err
    )
    assert not desk.sandbox.requests


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to get it, and what does without."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))
    monkeypatch.setattr("litmos_async.cli.extras.find_spec", lambda _: None)
    with pytest.raises(TableError, match=r'pip install "litmos-async\[cli,xlsx\]", or save it as CSV UTF-8'):
        sheet_rows((tmp_path / "people.xlsx").read_bytes(), None)


def test_a_workbook_that_would_unpack_to_a_huge_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before it is unpacked."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))
    monkeypatch.setattr("litmos_async.cli.sheets._MOST_UNPACKED", 100)
    with pytest.raises(TableError, match="its parts take more than"):
        sheet_rows((tmp_path / "people.xlsx").read_bytes(), None)


def changed(data: bytes, part: str, pattern: bytes, by: bytes) -> bytes:
    """Return a workbook of which a part is another one."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as parts, zipfile.ZipFile(file, "w") as others:
        for name in parts.namelist():
            content = parts.read(name)
            if name == part:
                assert re.search(pattern, content, re.DOTALL)
                content = re.sub(pattern, by, content, flags=re.DOTALL)
            others.writestr(name, content)
    return file.getvalue()


def test_a_formula_whose_value_is_the_empty_text() -> None:
    """It says nothing, as IF(A2="x","y","") does of most lines: Excel and LibreOffice write it so."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "user")
        sheet.write_formula(0, 1, '=IF(A1="x","y","")', None, "text")
        sheet.write(0, 2, "end")
    data = changed(file.getvalue(), "xl/worksheets/sheet1.xml", b"<v>text</v>", b"<v></v>")
    assert sheet_rows(data, None)[0].fields == ["user", "", "end"]


@pytest.mark.parametrize(
    ("part", "pattern", "by"),
    [
        ("xl/styles.xml", b'<family val="2"/>', b'<family val="49"/>'),
        ("xl/styles.xml", b'<fill><patternFill patternType="none"/></fill>', b"<fill/>"),
        ("xl/styles.xml", b"<cellStyleXfs.*</cellStyleXfs>", b""),
        ("xl/styles.xml", b"<cellStyles .*</cellStyles>", b""),
        ("docProps/core.xml", b">[0-9TZ:-]+</dcterms:created>", b">24.12.2031</dcterms:created>"),
    ],
)
def test_what_does_not_matter_is_not_read(tmp_path: Path, part: str, pattern: bytes, by: bytes) -> None:
    """Fonts, fills and properties that are damaged, or of another program, are no reason to refuse the rows."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))
    data = changed((tmp_path / "people.xlsx").read_bytes(), part, pattern, by)
    assert sheet_rows(data, None)[3].fields == ["user.0@example.com", "C-1", "12345"]


def test_strict_open_xml(tmp_path: Path) -> None:
    """Excel offers to save so, and has other names for the same."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))
    strict = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "people.xlsx") as parts, zipfile.ZipFile(strict, "w") as others:
        for name in parts.namelist():
            part = parts.read(name)
            for kind, other in (("spreadsheetml", "main"), ("officeDocument", "relationships")):
                usual = f"http://schemas.openxmlformats.org/{kind}/2006/{other}"
                part = part.replace(usual.encode(), f"http://purl.oclc.org/ooxml/{kind}/{other}".encode())
            others.writestr(name, part)
    assert sheet_rows(strict.getvalue(), None)[3].fields == ["user.0@example.com", "C-1", "12345"]


def test_what_is_not_read_is_not_warned_of(
    desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rules for colors and the like. And a remark beside the table is a column without a name, as in a CSV."""
    path = desk.folder / "people.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["user", "course"])
        sheet.write_row(1, 0, ["user.0@example.com", "C-1"])
        sheet.write(1, 4, "call her")
        sheet.write(2, 0, "user.1@example.com")
        sheet.conditional_format("A1", {"type": "data_bar", "data_bar_2010": True})
    assert run([*ASSIGN.split(), str(path)]) == 1
    shown = capsys.readouterr()
    assert "column 5, which has no name" in shown.out + shown.err
    told = (desk.folder / "people.outcomes.csv").read_text("utf-8-sig").splitlines()
    assert told[1].startswith("2,user.0@example.com,C-1,done")
    assert told[2].startswith("3,user.1@example.com,,failed,no course")


def test_texts_with_line_ends() -> None:
    """A carriage return is kept as an escape; a text that looks like one is escaped itself."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet().write_row(0, 0, ["a\r\nb", "_x000D_"])
    assert sheet_rows(file.getvalue(), None)[0].fields == ["a\r\nb", "_x000D_"]


def test_charts_are_sheets_as_well() -> None:
    """The number of a sheet is that of its tab."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet, chart = book.add_chartsheet("Chart"), book.add_chart({"type": "bar"})
        book.add_worksheet("People").write(0, 0, "user")
        chart.add_series({"values": "=People!$A$1:$A$2"})
        sheet.set_chart(chart)
    for wanted in ("2", "People"):
        assert sheet_rows(file.getvalue(), wanted)[0].fields == ["user"]
