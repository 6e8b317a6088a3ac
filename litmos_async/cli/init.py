"""`litmos init`: ask for an account, try it, and write it down as a profile."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import re
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

from cyclopts import Parameter

from litmos_async import LitmosClient, RateLimit
from litmos_async.cli.check import Finding, examine
from litmos_async.cli.codes import FAILED, OK, USAGE
from litmos_async.cli.options import parse_limit
from litmos_async.cli.outcomes import Access, write_whole
from litmos_async.cli.reading import STDIN
from litmos_async.cli.terminal import Terminal
from litmos_async.errors import ConfigurationError
from litmos_async.profiles import (
    DEFAULT,
    KEYRING_SERVICE,
    Region,
    config_file,
    read_key_file,
    read_key_stdin,
    read_profiles,
    shared_by_this_user,
)
from litmos_async.wording import system_reason

__all__ = ["init"]

_BARE: Final = re.compile("[A-Za-z0-9_-]+")
"""Names that TOML takes without quotes, and that can be names of files."""

_NO_ONE: Final = "there is no one to ask: give --region, --source, --api-key-file and --yes"

KeyPlace = Literal["file", "keyring"]


def init(
    name: Annotated[str, Parameter(help="The name of the profile, for --profile.")] = DEFAULT,
    /,
    *,
    region: Annotated[
        Region | None, Parameter(help="Where the account lives: asked for if not given.")
    ] = None,
    base_url: Annotated[str | None, Parameter(help="The address of the API, instead of a region's.")] = None,
    source: Annotated[
        str | None, Parameter(help="A short name for the server's own records: asked for if not given.")
    ] = None,
    limit: Annotated[
        RateLimit | None,
        Parameter(
            help="Requests and seconds of the account's rate limit. [default: 100/60]",
            metavar="REQUESTS/SECONDS",
            converter=parse_limit,
            n_tokens=1,
            accepts_keys=False,
        ),
    ] = None,
    api_key_file: Annotated[
        Path | None,
        Parameter(
            help="A file that holds the key, which the profile then names; - is standard input. The key is asked "
            "for if not given.",
            allow_leading_hyphen=True,
        ),
    ] = None,
    keep_key_in: Annotated[
        KeyPlace,
        Parameter(
            help="Where to keep a key that was typed: in a file of its own, or in the system's keyring."
        ),
    ] = "file",
    yes: Annotated[
        bool, Parameter(help="Ask nothing, and write the profile even if the key does not work.")
    ] = False,
) -> int:
    """Save an account as a profile, so that --profile NAME is enough to select it.

    It asks for the region, a source and the key unless an option or the environment gives them, tries them with
    one request, reports the result, and writes the profile to config.toml. The key is not written there, but to
    a file that only you can read, or to the keyring.

    An Account Owner creates the key in Litmos, under "My Profile & Settings".

    Exit code 0: the profile was written. 1: it was not, because the account does not work. 2: it cannot be
    written.
    """
    terminal = Terminal()
    if not _BARE.fullmatch(name):
        raise ConfigurationError("the name of a profile is made of letters, digits, - and _", option="name")
    path = config_file()
    if name in read_profiles(path):
        raise ConfigurationError(f"there is a profile {name!r} already in {path}: change it there")
    asked = _Questions(terminal, silent=yes)
    # What the environment says goes before what is asked for, as with every command.
    base_url = base_url or (None if region else os.environ.get("LITMOS_BASE_URL") or None)
    region = region or (None if base_url else asked.region())
    source = source or asked.text(
        "Source, a short name for the server's own records", os.environ.get("LITMOS_SOURCE") or "litmos-cli"
    )
    key = _key(asked, api_key_file)
    found, works_in = _try(key, source, region, base_url)
    terminal.say(_told(found))
    if works_in and asked.agrees(f"Use region {works_in}?", default=True):
        region = works_in
    elif not found.ok and not (yes or asked.agrees("Write the profile anyway?", default=False)):
        return FAILED
    place = _keep(name, key, api_key_file, keep_key_in, path.parent)
    rate = None if limit is None else f"{limit.requests}/{limit.period:g}"
    words = {"region": region, "base_url": base_url, "source": source, "limit": rate} | place
    try:
        _write(path, name, {word: value for word, value in words.items() if value is not None})
    except OSError as problem:
        terminal.complain(f"cannot write {path}: {system_reason(problem)}")
        return USAGE
    terminal.say(f"Profile {name} is written to {path}")
    terminal.say(f"Try it: litmos check{'' if name == DEFAULT else f' --profile {name}'}")
    return OK


class _Questions:
    """Asks a person; where none is there, the answers are lines of standard input."""

    def __init__(self, terminal: Terminal, *, silent: bool) -> None:
        self._terminal = terminal
        self._silent = silent

    def region(self) -> Region:
        """Ask for a region until it is one."""
        while True:
            usual = os.environ.get("LITMOS_REGION") or "us"
            answer = self.text(f"Region ({', '.join(get_args(Region))})", usual)
            if region := _region(answer):
                return region
            if self._silent:
                raise ConfigurationError(f"LITMOS_REGION: there is no region {answer!r}", option="region")
            self._terminal.complain(f"there is no region {answer!r}")

    def text(self, question: str, default: str) -> str:
        """Ask for a text."""
        return default if self._silent else self._answer(f"{question} [{default}]: ") or default

    def agrees(self, question: str, *, default: bool) -> bool:
        """Ask for a yes or no."""
        if self._silent:
            return default
        answer = self._answer(f"{question} [{'Y/n' if default else 'y/N'}] ").lower()
        return answer.startswith("y") if answer else default

    def secret(self, question: str) -> str:
        """Ask for a text that is not shown."""
        return self._answer(question, hidden=True)

    def _answer(self, question: str, *, hidden: bool = False) -> str:
        if sys.stdin is None:
            raise ConfigurationError(_NO_ONE)
        if hidden and sys.stdin.isatty():
            return getpass.getpass(question).strip()
        self._terminal.err.print(question, end="")
        line = sys.stdin.readline()
        if not line:
            raise ConfigurationError(_NO_ONE)
        return line.strip()


def _key(asked: _Questions, file: Path | None) -> str:
    if file is not None:
        return read_key_stdin() if file == STDIN else read_key_file(file)
    if key := os.environ.get("LITMOS_API_KEY"):
        return key
    return asked.secret("API key (not shown): ")


def _try(key: str, source: str, region: Region | None, base_url: str | None) -> tuple[Finding, Region | None]:
    """Try the account; return what that showed, and the region in which the key works if it is another one."""

    def connect(other: str | None) -> LitmosClient:
        where = _region(other) or region
        return LitmosClient(
            key, source, region=where, base_url=None if other else base_url, limiter=shared_by_this_user()
        )

    found = asyncio.run(examine(connect))
    return found, _region(found.works_in)


def _region(text: str | None) -> Region | None:
    """Return a text as the region that it names, or None."""
    regions: tuple[Region, ...] = get_args(Region)
    return next((region for region in regions if region == text), None)


def _told(found: Finding) -> str:
    if not found.ok:
        return found.message
    people = "" if found.people is None else f": the account has {found.people:,} people"
    return f"The key works{people}"


def _keep(name: str, key: str, file: Path | None, place: KeyPlace, folder: Path) -> dict[str, str | bool]:
    """Put the key where the profile finds it; return what the profile says of that.

    Raises:
        ConfigurationError: It cannot be kept there.
    """
    if file is not None and file != STDIN:
        return {"api_key_file": str(file.absolute())}
    if place == "keyring":
        try:
            import_module("keyring").set_password(KEYRING_SERVICE, name, key)
        except ImportError:
            raise ConfigurationError(
                'the keyring needs more packages: pip install "litmos-async[keyring]"', option="keep_key_in"
            ) from None
        except Exception as problem:  # noqa: BLE001 - a backend may raise anything
            raise ConfigurationError(
                f"the keyring cannot be written: {type(problem).__name__}", option="keep_key_in"
            ) from None
        return {"keyring": True}
    path = folder / "keys" / name
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, Access(), lambda stream: stream.write(f"{key}\n"))
    except OSError as problem:
        raise ConfigurationError(f"cannot write {path}: {system_reason(problem)}") from None
    return {"api_key_file": str(path)}


def _write(path: Path, name: str, words: dict[str, str | bool]) -> None:
    """Put the profile behind what the file holds."""
    before = ""
    with suppress(FileNotFoundError):
        before = path.read_text("utf-8-sig").rstrip("\n") + "\n\n"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # JSON's texts, numbers and truth values are TOML's, as long as characters are not spelt out in halves.
    lines = [f"{word} = {json.dumps(value, ensure_ascii=False)}\n" for word, value in words.items()]
    text = "".join([before.lstrip("\n"), f"[profiles.{name}]\n", *lines])
    access = Access.like(path) if before else Access()
    write_whole(path, access, lambda stream: stream.write(text))
