"""`config.toml`: which accounts there are, and where their keys are kept."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from litmos_async import LitmosClient, MemoryLimiter, RateLimit, profiles
from litmos_async.errors import ConfigurationError, MissingOption
from litmos_async.profiles import (
    Profile,
    config_file,
    read_key_file,
    read_key_stdin,
    read_profile,
    read_profiles,
    shared_by_this_user,
    state_folder,
)

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment without an account, and the place of the file."""
    for name in ("API_KEY", "SOURCE", "REGION", "BASE_URL", "LIMIT", "PROFILE"):
        monkeypatch.delenv(f"LITMOS_{name}", raising=False)
    monkeypatch.setenv("LITMOS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "config.toml"


def write(config: Path, text: str, mode: int = 0o600) -> None:
    """Write the file."""
    config.write_text(text, "utf-8")
    config.chmod(mode)


def facts(litmos: LitmosClient) -> tuple[str, str, str]:
    """Return key, source and address of a client."""
    service = litmos._sender._service
    return service.credentials["apikey"], service.query.removeprefix("source="), litmos.base_url


def prints(text: str, code: int = 0) -> str:
    """Return a line of the file with a command that prints this."""
    program = f"import sys; print({text!r}); sys.exit({code})"
    return f"api_key_command = {json.dumps([sys.executable, '-c', program])}\n"


@POSIX
def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the folder for configuration, wherever that is."""
    monkeypatch.delenv("LITMOS_CONFIG")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = "Library/Application Support" if sys.platform == "darwin" else ".config"
    assert config_file() == tmp_path / folder / "litmos" / "config.toml"
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        assert config_file() == tmp_path / "litmos" / "config.toml"


async def test_a_client_of_a_profile(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the key of the command, and keeps the limit where the command line does."""
    write(config, "[profiles.acme]\nregion = 'eu'\nsource = 'hr'\nlimit = '20/6'\n" + prints("k1\nmore"))
    async with LitmosClient.from_profile("acme") as litmos:
        assert facts(litmos) == ("k1", "hr", "https://api.litmoseu.com/v1.svc")
        assert (litmos.quota.limit, litmos.quota.period) == (20, 6.0)
        assert str(litmos._limiter.path) in shared_by_this_user()
    monkeypatch.setenv("LITMOS_PROFILE", "acme")
    async with LitmosClient.from_profile(limiter="memory://", region="au", api_key="k2") as litmos:
        assert facts(litmos) == ("k2", "hr", "https://api.litmos.com.au/v1.svc")


async def test_the_environment_goes_before_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each variable that is not empty; an argument goes before both."""
    write(config, "[profiles.default]\nregion = 'eu'\nsource = 'hr'\n" + prints("k1"))
    for name in ("API_KEY", "SOURCE", "REGION", "LIMIT", "PROFILE", "BASE_URL"):
        monkeypatch.setenv(f"LITMOS_{name}", "")
    async with LitmosClient.from_profile() as litmos:
        assert facts(litmos) == ("k1", "hr", "https://api.litmoseu.com/v1.svc")
    for name, value in {"API_KEY": "k3", "SOURCE": "env", "REGION": "au", "LIMIT": "memory://"}.items():
        monkeypatch.setenv(f"LITMOS_{name}", value)
    async with LitmosClient.from_profile() as litmos:
        assert facts(litmos) == ("k3", "env", "https://api.litmos.com.au/v1.svc")
    async with LitmosClient.from_profile(source="given") as litmos:
        assert facts(litmos)[1] == "given"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[profiles.acme]\nregoin = 'eu'", "holds 'regoin', which is unknown; did you mean region?"),
        ("[profiles.acme]\napi_key = 'S3cret'", "holds a key. Put it into a file of its own (chmod 600)"),
        ("[profiles.acme]\nregion = 3", "region is a text"),
        ("[profiles.acme]\nregion = ''", "region is a text"),
        ("[profiles.acme]\nkeyring = 'yes'", "keyring is true or false"),
        ("[profiles.acme]\napi_key_command = []", "api_key_command is a text, or a list of texts"),
        ("[profiles.acme]\noptions = 1", "options is a table"),
        ("[profiles.acme]\ncolumns = {a = 1}", "columns is a table of texts"),
        ("[profiles]\nacme = 1", "profiles are tables"),
        ("[profile.acme]\n", "holds 'profile'; only [profiles.NAME] is allowed"),
        ("[profiles.acme", "cannot be used"),
        ("[profiles.other]\n", "there is no profile 'acme'"),
        ("", "there are none yet: litmos init makes one"),
        ("[profiles.acme]\nlimit = 'many'\n" + prints("k"), "a limit is requests/seconds"),
        ("[profiles.acme]\n" + prints("k", 3), "failed with exit code 3"),
        ("[profiles.acme]\n" + prints(""), "printed nothing"),
        ("[profiles.acme]\napi_key_command = '/no/such/program'", "cannot be run: No such file"),
        ('[profiles.acme]\napi_key_command = "\'"', "cannot be run"),
        ("[profiles.acme]\nsource = 'a'", "no API key"),
        ("[profiles.acme]\napi_key_file = '/no/such/file'", "/no/such/file cannot be read: No such file"),
    ],
)
def test_what_cannot_be_used(config: Path, text: str, told: str) -> None:
    """One line says what is wrong, without the key."""
    write(config, text)
    with pytest.raises(ConfigurationError) as caught:
        LitmosClient.from_profile("acme")
    assert told in str(caught.value)
    assert "S3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_none(config: Path) -> None:
    """Bytes that are no text, a folder, no file at all."""
    config.write_bytes(b"\xff\xfe[")
    config.chmod(0o600)
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        read_profiles()
    config.unlink()
    assert read_profiles() == {}
    config.mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_profiles()


@POSIX
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_who_may_write_it(config: Path, mode: int) -> None:
    """A config that others can write could run their program: the line says how to mend it."""
    write(config, "[profiles.acme]\n", mode)
    with pytest.raises(ConfigurationError, match=f"Fix it with: chmod go-w {config}"):
        read_profile("acme")
    config.chmod(0o644)
    assert read_profile("acme").name == "acme"


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_who_may_read_the_key(config: Path, tmp_path: Path, mode: int) -> None:
    """So it is with a file that holds the key."""
    key = tmp_path / "key"
    key.write_text("k1\n")
    key.chmod(mode)
    write(config, f"[profiles.acme]\napi_key_file = '{key}'\n")
    with pytest.raises(ConfigurationError, match=f"Fix it with: chmod 600 {key}"):
        read_profile("acme").api_key()
    key.chmod(0o600)
    assert read_profile("acme").api_key() == "k1"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_how_editors_write_a_key(tmp_path: Path, encoding: str) -> None:
    """Notepad puts a byte-order mark in front, and PowerShell writes UTF-16."""
    key = tmp_path / "key"
    key.write_text("k1\r\n", encoding)
    assert read_key_file(key) == "k1"


def test_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes last; without the extra, a profile that needs it says how to install it."""
    kept = {("litmos-async", "acme"): "from-keyring"}
    ring: Any = SimpleNamespace(get_password=lambda service, name: kept.get((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert Profile("acme", keyring=True).api_key({}) == "from-keyring"
    assert Profile("acme").api_key({"LITMOS_API_KEY": "k"}) == "k"
    with pytest.raises(MissingOption):
        Profile("other", keyring=True).api_key({})
    ring.get_password = lambda *_: 1 / 0
    with pytest.raises(ConfigurationError, match="the keyring cannot be read: ZeroDivisionError"):
        Profile("acme", keyring=True).api_key({})
    with pytest.raises(MissingOption):
        Profile("acme").api_key({})
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match=r'pip install "litmos-async\[keyring\]"'):
        Profile("acme", keyring=True).api_key({})


@pytest.mark.parametrize("key", ["a b", "two words more", "k\tk", "k\u00a0k", "k\nk"])
@pytest.mark.parametrize("place", ["argument", "variable", "file", "standard input", "command", "keyring"])
def test_a_key_with_a_space(
    config: Path, tmp_path: Path, place: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before a request is spent, wherever it comes from; only the first line of a command counts."""
    said = ""
    options: dict[str, Any] = {"source": "tests", "limiter": "memory://"}
    if place == "argument":
        options["api_key"] = key
    elif place == "variable":
        monkeypatch.setenv("LITMOS_API_KEY", key)
    elif place == "file":
        (tmp_path / "key").write_text(key, "utf-8")
        (tmp_path / "key").chmod(0o600)
        said = f"api_key_file = {json.dumps(str(tmp_path / 'key'))}\n"
    elif place == "standard input":
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(key.encode())))
        options["api_key"] = read_key_stdin()
    elif place == "command":
        said = prints(key.replace("\n", " "))
    else:
        said = "keyring = true\n"
        monkeypatch.setitem(sys.modules, "keyring", SimpleNamespace(get_password=lambda *_: key))
    write(config, f"[profiles.acme]\n{said}")
    with pytest.raises(ConfigurationError, match="the API key has a space") as refused:
        LitmosClient.from_profile("acme", **options)
    assert key not in str(refused.value)


def test_a_command_without_end(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is ended, and the line says so."""
    monkeypatch.setattr(profiles, "COMMAND_SECONDS", 0.01)
    command = json.dumps([sys.executable, "-c", "import time; time.sleep(3600)"])
    write(config, f"[profiles.acme]\napi_key_command = {command}\n")
    with pytest.raises(
        ConfigurationError, match=r"the api_key_command of profile 'acme' took longer than 0.01 s"
    ):
        read_profile("acme").api_key({})


def test_a_command_takes_nothing_from_a_pipe(config: Path) -> None:
    """`ssh` reads all that it is given: the lines of a file, and the calls of an assistant to its server."""
    program = "import sys; print('k', len(sys.stdin.read()), sep='')"
    write(config, f"[profiles.acme]\napi_key_command = {json.dumps([sys.executable, '-c', program])}\n")
    code = (
        "import sys; from litmos_async.profiles import read_profile; "
        "print(read_profile('acme').api_key({}), sys.stdin.read())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], input="user,course", capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == ["k0", "user,course"]


def test_no_keyring_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that does not speak of it works without the extra: what is missing is the key."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(MissingOption, match="no API key"):
        Profile("acme").api_key({})


@pytest.mark.parametrize(
    ("given", "key"), [(b"k1\r\n", "k1"), (b" \n", None), (b"\xff\xfe\x00", None), (None, None)]
)
def test_a_key_from_standard_input(
    monkeypatch: pytest.MonkeyPatch, given: bytes | None, key: str | None
) -> None:
    """It holds the key and nothing else; a program without a standard input has none."""
    stdin = None if given is None else SimpleNamespace(buffer=io.BytesIO(given))
    monkeypatch.setattr(sys, "stdin", stdin)
    if key is not None:
        assert read_key_stdin() == key
        return
    with pytest.raises(ConfigurationError, match="standard input holds no API key"):
        read_key_stdin()


@POSIX
def test_a_file_of_another_user(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its owner could run a program as this user."""
    write(config, "[profiles.acme]\n")
    if config.stat().st_uid == 0:
        os.chown(config, 4242, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4242)
    with pytest.raises(ConfigurationError, match="belongs to another user, and is not used"):
        read_profile("acme")


def test_on_windows(config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Permissions say nothing there, and what programs remember is in the folder for local data."""
    write(config, "[profiles.acme]\ncolumns = {Mail = 'email'}\n", 0o666)
    monkeypatch.setattr(sys, "platform", "win32")
    assert read_profile("acme").columns == {"Mail": "email"}
    assert state_folder({"LOCALAPPDATA": str(tmp_path)}) == tmp_path / "litmos-async"
    assert state_folder({}).parts[-3:] == ("AppData", "Local", "litmos-async")


def test_a_home_that_cannot_be_written_to(tmp_path: Path) -> None:
    """The limit is kept in memory."""
    (tmp_path / "state").write_text("a file where the folder should be")
    assert shared_by_this_user({"XDG_STATE_HOME": str(tmp_path / "state")}) == "memory://"


async def test_a_limiter_has_its_own_limit(config: Path) -> None:
    """The limit of the profile is for the limiter that the profile names."""
    write(config, "[profiles.acme]\nregion = 'eu'\nlimit = '20/6'\n" + prints("k1"))
    async with LitmosClient.from_profile("acme", source="t", limiter=MemoryLimiter(RateLimit(7))) as litmos:
        assert litmos.quota.limit == 7


def test_a_limit() -> None:
    """Requests and seconds."""
    assert Profile("acme", limit="20/6").rate_limit == RateLimit(20, 6.0, burst=20)
    assert Profile("acme").rate_limit is None
