"""Named accounts: `config.toml` says where each is, who calls it, and where its key is kept.

```toml
# ~/.config/litmos/config.toml
[profiles.acme]
region = "eu"
source = "acme-hr"
api_key_command = "pass show litmos/acme"

[profiles.acme.options]   # of the command line, by their names there
skip_existing = true

[profiles.acme.columns]   # of the files of this account, as with --map
"Work E-mail" = "email"
```

The same file serves `LitmosClient.from_profile("acme")` and `litmos --profile acme`, and both keep the limit of the
account in one file, so that a script beside a command does not run into its limit.
"""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import attrs
from attrs import field, frozen

from litmos_async.config import Region, region_of
from litmos_async.errors import ConfigurationError, MissingOption
from litmos_async.limits import RateLimit
from litmos_async.limits.url import sqlite_url
from litmos_async.wording import system_reason

__all__ = [
    "DEFAULT",
    "KEYRING_SERVICE",
    "Profile",
    "Region",
    "config_file",
    "limit_of",
    "read_key_file",
    "read_key_stdin",
    "read_profile",
    "read_profiles",
    "region_of",
    "shared_by_this_user",
    "state_folder",
]

DEFAULT: Final = "default"
"""The profile that the command line uses where none is named, if there is one."""

KEYRING_SERVICE: Final = "litmos-async"
"""Under which name keys are kept in the keyring of the system; the user name there is that of the profile."""

COMMAND_SECONDS: Final = 120.0
"""How long `api_key_command` may take: it may have to ask for a passphrase."""

_SECRETS: Final = ("api_key", "key", "apikey", "password")


@frozen
class Profile:
    """One account, as `config.toml` describes it.

    Attributes:
        name: What it is called: the `NAME` of `[profiles.NAME]`.
        region: "us", "eu" or "au"; None where the profile does not say.
        base_url: Another address, in place of the region's; None where the profile does not say.
        source: The name of the program for the server's records; None where the profile does not say.
        limiter: Where the limit is kept; None for the file that all programs of this user share.
        limit: The rate limit of the account, such as "100/60": requests and seconds; None for the service's.
        api_key_command: A program that prints the key on its first line: a text, which is split as a shell would
            split it, or a list. It is run without a shell.
        api_key_file: A file that holds the key and nothing else, for its owner alone.
        keyring: Whether the key is in the keyring of the system, which needs the extra `keyring`.
        options: Defaults for options of the command line.
        columns: How the command line reads columns of files, as with `--map`, if they exist.
    """

    name: str
    region: str | None = None
    base_url: str | None = None
    source: str | None = None
    limiter: str | None = None
    limit: str | None = None
    api_key_command: str | list[str] | None = None
    api_key_file: str | None = None
    keyring: bool = False
    options: Mapping[str, Any] = field(factory=dict[str, Any])
    columns: Mapping[str, str] = field(factory=dict[str, str])

    def api_key(self, environment: Mapping[str, str] = os.environ) -> str:
        """Return the key: of the environment, the profile's command or file, or the keyring, in this order.

        It may run a program and wait for it, so call it before there is something that must not wait.

        Raises:
            ConfigurationError: There is none, or what should give it fails.
        """
        if key := environment.get("LITMOS_API_KEY"):
            return key
        if self.api_key_command:
            return self._from_command()
        if self.api_key_file:
            path = Path(self.api_key_file).expanduser()
            _refuse_if_others(path, 0o066, "read", f"chmod 600 {shlex.quote(str(path))}")
            return read_key_file(path)
        if self.name and (key := self._from_keyring()):
            return key
        raise MissingOption(
            f"no API key: set LITMOS_API_KEY, or say in profile {self.name!r} where it is: api_key_command, "
            "api_key_file or keyring",
            option="api_key",
        )

    @property
    def rate_limit(self) -> RateLimit | None:
        """The limit of the account; None for the service's."""
        return limit_of(self.limit) if self.limit else None

    def client_options(
        self, given: Mapping[str, Any], environment: Mapping[str, str] = os.environ
    ) -> dict[str, Any]:
        """Return what to make a `LitmosClient` of: what is given, else the environment's, else the profile's.

        Args:
            given: Arguments of `LitmosClient`; None counts as not given.
            environment: The environment; an empty variable counts as not set.

        Raises:
            ConfigurationError: The key cannot be had.
        """
        options = {name: value for name, value in given.items() if value is not None}
        if "api_key" not in options:
            options["api_key"] = self.api_key(environment)
        if not {"region", "base_url"} & {*options}:
            if environment.get("LITMOS_BASE_URL") or environment.get("LITMOS_REGION"):
                options["region"] = None  # `LitmosClient` reads them itself
            else:
                options |= {"region": self.region, "base_url": self.base_url}
        options.setdefault("source", environment.get("LITMOS_SOURCE") or self.source)
        if "limiter" not in options:
            options["limiter"] = (
                environment.get("LITMOS_LIMIT") or self.limiter or shared_by_this_user(environment)
            )
        if isinstance(options["limiter"], str):
            options.setdefault("rate_limit", self.rate_limit)
        return options

    def _from_command(self) -> str:
        said = self.api_key_command
        what = f"the api_key_command of profile {self.name!r}"
        try:
            words = shlex.split(said) if isinstance(said, str) else list(said or ())
            # Its output is the key and appears nowhere; what it says on standard error is for the user. It may ask
            # one at a terminal. From a pipe it would take what is not for it: a file, calls of an assistant.
            ended = subprocess.run(  # noqa: S603 - the file that names it is the user's own, and checked to be
                words,
                stdin=None if os.isatty(0) else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except (OSError, ValueError) as problem:
            reason = (
                system_reason(problem) if isinstance(problem, OSError) else "it has an open quote or a NUL"
            )
            raise ConfigurationError(f"{what} cannot be run: {reason}", option="api_key_command") from None
        except subprocess.TimeoutExpired:
            raise ConfigurationError(
                f"{what} took longer than {COMMAND_SECONDS:g} s", option="api_key_command"
            ) from None
        if ended.returncode:
            raise ConfigurationError(
                f"{what} failed with exit code {ended.returncode}", option="api_key_command"
            )
        lines = ended.stdout.decode("utf-8", "replace").strip().splitlines()
        if not lines:
            raise ConfigurationError(f"{what} printed nothing", option="api_key_command")
        return lines[0].strip()

    def _from_keyring(self) -> str | None:
        try:
            keyring = import_module("keyring")  # an extra of its own
        except ImportError:
            if self.keyring:
                raise ConfigurationError(
                    f'profile {self.name!r} keeps its key in the keyring: pip install "litmos-async[keyring]"',
                    option="keyring",
                ) from None
            return None
        try:
            return keyring.get_password(KEYRING_SERVICE, self.name) or None
        except Exception as problem:  # noqa: BLE001 - a backend may raise anything; without one there is no key
            if self.keyring:
                raise ConfigurationError(
                    f"the keyring cannot be read: {type(problem).__name__}", option="keyring"
                ) from None
            return None


def config_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the profiles are: `config.toml` in the folder `litmos` for configuration.

    `~/.config` on Linux, or what XDG_CONFIG_HOME names; `LITMOS_CONFIG` names another file.
    """
    if said := environment.get("LITMOS_CONFIG"):
        return Path(said).expanduser()
    from platformdirs import user_config_path  # noqa: PLC0415 - only where there may be a profile

    return user_config_path("litmos", appauthor=False) / "config.toml"


def read_profiles(path: Path | None = None) -> dict[str, Profile]:
    """Return all profiles by their names; none if there is no file.

    Args:
        path: The file; that of `config_file` if None.

    Raises:
        ConfigurationError: The file cannot be used: it is not TOML, holds a key or an unknown word, or others can
            write it, who could then have their own program run in place of `api_key_command`.
    """
    path = config_file() if path is None else path
    try:
        text = path.read_bytes().decode("utf-8-sig")
        _refuse_if_others(path, 0o022, "write", f"chmod go-w {shlex.quote(str(path))}")
        data = tomllib.loads(text)
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise ConfigurationError(f"{path} cannot be read: {system_reason(problem)}") from None
    except ValueError as problem:  # not UTF-8, not TOML, or a name with a NUL
        reason = "it is not UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem)
        raise ConfigurationError(f"{path} cannot be used: {reason}") from None
    tables = data.pop("profiles", {})
    if data:
        raise ConfigurationError(f"{path} holds {next(iter(data))!r}; only [profiles.NAME] is allowed")
    if not isinstance(tables, dict) or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigurationError(f"{path}: profiles are tables: [profiles.NAME]")
    return {name: _profile(name, table, path) for name, table in tables.items()}


def read_profile(name: str | None = None, path: Path | None = None) -> Profile:
    """Return a profile.

    Args:
        name: Which one; the one of `LITMOS_PROFILE`, else "default", if None.
        path: The file; that of `config_file` if None.

    Raises:
        ConfigurationError: There is no such profile, or its file cannot be used.
    """
    name = name or os.environ.get("LITMOS_PROFILE") or DEFAULT
    path = config_file() if path is None else path
    profiles = read_profiles(path)
    if name not in profiles:
        known = (
            f"it has {', '.join(sorted(profiles))}"
            if profiles
            else "there are none yet: litmos init makes one"
        )
        raise ConfigurationError(
            f"there is no profile {name!r} in {path}; {known}", option="profile", value=name
        )
    return profiles[name]


def read_key_file(path: Path) -> str:
    """Return the key of a file that holds nothing else.

    Raises:
        ConfigurationError: It holds none, or cannot be read.
    """
    try:
        return _key_in(path.read_bytes())
    except OSError as problem:
        reason = f"{path} cannot be read: {system_reason(problem)}"
    except ValueError:
        reason = f"{path} holds no API key"
    raise ConfigurationError(reason, option="api_key_file", value=str(path))


def read_key_stdin() -> str:
    """Return the key that standard input holds and nothing else.

    Raises:
        ConfigurationError: It holds none, or cannot be read.
    """
    try:
        return _key_in(b"" if sys.stdin is None else sys.stdin.buffer.read())
    except (OSError, ValueError):
        raise ConfigurationError("standard input holds no API key, or cannot be read") from None


def _key_in(data: bytes) -> str:
    """Return the key in the content of a file, also as Notepad and PowerShell write one: with a byte-order mark."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    key = data.decode("utf-16" if wide else "utf-8-sig").strip()
    if not key:
        raise ValueError("no key")
    return key


def limit_of(text: str) -> RateLimit:
    """Return the limit that a text such as `100/60` means: requests and seconds.

    Raises:
        ConfigurationError: It means none.
    """
    requests, _, seconds = text.partition("/")
    try:
        number = int(requests)
        return RateLimit(number, float(seconds), burst=number)
    except ValueError:
        raise ConfigurationError(
            f"a limit is requests/seconds, such as 100/60, not {text!r}", option="limit", value=text
        ) from None


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for what programs of this user remember: the limit, and the journals of jobs."""
    if sys.platform == "win32":
        folder = Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        folder = Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return folder.absolute() / "litmos-async"


def shared_by_this_user(environment: Mapping[str, str] = os.environ) -> str:
    """Return where all programs of this user keep the limit together, if they are not told otherwise."""
    file = state_folder(environment) / "limits.db"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        # A home that cannot be written to: one program at a time keeps the limit.
        return "memory://"
    return sqlite_url(file)


def _profile(name: str, table: Mapping[str, Any], path: Path) -> Profile:
    known = {each.name: each for each in attrs.fields(Profile) if each.name != "name"}
    for word, value in table.items():
        where = f"{path}: profile {name!r}"
        if word in _SECRETS:
            raise ConfigurationError(
                f"{where} holds a key. Put it into a file of its own (chmod 600) and name that as api_key_file, or "
                "name a program that prints it as api_key_command",
                option=word,
            )
        if word not in known:
            near = get_close_matches(word, known, 1)
            guess = f"did you mean {near[0]}?" if near else f"it may hold {', '.join(known)}"
            raise ConfigurationError(f"{where} holds {word!r}, which is unknown; {guess}", option=word)
        if not _fits(word, value):
            raise ConfigurationError(f"{where}: {word} is {_wanted(word)}", option=word)
    return Profile(name, **table)


def _fits(word: str, value: object) -> bool:
    if word == "keyring":
        return isinstance(value, bool)
    if word == "options":
        return isinstance(value, dict)
    if word == "columns":
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if word == "api_key_command" and isinstance(value, list):
        return bool(value) and all(isinstance(each, str) for each in value)
    return isinstance(value, str) and bool(value.strip())


def _wanted(word: str) -> str:
    return {
        "keyring": "true or false",
        "options": "a table",
        "columns": "a table of texts",
        "api_key_command": "a text, or a list of texts",
    }.get(word, "a text")


def _refuse_if_others(path: Path, bits: int, what: str, remedy: str) -> None:
    """Refuse a file that other users of the machine can read or write, with the command that mends it."""
    if sys.platform == "win32":  # permissions are lists there, and a home is its owner's alone
        return
    try:
        found = path.stat()
    except (OSError, ValueError):
        return  # reading it says what is wrong
    if found.st_uid not in {0, os.geteuid()}:
        raise ConfigurationError(f"{path} belongs to another user, and is not used")
    if stat.S_ISREG(found.st_mode) and found.st_mode & bits:
        raise ConfigurationError(f"other users can {what} {path}. Fix it with: {remedy}")
