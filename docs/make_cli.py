"""Writes `docs/cli.md` from the command line itself.

Run with `python docs/make_cli.py`; with `--check` it only says that the page is stale, where it is.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from cyclopts import App, Argument, Group

from litmos_async.cli.app import app

PAGE = Path(__file__).parent / "cli.md"

HEAD = """\
# The command `litmos`

`litmos COMMAND --help` shows the same. Outcomes and exit codes are explained in the
[guide](guide.md#on-the-command-line), profiles in [several accounts](howto/several-accounts.md).
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD, *(_section(words, command) for words, command in _commands(app, ("litmos",)))]
    return "\n".join(parts)


def _commands(parent: App, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], App]]:
    for name in parent:
        if name.startswith("-"):
            continue
        command = parent[name]
        if command.default_command is None:
            yield from _commands(command, (*words, name))
        else:
            yield (*words, name), command


def _section(words: tuple[str, ...], command: App) -> str:
    said = inspect.getdoc(command.default_command) or ""
    lines = [f"## {' '.join(words)}", "", *said.splitlines()]
    group = ""
    for argument in command.assemble_argument_collection():
        if not argument.parse or argument.hint is None or not argument.parameter.help:
            continue
        title = _group(argument)
        if title != group:
            lines += ["", f"{title}:", ""]
            group = title
        lines.append(f"- `{_names(argument)}`: {argument.parameter.help}")
    return "\n".join([*lines, ""])


def _group(argument: Argument) -> str:
    said = argument.parameter.group
    groups = said if isinstance(said, tuple) else (said,)
    return next((each.name for each in groups if isinstance(each, Group)), "What this command needs")


def _names(argument: Argument) -> str:
    names = [name for name in argument.names if not name.startswith("--no-") or name in _negative(argument)]
    if argument.is_positional_only():
        return names[0].upper()
    choices = [str(each) for each in get_args(argument.hint) if isinstance(each, str)]
    return " ".join(filter(None, ("/".join(names), argument.parameter.metavar or "|".join(choices))))


def _negative(argument: Argument) -> tuple[str, ...]:
    said = argument.parameter.negative
    return (said,) if isinstance(said, str) else tuple(said or ())


def main() -> int:
    """Write the page, or say that it is stale."""
    text = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, "utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text("utf-8") == text:
        return 0
    print(f"{PAGE.name} is stale")
    return 1


if __name__ == "__main__":
    sys.exit(main())
