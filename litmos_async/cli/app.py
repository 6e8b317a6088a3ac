"""The command line: what can be said, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter, Token
from cyclopts.exceptions import CycloptsError, MissingArgumentError
from cyclopts.validators import Number

from litmos_async import Limiter, LitmosClient, RateLimit, __version__
from litmos_async.cli.assign import USAGE, Order, assign_courses
from litmos_async.cli.extras import missing
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.terminal import Terminal

app = App(
    name="litmos",
    help="Bulk jobs on the Litmos LMS: the fewest requests, and an outcome for every line.",
    version=__version__,
    version_flags=["--version"],
    default_parameter=Parameter(negative=()),
)
assign = App(name="assign", help="Assign things to people.")
app.command(assign)

FEWEST_USERS = 10
FEWEST_LINES = 20
"""Fewer could not hold all that the demo wants to show."""

SERVICE_LIMIT = RateLimit()


def parse_limit(_type: Any, tokens: Sequence[Token]) -> RateLimit:
    """Read a limit such as `100/60`."""
    requests, _, seconds = tokens[0].value.partition("/")
    try:
        number = int(requests)
        return RateLimit(number, float(seconds), burst=number)
    except ValueError:
        raise ValueError("expected requests/seconds, such as 100/60") from None


@assign.command
async def courses(
    file: Annotated[Path, Parameter(help="The CSV. Its first line names the columns: user and course.")],
    /,
    *,
    send_message: Annotated[
        Literal["yes", "no"],
        Parameter(
            help="Whether the server may e-mail the people about their new courses. There is no default."
        ),
    ],
    dry_run: Annotated[bool, Parameter(help="Show the plan and stop. Only the two lists are read.")] = False,
    outcomes: Annotated[
        Path | None,
        Parameter(
            help="Where to write what became of each line. [default: people.outcomes.csv for people.csv]"
        ),
    ] = None,
    api_key_file: Annotated[
        Path | None, Parameter(help="A file that holds the API key, in place of LITMOS_API_KEY.")
    ] = None,
    source: Annotated[
        str, Parameter(help="A short name for the server's own records.", env_var="LITMOS_SOURCE")
    ] = "litmos-cli",
    region: Annotated[
        Literal["us", "eu", "au"] | None,
        Parameter(help="Where the account lives. [env var: LITMOS_REGION] [default: us]"),
    ] = None,
    base_url: Annotated[
        str | None, Parameter(help="Another address of the API. [env var: LITMOS_BASE_URL]")
    ] = None,
    limit: Annotated[
        RateLimit,
        Parameter(
            help="Requests and seconds of the account's rate limit.",
            metavar="REQUESTS/SECONDS",
            converter=parse_limit,
            n_tokens=1,
            accepts_keys=False,
            show_default=lambda rate: f"{rate.requests}/{rate.period:g}",
        ),
    ] = SERVICE_LIMIT,
    quiet: Annotated[bool, Parameter(help="Show the summary and errors only.")] = False,
) -> int:
    """Assign the courses of a CSV to the people in it.

    The API key comes from the environment variable LITMOS_API_KEY or from a file: on the command line other
    users of the machine could see it.

    Exit code 0: nothing failed. 1: some lines did. 2: the command cannot work like that. 130: Ctrl-C.
    """
    terminal = Terminal(quiet=quiet)
    key: str | None = None
    if api_key_file is not None:
        try:
            key = api_key_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            key = ""
        if not key:
            terminal.complain(f"{api_key_file} holds no API key, or cannot be read")
            return USAGE

    def connect(limiter: Limiter) -> LitmosClient:
        """Make the client; what was not said on the command line it finds in the environment."""
        return LitmosClient(key, source, region=region, base_url=base_url, limiter=limiter)

    order = Order(file, send_message == "yes", limit, outcomes, dry_run)
    return await until_interrupted(assign_courses(order, connect, terminal))


@app.command
async def demo(
    *,
    users: Annotated[
        int, Parameter(help="People in the invented organisation.", validator=Number(gte=FEWEST_USERS))
    ] = 2_500,
    lines: Annotated[int, Parameter(help="Lines of the CSV.", validator=Number(gte=FEWEST_LINES))] = 5_000,
    seed: Annotated[int, Parameter(help="The same seed makes the same organisation and CSV.")] = 1,
    keep: Annotated[
        Path | None, Parameter(help="A folder for the CSV and the outcomes, which are deleted otherwise.")
    ] = None,
) -> int:
    """Show the bulk job at work, without an account: a sandbox on this machine answers.

    Exit code 0: the sandbox holds exactly what it should, and had to reject no request.
    """
    terminal = Terminal()
    if needed := missing("litmos demo", "cli", "sandbox"):
        terminal.complain(needed)
        return USAGE
    from litmos_async.cli.demo import Show, run_demo  # noqa: PLC0415 - the sandbox is an extra of its own

    return await until_interrupted(run_demo(Show(users, lines, seed, keep), terminal))


def run(words: Sequence[str]) -> int:
    """Carry out a command line and return the exit code."""
    try:
        code = app(words, exit_on_error=False, print_error=False, verbose=False, result_action="return_value")
    except CycloptsError as problem:
        Terminal().complain(_explain(problem))
        return USAGE
    return int(code or 0)


def _explain(problem: CycloptsError) -> str:
    """Return what is wrong with a command line, and of something that is missing what it means."""
    argument = problem.argument
    if isinstance(problem, MissingArgumentError) and argument is not None:
        return f"{argument.name} is missing. {argument.parameter.help}"
    return str(problem)
