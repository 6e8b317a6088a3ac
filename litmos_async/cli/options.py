"""What can be said to all bulk commands, and how a command is started with it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from attrs import frozen
from cyclopts import Parameter, Token
from cyclopts.validators import Number

from litmos_async import LitmosClient, RateLimit
from litmos_async.cli.flow import Order, carry_out
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.tasks import Task
from litmos_async.cli.terminal import Terminal
from litmos_async.errors import ConfigurationError
from litmos_async.limits.url import sqlite_url

SERVICE_LIMIT: Final = RateLimit()


def parse_limit(_type: Any, tokens: Sequence[Token]) -> RateLimit:
    """Read a limit such as `100/60`."""
    requests, _, seconds = tokens[0].value.partition("/")
    try:
        number = int(requests)
        return RateLimit(number, float(seconds), burst=number)
    except ValueError:
        raise ValueError("expected requests/seconds, such as 100/60") from None


SendMessage: TypeAlias = Annotated[
    Literal["yes", "no"],
    Parameter(help="Whether the server may e-mail the people about this. There is no default."),
]
SendMessageOrNot: TypeAlias = Annotated[
    Literal["yes", "no"], Parameter(help="Whether the server e-mails the people about this.")
]
"""For what the server does without an e-mail unless asked to."""

Teams: TypeAlias = Annotated[
    bool, Parameter(help="The file names teams in place of people: it has a column team.")
]
ViaImport: TypeAlias = Annotated[
    Literal["import"] | None,
    Parameter(
        help="Let the server do it by a bulk import of people: far fewer requests, but it turns message "
        "notifications on for everyone in the file, and the server decides about e-mails."
    ),
]


@Parameter(name="*")
@frozen
class Account:
    """Which account, and how to reach it."""

    api_key_file: Annotated[
        Path | None, Parameter(help="A file that holds the API key, in place of LITMOS_API_KEY.")
    ] = None
    source: Annotated[
        str, Parameter(help="A short name for the server's own records.", env_var="LITMOS_SOURCE")
    ] = "litmos-cli"
    region: Annotated[
        Literal["us", "eu", "au"] | None,
        Parameter(help="Where the account lives. [env var: LITMOS_REGION] [default: us]"),
    ] = None
    base_url: Annotated[
        str | None, Parameter(help="Another address of the API. [env var: LITMOS_BASE_URL]")
    ] = None
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
    ] = SERVICE_LIMIT
    limiter: Annotated[
        str | None,
        Parameter(
            help="Where the limit is kept: memory://, sqlite:///path or redis://host:6379/0. [env var: "
            "LITMOS_LIMIT] [default: a file of this user, so that two commands at a time keep the limit]"
        ),
    ] = None

    def client(self) -> LitmosClient:
        """Return the client; what was not said on the command line it finds in the environment.

        Raises:
            ConfigurationError: Something is missing or cannot work.
        """
        return LitmosClient(
            self.key(),
            self.source,
            region=self.region,
            base_url=self.base_url,
            rate_limit=self.limit,
            limiter=self.limiter or os.environ.get("LITMOS_LIMIT") or shared_by_this_user(),
        )

    def key(self) -> str | None:
        """Return the key of the file; None if the environment has it.

        Raises:
            ConfigurationError: There is a file, but no key in it.
        """
        if self.api_key_file is None:
            return None
        try:
            key = self.api_key_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            key = ""
        if not key:
            raise ConfigurationError(f"{self.api_key_file} holds no API key, or cannot be read")
        return key


@Parameter(name="*")
@frozen
class Show:
    """What is shown, and what is written down."""

    dry_run: Annotated[bool, Parameter(help="Show the plan and stop. Nothing is changed.")] = False
    outcomes: Annotated[
        Path | None,
        Parameter(
            help="Where to write what became of each line. [default: people.outcomes.csv for people.csv]"
        ),
    ] = None
    plan_json: Annotated[
        Path | None, Parameter(help="Write the plan to this file, for somebody to approve.")
    ] = None
    quiet: Annotated[bool, Parameter(help="Show the summary and errors only.")] = False


@Parameter(name="*")
@frozen
class Care:
    """What every job takes."""

    stop_after: Annotated[
        int | None, Parameter(help="Stop when so many lines have failed.", validator=Number(gte=1))
    ] = None
    journal: Annotated[
        Path | None,
        Parameter(
            help="A file that remembers what was sent: after an interruption the same command goes on where "
            "it was. A dry run leaves it alone."
        ),
    ] = None

    def options(self) -> dict[str, Any]:
        """Return them as a bulk helper takes them."""
        options: dict[str, Any] = {"stop_after_failures": self.stop_after}
        return options | ({"journal": self.journal} if self.journal else {})


@Parameter(name="*")
@frozen
class ItemCare(Care):
    """What jobs take that can look at what they did."""

    verify: Annotated[
        bool,
        Parameter(help="Read back afterwards: what the server took and ignored then counts as failed."),
    ] = False

    def options(self) -> dict[str, Any]:
        """Return them as a bulk helper takes them."""
        return super().options() | {"verify": self.verify}


@Parameter(name="*")
@frozen
class PairCare(ItemCare):
    """What jobs over pairs take."""

    skip_existing: Annotated[
        bool,
        Parameter(
            help="Read first what is there, in the cheapest way, and do only the rest.",
            negative="--no-skip-existing",
        ),
    ] = False

    def options(self) -> dict[str, Any]:
        """Return them as a bulk helper takes them."""
        return super().options() | {"skip_existing": self.skip_existing}


ACCOUNT: Final = Account()
SHOW: Final = Show()
CARE: Final = Care()
ITEM_CARE: Final = ItemCare()
PAIR_CARE: Final = PairCare()
"""What holds where nothing is said."""


async def start(task: Task, file: Path, show: Show, account: Account) -> int:
    """Carry a command out and return the exit code."""
    account.key()  # a file without a key is told before the table is read
    order = Order(task, file, show.outcomes, show.dry_run, show.plan_json)
    return await until_interrupted(carry_out(order, account.client, Terminal(quiet=show.quiet)))


def shared_by_this_user() -> str:
    """Return where all commands of this user keep the limit together: in the folder for such things."""
    if sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    file = folder / "litmos-async" / "limits.db"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        # A home that cannot be written to: one command at a time keeps the limit.
        return "memory://"
    return sqlite_url(file.absolute())
