"""The command line: what can be said, and what is made of it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, ArgumentCollection, Parameter
from cyclopts.exceptions import CycloptsError, MissingArgumentError, UnusedCliTokensError
from cyclopts.validators import Number

from litmos_async import __version__
from litmos_async.cli.codes import FAILED, USAGE
from litmos_async.cli.context import WORDS
from litmos_async.cli.extras import missing
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.terminal import IN_USE, Terminal
from litmos_async.cli.words import explain
from litmos_async.errors import ConfigurationError


def profile_defaults(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Let the options of the profile stand in for those that were not given on the command line.

    Raises:
        ConfigurationError: There is no such profile, or its file cannot be used.
    """
    profiled = [each for each in arguments if each.name == "--profile"]
    if not profiled:
        return
    said = next((token.value for token in profiled[0].tokens), None)
    from litmos_async.cli.options import AccountFlags  # noqa: PLC0415 - the command has imported it

    options = AccountFlags(profile=said).named_profile().options
    from cyclopts.config import Dict  # noqa: PLC0415 - see below

    defaults = {name.replace("_", "-"): value for name, value in options.items()}
    Dict(defaults, source="config.toml", use_commands_as_keys=False, allow_unknown=True)(
        app, commands, arguments
    )


app = App(
    name="litmos",
    help="Bulk jobs on the Litmos LMS, with the fewest requests and an outcome for every line.",
    version=__version__,
    version_flags=["--version"],
    version_format="plaintext",  # markdown takes a tenth of a second to import
    help_format="plaintext",
    default_parameter=Parameter(negative=()),
    config=profile_defaults,
)

_COMMANDS: Final = (
    ("assign", "assign:app", "Assign courses, learning paths and team memberships."),
    ("remove", "remove:app", "Remove courses, learning paths and team memberships."),
    ("sync", "sync:app", "Make the account match a file, changing only what differs."),
    ("import", "people:importing", "Create or update people by the thousand."),
    (
        "deactivate",
        "people:deactivate",
        "Deactivate the people in a CSV: they cannot log in, and their results are kept.",
    ),
    ("complete", "complete:complete", "Record completions from elsewhere, of modules or whole courses."),
    ("login-link", "login_link:login_link", "Print a link that logs a person in once."),
    ("init", "init:init", "Save an account as a profile: its region, and where its key is."),
    ("check", "check:check", "Test the account, and say what is wrong if it does not work."),
    ("sandbox", "serve:sandbox", "Serve a stand-in for the service on this machine, for trying things out."),
    ("users", "lists:users", "Show people."),
    ("courses", "lists:courses", "Show courses."),
    ("teams", "lists:teams", "Show teams."),
    ("learning-paths", "lists:learning_paths", "Show learning paths."),
    ("sessions", "sessions:app", "Show and create sessions, register people, and record attendance."),
    ("export", "export:export", "Export lists to files that are complete; an interrupted export resumes."),
    ("report", "report:report", "Report who has completed what, who is overdue, and how far each team is."),
    ("lists", "export:show_lists", "Show what can be exported."),
    ("schema", "export:show_schema", "Show the columns of a list."),
    ("jobs", "jobs:app", "List, show, resume and remove jobs."),
    ("mcp", "mcp:mcp", "Serve the account to an AI assistant, over the Model Context Protocol."),
    ("probe", "probe:probe", "Record which fields the account's answers have, for a bug report."),
    ("quota", "quota:quota", "Show who uses how much of the account's limit. Nothing is sent."),
)
"""Each command with the place of its code, which is imported when it is called: to import all would take long."""

_GROUPS: Final = (":app", ":importing", ":users", ":courses", ":teams", ":learning_paths")
"""How the places end where no function stands but an app."""

_READ_A_FILE: Final = ("assign", "remove", "sync", "import", "deactivate", "complete", "sessions")
"""Commands whose argument is a file, or `-` for standard input."""

for _name, _place, _help in _COMMANDS:
    # A group of commands brings its own format; the list of all is plain, since markdown is slow to import.
    _format: Mapping[str, Any] = {} if _place.endswith(_GROUPS) else {"help_format": "markdown"}
    app.command(f"litmos_async.cli.{_place}", name=_name, help=_help, **_format)
app.register_install_completion_command(help="Let the shell complete commands and options with the tab key.")

FEWEST_USERS: Final = 10
FEWEST_LINES: Final = 20
"""Fewer could not hold all that the demo wants to show."""


@app.command
async def demo(
    *,
    users: Annotated[
        int | None,
        Parameter(
            help="People in the fictional organisation. By default, one for every two lines.",
            validator=Number(gte=FEWEST_USERS),
        ),
    ] = None,
    lines: Annotated[
        int,
        Parameter(
            help="Lines of the CSV. The default takes about 20 s; 5000 lines take about 100 s.",
            validator=Number(gte=FEWEST_LINES),
        ),
    ] = 1_000,
    seed: Annotated[int, Parameter(help="The same seed makes the same organisation and CSV.")] = 1,
    keep: Annotated[
        Path | None, Parameter(help="A folder for the CSV and the outcomes, which are deleted otherwise.")
    ] = None,
) -> int:
    """Run the bulk job without an account, against a sandbox on this machine.

    Exit code 0: the sandbox holds exactly what it should, and rejected no request.
    """
    terminal = Terminal()
    if needed := missing("litmos demo", "cli", "sandbox"):
        terminal.complain(needed)
        return USAGE
    from litmos_async.cli.demo import DemoOptions, run_demo  # noqa: PLC0415 - the sandbox is an extra of its own

    return await until_interrupted(run_demo(DemoOptions(lines, users, seed, keep), terminal))


def option_names(parent: App = app) -> set[str]:
    """Return the names of the options of all commands, without their dashes; it imports all of them."""
    names = set[str]()
    for name in parent:
        if name.startswith("-"):
            continue
        command = parent[name]
        if command.default_command is None:
            names |= option_names(command)
        else:
            arguments = command.assemble_argument_collection()
            names |= {each.removeprefix("--") for argument in arguments for each in argument.names}
    return names


def run(words: Sequence[str]) -> int:
    """Carry out a command line and return the exit code; where its result was lost, that is no 0."""
    terminals = list[Terminal]()
    before = IN_USE.set(terminals)
    try:
        terminal = Terminal()
        code = _carry_out(words, terminal)
    finally:
        IN_USE.reset(before)
    lost = next((each.lost for each in terminals if each.lost is not None), None)
    if lost is None:
        return code
    terminal.complain(f"cannot write to standard output: {lost}")
    return code or FAILED


def _carry_out(words: Sequence[str], terminal: Terminal) -> int:
    if words and not words[0].startswith("-") and words[0] in app:
        # In the list of commands stands a line, which must not take an import; here is the whole text.
        command = app[words[0]]
        if command.default_command is not None:
            command.help = inspect.getdoc(command.default_command)
    begun = WORDS.set(tuple(words))
    try:
        code = app(
            _with_standard_input(words),
            console=terminal.out,
            error_console=terminal.err,
            exit_on_error=False,
            print_error=False,
            verbose=False,
            result_action="return_value",
        )
    except CycloptsError as problem:
        terminal.complain(_explain(problem))
        return USAGE
    except ConfigurationError as problem:
        terminal.complain(explain(problem))
        return USAGE
    finally:
        WORDS.reset(begun)
    return int(code or 0)


def _with_standard_input(words: Sequence[str]) -> list[str]:
    """Return the words of a command that reads a file with `-` as a path: else it would be a nameless option."""
    if not words or words[0] not in _READ_A_FILE:
        return [*words]
    return ["./-" if word == "-" else word for word in words]


def _explain(problem: CycloptsError) -> str:
    """Return what is wrong with a command line, and of something that is missing what it means."""
    argument = problem.argument
    if isinstance(problem, MissingArgumentError) and argument is not None:
        return f"{argument.name} is missing. {argument.parameter.help}"
    if isinstance(problem, UnusedCliTokensError):
        return f"unexpected arguments: {' '.join(problem.unused_tokens or ())}"
    return str(problem)
