"""What reaches the terminal."""

from __future__ import annotations

import io
import sys

import pytest

from litmos_async.cli.terminal import Terminal


def test_names_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """Markup, emoji codes, long lines and highlighting stay out of it; what steers a terminal is replaced."""
    Terminal().say("[red]a[/red] :smile: \x1b[2J\x07 " + "x" * 200)
    assert capsys.readouterr().out == "[red]a[/red] :smile: \ufffd[2J\ufffd " + "x" * 200 + "\n"


def test_where_things_go(capsys: pytest.CaptureFixture[str]) -> None:
    """Results go to one stream, errors and chatter to the other, and a quiet terminal leaves out the chatter."""
    for quiet in (False, True):
        terminal = Terminal(quiet=quiet)
        terminal.say("result")
        terminal.tell("chatter")
        terminal.complain("error")
        chatter = "" if quiet else "chatter\n"
        assert capsys.readouterr() == ("result\n", f"{chatter}litmos: error\n")


def test_a_terminal_that_knows_few_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that cannot be shown is written in another way, and ends nothing."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    Terminal().say("jörg")
    sys.stdout.flush()
    assert raw.getvalue() == b"j\\xf6rg\n"


def test_a_stream_that_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output that somebody redirected within the process is written to as it is."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    Terminal().say("jörg")
    assert stream.getvalue() == "jörg\n"


@pytest.mark.parametrize("problem", [BrokenPipeError(), OSError(28, "No space left"), ValueError("closed")])
def test_a_stream_that_fails(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    """What cannot be written is dropped; of results it is known, unless their reader had enough."""
    written = list[str]()

    class Stream(io.StringIO):
        """A stream that takes one line."""

        def flush(self) -> None:
            """Fail from the second line on."""
            written.append(self.getvalue())
            if len(written) > 1:
                raise problem

    monkeypatch.setattr(sys, "stdout", Stream())
    terminal = Terminal()
    for word in ("one", "two", "three"):
        terminal.say(word)
    assert written == ["one\n", "one\ntwo\n"]
    assert terminal.lost is (None if isinstance(problem, BrokenPipeError) else problem)


def test_a_terminal_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that cannot say what it is, is no terminal, and is written to as any other."""

    class Stream(io.StringIO):
        """The stream of a window that was closed."""

        def isatty(self) -> bool:
            """Fail."""
            raise OSError(5, "Input/output error")

    stream = Stream()
    monkeypatch.setattr(sys, "stdout", stream)
    Terminal().say("result")
    assert not Terminal().asks()
    assert stream.getvalue() == "result\n"


def test_results_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is for the document alone: what people would be told goes to the other stream, or nowhere."""
    for quiet in (False, True):
        terminal = Terminal(quiet=quiet, machine=True)
        terminal.say("result")
        terminal.document({"a": 1})
        assert capsys.readouterr() == ('{\n  "a": 1\n}\n', "" if quiet else "result\n")


def test_no_stream_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process that was started without standard output says is lost; what it does not say is not."""
    monkeypatch.setattr(sys, "stdout", None)
    terminal = Terminal()
    assert terminal.lost is None
    terminal.say("result")
    assert "Bad file descriptor" in str(terminal.lost)
    with pytest.raises(OSError, match="no stream"):
        terminal.out.file.fileno()


@pytest.mark.parametrize("size", ["0", "00", "\u00b2", "9" * 30, "9" * 5_000, "-5", "wide", ""])
@pytest.mark.parametrize("variable", ["COLUMNS", "LINES"])
def test_a_size_that_no_terminal_has(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, size: str
) -> None:
    """Where a size is not known, some programs set 0: everything is shown all the same."""
    monkeypatch.setenv(variable, size)
    terminal = Terminal()
    terminal.say("said")
    terminal.complain("a complaint")
    terminal.document({"a": 1})
    shown = capsys.readouterr()
    assert shown.out == 'said\n{\n  "a": 1\n}\n'
    assert shown.err == "litmos: a complaint\n"
    assert terminal.out.width > 0
