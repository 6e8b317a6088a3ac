"""Runs what a page of the documentation shows, from the top to the bottom, as a reader would."""

from __future__ import annotations

import ast
import asyncio
import io
import os
import re
import shlex
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import CodeType
from typing import Any, Self

from attrs import define, field, frozen

from litmos_async.cli.app import run as litmos
from litmos_async.sandbox import Sandbox

ROOT = Path(__file__).parents[2]

NOT_RUN = ("pip", "python", "python3", "uvicorn", "dramatiq", "curl")
"""Commands that a page may show, and that are no part of what is tested."""

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<kind>\w+)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
FILE = re.compile(r"`([\w.-]+\.\w+)`[^`\n]*:$")

TIMES = (
    (
        re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z| ?[A-Z]{3,4}|[+-]\d\d:\d\d)?)?"),
        "DAY",
    ),
    (re.compile(r"a few seconds|(?:about )?\d+(?:\.\d+)? (?:ms|s|min|h)\b(?: \d+ (?:s|min)\b)?"), "TIME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "HOST"),
    (re.compile(r" +"), " "),
)


@frozen
class Block:
    """A sample.

    Attributes:
        kind: What it is: `python`, `console`, `text` …
        text: What it says.
        file: The name of the file that the line above it announces: "`people.csv`:".
    """

    kind: str
    text: str
    file: str = ""


def blocks(page: Path) -> Iterator[Block]:
    """Yield the samples of a page."""
    said = page.read_text(encoding="utf-8")
    for found in FENCE.finditer(said):
        above = said[: found.start()].rstrip().rpartition("\n")[2]
        named = FILE.search(above)
        yield Block(found["kind"], textwrap.dedent(found["text"]), named[1] if named else "")


def samples(page: str) -> list[str]:
    """Return the Python samples of a page, but for those that are indented."""
    said = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", said, re.MULTILINE | re.DOTALL)


def compiled(text: str) -> CodeType:
    """Compile a sample, which may await."""
    code: CodeType = compile(text, "sample", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yield the commands of a `console` sample, each with what is shown below it."""
    text = text.replace("\\\n", "")
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command.strip(), shown


def alike(shown: str, got: str) -> bool:
    """Return whether an output is as it is shown, but for times and widths; `…` stands for anything."""
    for pattern, word in TIMES:
        shown, got = pattern.sub(word, shown), pattern.sub(word, got)
    wanted, lines = ([line.strip() for line in each.strip().splitlines()] for each in (shown, got))
    whole = "".join(
        "(?:.*\n)*" if line == "…" else re.escape(line).replace("…", ".*") + "\n" for line in wanted
    )
    return re.fullmatch(whole, "".join(f"{line}\n" for line in lines)) is not None


@contextmanager
def served(sandbox: Sandbox) -> Iterator[str]:
    """Serve a sandbox from a thread of its own, so that a command in this one has a loop of its own."""
    loop = asyncio.new_event_loop()
    serving = sandbox.serve()
    base_url = loop.run_until_complete(serving.__aenter__())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield base_url
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(serving.__aexit__(None, None, None))
        loop.close()


@define
class PageRun:
    """Runs the samples of a page in one namespace and one folder, the current one.

    `python` is run, with `await`; `console` goes through the command line in process, and what is shown below a
    command must be its output; other samples become files, where the line above them names one. A command that ends
    with an error must say so: by `echo $?` below it.

    Attributes:
        setenv: Sets a variable of the environment.
        names: The namespace.
    """

    setenv: Callable[[str, str], None]
    names: dict[str, Any] = field(factory=dict)
    _code: int = 0
    _held: ExitStack = field(factory=ExitStack)
    _runner: asyncio.Runner = field(factory=asyncio.Runner)

    def __enter__(self) -> Self:
        self._held.enter_context(self._runner)
        return self

    def __exit__(self, *exception: object) -> None:
        self._held.close()

    def run(self, page: Path) -> None:
        """Run all samples of a page."""
        for block in blocks(page):
            if block.kind == "python":
                self.python(block.text)
            elif block.kind == "console":
                self._console(block.text)
            elif block.file:
                Path(block.file).write_text(block.text, encoding="utf-8")
        assert not self._code, "the last command ended with an error, and the page does not say so"

    def python(self, text: str) -> None:
        """Run a sample of Python."""
        done = eval(compiled(text), self.names)
        if done is not None:
            self._runner.run(done)

    def _console(self, text: str) -> None:
        for command, shown in commands(text):
            words = shlex.split(os.path.expandvars(command), comments=True)
            if words[:1] and words[0] in NOT_RUN:
                continue
            got = self._carry_out(words)
            assert not shown.strip() or alike(shown, got), f"{command}\nshown:\n{shown}\ngot:\n{got}"

    def _carry_out(self, words: list[str]) -> str:
        if words == ["echo", "$?"]:
            code, self._code = self._code, 0
            return str(code)
        assert not self._code, f"exit code {self._code} before: {words}"
        match words:
            case ["litmos", "sandbox", *options]:
                return self._sandbox(options)
            case ["litmos", *rest]:
                return self._litmos(rest)
            case ["cat", file]:
                return Path(file).read_text(encoding="utf-8-sig")
            case ["export", assignment]:
                self.setenv(*assignment.split("=", 1))
                return ""
        raise AssertionError(f"not run, and not among those that need not be: {words}")

    def _litmos(self, words: list[str]) -> str:
        target = None
        if ">" in words:
            words, [target] = words[: words.index(">")], words[words.index(">") + 1 :]
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out if target else err), redirect_stderr(err):
            self._code = litmos(words)
        if target:
            Path(target).write_text(out.getvalue(), encoding="utf-8")
        return err.getvalue()

    def _sandbox(self, options: list[str]) -> str:
        """Start a sandbox, and let its environment be this one's."""
        process = self._held.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "litmos_async.cli", "sandbox", *options],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
                text=True,
            )
        )
        self._held.callback(process.terminate)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        for line in lines:
            self.setenv(*line.removeprefix("export ").strip().split("=", 1))
        return "".join(lines)
