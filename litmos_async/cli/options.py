"""What can be said to all bulk commands, and how a command is started with it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import attrs
from attrs import frozen
from cyclopts import App, Group, Parameter, Token
from cyclopts.validators import Number

from litmos_async import LitmosClient, RateLimit
from litmos_async.cli.context import WORDS
from litmos_async.cli.flow import carry_out
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.job_records import JobRecord, make_folder, new_id, path_in_state
from litmos_async.cli.order import MANY, Order, usable
from litmos_async.cli.reading import STDIN, Reading
from litmos_async.cli.tasks import Task
from litmos_async.cli.terminal import Terminal
from litmos_async.errors import ConfigurationError
from litmos_async.profiles import (
    DEFAULT,
    Profile,
    limit_of,
    read_key_file,
    read_key_stdin,
    read_profile,
    read_profiles,
)

NEEDED: Final = Group("What this command needs", sort_key=1)
JOBS: Final = Group("What all jobs take", sort_key=2)
OUTPUT: Final = Group("Output", sort_key=3)
CONNECTION: Final = Group("Connection", sort_key=4)
"""The groups of the help."""


def commands(name: str, help: str) -> App:
    """Return an app for commands that begin with the same word."""
    return App(name=name, help=help, group_arguments=NEEDED, group_parameters=NEEDED, help_format="markdown")


def parse_limit(_type: Any, tokens: Sequence[Token]) -> RateLimit:
    """Read a limit such as `100/60`."""
    try:
        return limit_of(tokens[0].value)
    except ConfigurationError:
        raise ValueError("expected requests/seconds, such as 100/60") from None


AsJson: TypeAlias = Annotated[
    bool, Parameter(help="Write one JSON document to standard output.", group=OUTPUT)
]

SendMessage: TypeAlias = Annotated[
    Literal["yes", "no"],
    Parameter(help="Whether the server may e-mail the people about this. There is no default."),
]
SendMessageOrNot: TypeAlias = Annotated[
    Literal["yes", "no"], Parameter(help="Whether the server e-mails the people about this.")
]
"""For what the server does without an e-mail unless asked to."""

Teams: TypeAlias = Annotated[
    bool, Parameter(help="The file names teams instead of people, in a column team.")
]
ViaImport: TypeAlias = Annotated[
    Literal["import"] | None,
    Parameter(
        help="Use the server's bulk import of people. It takes far fewer requests, but turns message "
        "notifications on for everyone in the file, and the server decides about e-mails."
    ),
]


@Parameter(name="*")
@frozen
class AccountFlags:
    """Which account, and how to reach it."""

    profile: Annotated[
        str | None,
        Parameter(
            help="Which profile of config.toml to use. [env var: LITMOS_PROFILE] [default: the profile default, if "
            "there is one]",
            group=CONNECTION,
        ),
    ] = None
    api_key_file: Annotated[
        Path | None,
        Parameter(
            help="A file that holds the API key, instead of LITMOS_API_KEY; - is standard input.",
            group=CONNECTION,
            allow_leading_hyphen=True,
        ),
    ] = None
    source: Annotated[
        str | None,
        Parameter(
            help="A short name for the server's own records. [env var: LITMOS_SOURCE] [default: litmos-cli]",
            group=CONNECTION,
        ),
    ] = None
    region: Annotated[
        Literal["us", "eu", "au"] | None,
        Parameter(help="Where the account lives. [env var: LITMOS_REGION] [default: us]", group=CONNECTION),
    ] = None
    base_url: Annotated[
        str | None,
        Parameter(
            help="The address of the API, instead of the region's. [env var: LITMOS_BASE_URL]",
            group=CONNECTION,
        ),
    ] = None
    limit: Annotated[
        RateLimit | None,
        Parameter(
            help="Requests and seconds of the account's rate limit. [default: 100/60]",
            metavar="REQUESTS/SECONDS",
            converter=parse_limit,
            n_tokens=1,
            accepts_keys=False,
            group=CONNECTION,
        ),
    ] = None
    limiter: Annotated[
        str | None,
        Parameter(
            help="Where the limit is kept: memory://, sqlite:///path or redis://host:6379/0. [env var: "
            "LITMOS_LIMIT] [default: a file of this user, so that commands that run at the same time "
            "share the limit]",
            group=CONNECTION,
        ),
    ] = None

    def client(self, key: str | None = None, environment: Mapping[str, str] = os.environ) -> LitmosClient:
        """Return the client; what was not said on the command line is the environment's or the profile's.

        Args:
            key: What `key` returned, where that was asked for before.
            environment: The environment.

        Raises:
            ConfigurationError: Something is missing or cannot work.
        """
        return LitmosClient(**self.client_options(key, environment))

    def client_options(
        self, key: str | None = None, environment: Mapping[str, str] = os.environ
    ) -> dict[str, Any]:
        """Return what the client is made of. It may run a program that prints the key, and wait for it."""
        given = {
            "api_key": key or self.key(),
            "source": self.source,
            "region": self.region,
            "base_url": self.base_url,
            "rate_limit": self.limit,
            "limiter": self.limiter,
        }
        options = self.named_profile(environment).client_options(given, environment)
        return options | {"source": options["source"] or "litmos-cli"}

    def named_profile(self, environment: Mapping[str, str] = os.environ) -> Profile:
        """Return the profile that was asked for, else the default one if there is one, else an empty one.

        Raises:
            ConfigurationError: There is no such profile, or the file cannot be used.
        """
        name = self.profile or environment.get("LITMOS_PROFILE")
        return read_profile(name) if name else read_profiles().get(DEFAULT, Profile(""))

    def terminal(self) -> Terminal:
        """Return a terminal that names the profile where a server says no."""
        return Terminal(profile=self.named_profile().name)

    def key(self) -> str | None:
        """Return the key of the file; None if none was named. It can be read once only: it may be a pipe.

        Raises:
            ConfigurationError: There is a file, but no key in it.
        """
        if self.api_key_file is None:
            return None
        return read_key_stdin() if self.api_key_file == STDIN else read_key_file(self.api_key_file)


@Parameter(name="*")
@frozen
class OutputFlags:
    """What is shown, and what is written down."""

    dry_run: Annotated[bool, Parameter(group=OUTPUT, help="Show the plan and stop. Nothing is changed.")] = (
        False
    )
    outcomes: Annotated[
        Path | None,
        Parameter(
            group=OUTPUT,
            help="Where to write the outcome of each line or, after a dry run, what would be done. "
            "[default: people.outcomes.csv for people.csv]",
        ),
    ] = None
    plan_json: Annotated[
        Path | None, Parameter(group=OUTPUT, help="Write the plan to this file, for approval.")
    ] = None
    quiet: Annotated[bool, Parameter(group=OUTPUT, help="Show the summary and errors only.")] = False
    json: Annotated[
        bool,
        Parameter(
            group=OUTPUT,
            help="Write the plan and summary as one JSON document to standard output, and everything else "
            "to standard error.",
        ),
    ] = False
    log_format: Annotated[
        Literal["text", "json"],
        Parameter(
            group=OUTPUT, help="How to write progress and errors: as text, or as one line of JSON each."
        ),
    ] = "text"
    yes: Annotated[
        bool, Parameter(group=OUTPUT, help="Do not ask for confirmation, however much is changed.")
    ] = False
    confirm_above: Annotated[
        int,
        Parameter(
            group=OUTPUT,
            help="On a terminal, ask for confirmation above this many changes.",
            validator=Number(gte=0),
        ),
    ] = MANY

    def terminal(self, profile: str = "") -> Terminal:
        """Return the terminal as it is asked for."""
        json_logs = self.log_format == "json"
        return Terminal(quiet=self.quiet, machine=self.json, json_logs=json_logs, profile=profile)


@Parameter(name="*")
@frozen
class JobFlags:
    """What every job takes."""

    stop_after: Annotated[
        int | None,
        Parameter(group=JOBS, help="Stop when this many lines have failed.", validator=Number(gte=1)),
    ] = None
    journal: Annotated[
        Path | None,
        Parameter(
            group=JOBS,
            help="A file that records what was sent: after an interruption, run the same command again to "
            "resume. A dry run does not touch it.",
        ),
    ] = None
    resumable: Annotated[
        bool,
        Parameter(
            group=JOBS,
            help="Keep a journal in the state folder: litmos jobs list shows the job, and litmos jobs "
            "retry resumes it.",
        ),
    ] = False

    def options(self) -> dict[str, Any]:
        """Return them as a bulk helper takes them."""
        options: dict[str, Any] = {"stop_after_failures": self.stop_after}
        journal = self.journal
        if journal is None and self.resumable:
            journal = path_in_state(f"{new_id(WORDS.get())}.db")
        return options | ({"journal": journal} if journal else {})


@Parameter(name="*")
@frozen
class ItemFlags(JobFlags):
    """What jobs take that can look at what they did."""

    verify: Annotated[
        bool,
        Parameter(
            group=JOBS, help="Read back afterwards: what the server accepted but ignored counts as failed."
        ),
    ] = False

    def options(self) -> dict[str, Any]:
        """Return them as a bulk helper takes them."""
        return super().options() | {"verify": self.verify}


@Parameter(name="*")
@frozen
class PairFlags(ItemFlags):
    """What jobs over pairs take."""

    skip_existing: Annotated[
        bool,
        Parameter(
            group=JOBS,
            help="First read what exists, by the cheapest lists, and send only the rest.",
            negative="--no-skip-existing",
        ),
    ] = False

    def options(self) -> dict[str, Any]:
        """Return them as a bulk helper takes them."""
        return super().options() | {"skip_existing": self.skip_existing}


ACCOUNT_FLAGS: Final = AccountFlags()
OUTPUT_FLAGS: Final = OutputFlags()
JOB_FLAGS: Final = JobFlags()
ITEM_FLAGS: Final = ItemFlags()
PAIR_FLAGS: Final = PairFlags()
"""What holds where nothing is said."""


async def start(task: Task, file: Path, reading: Reading, output: OutputFlags, account: AccountFlags) -> int:
    """Carry a command out and return the exit code."""
    if STDIN == file == account.api_key_file:
        raise ConfigurationError("standard input cannot hold both the CSV and the API key")
    key = account.key()  # a file without a key is told before the table is read
    reading = attrs.evolve(reading, columns=account.named_profile().columns)
    order = Order(
        task,
        file,
        output.outcomes,
        dry_run=output.dry_run,
        plan_json=output.plan_json,
        confirm_above=None if output.yes else output.confirm_above,
        reading=reading,
    )
    connect = partial(account.client, key, dict(os.environ))
    usable(file, order.outcomes, order.plan_json, order.journal)
    if not order.dry_run:
        make_folder(order.journal)
    record = JobRecord.of(order, WORDS.get())
    if record is not None:
        record.save()
    code = await until_interrupted(carry_out(order, connect, output.terminal(account.named_profile().name)))
    if record is not None:
        record.finished(code).save()
    return code
