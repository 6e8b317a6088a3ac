"""`litmos check`, `litmos init` and `litmos sandbox`."""

from __future__ import annotations

import asyncio
import errno
import getpass
import io
import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.cli import check, init, options
from litmos_async.cli.app import run
from litmos_async.obstacle import obstacle_in
from litmos_async.profiles import read_profile
from litmos_async.sandbox import Fault, Sandbox
from tests.cli.small import KEY, organisation

HOSTS = {"api.litmos.com": "us", "api.litmoseu.com": "eu", "api.litmos.com.au": "au"}


class World(httpx.AsyncBaseTransport):
    """The hosts of all regions: the account lives in one of them, the others reject its key."""

    def __init__(self, home: str = "eu") -> None:
        self.home = home
        self.sandbox = Sandbox(organisation(), requests=10_000)
        self.asked = list[str]()
        self.problem: Exception | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the host would."""
        self.asked.append(request.url.host)
        if self.problem is not None:
            raise self.problem
        if HOSTS.get(request.url.host, self.home) != self.home:
            return httpx.Response(401, text="Invalid API key")
        return await httpx.ASGITransport(app=self.sandbox.app).handle_async_request(request)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """Let all clients of these commands reach it."""
    found = World()

    def client(*words: object, **options: object) -> LitmosClient:
        return LitmosClient(*words, **options, transport=found)

    for module in (check, init):
        monkeypatch.setattr(module, "LitmosClient", client)
    monkeypatch.setenv("LITMOS_CONFIG", str(tmp_path / "config" / "config.toml"))
    monkeypatch.setenv("LITMOS_API_KEY", KEY)
    return found


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """Return what was written for programs."""
    return dict(json.loads(capsys.readouterr().out))


def test_a_key_that_works(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """One request, and what it showed."""
    assert run(["check", "--region", "eu"]) == 0
    assert world.asked == ["api.litmoseu.com"]
    told = capsys.readouterr().out
    assert re.search(r"host +api\.litmoseu\.com\n +region +eu\n +people +3\n", told)


def test_another_region(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The key is right: the line says where it works."""
    assert run(["check"]) == 1
    assert "the key works in region eu, not in us: use --region eu" in capsys.readouterr().err
    assert world.asked[0] == "api.litmos.com"
    assert run(["check", "--json"]) == 1
    found = document(capsys)
    assert (found["problem"], found["region"], found["works_in"], found["ok"]) == (
        "region",
        "us",
        "eu",
        False,
    )


def test_a_wrong_key(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No region takes it; at an address of its own no other one is asked."""
    monkeypatch.setenv("LITMOS_API_KEY", "wrong")
    assert run(["check", "--json"]) == 1
    assert document(capsys)["problem"] == "key"
    assert set(world.asked) == {*HOSTS}
    world.asked.clear()
    assert run(["check", "--json", "--base-url", "https://litmos.example.com/v1.svc"]) == 1
    assert document(capsys)["problem"] == "key"
    assert set(world.asked) == {"litmos.example.com"}


@pytest.mark.parametrize(
    ("problem", "word", "told"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name", "there is no host api.litmoseu.com"),
        (ConnectionRefusedError(111, "Connection refused"), "refused", "refuses connections"),
        (ssl.SSLCertVerificationError("self-signed"), "certificate", "SSL_CERT_FILE"),
        (ssl.SSLError("WRONG_VERSION_NUMBER"), "tls", "does not speak HTTPS"),
        (httpx.ProxyError("407 Proxy Authentication Required"), "proxy", "check HTTPS_PROXY"),
        (TimeoutError(), "timeout", "a firewall may be in the way"),
        (OSError("strange"), "network", "cannot be reached"),
    ],
)
def test_what_is_in_the_way(
    world: World, capsys: pytest.CaptureFixture[str], problem: Exception, word: str, told: str
) -> None:
    """Each obstacle has a word for programs and a line for people, which names the host."""
    raised = problem if isinstance(problem, httpx.ProxyError) else httpx.ConnectError("failed")
    if raised is not problem:
        raised.__cause__ = ExceptionGroup("attempts", [problem])
    assert obstacle_in(raised) == ("" if word == "network" else word)
    world.problem = raised
    found = asyncio.run(
        check.examine(lambda _: LitmosClient(KEY, "t", region="eu", transport=world, limiter="memory://"))
    )
    assert (found.problem, found.host, found.region) == (word, "api.litmoseu.com", "eu")
    assert told in found.message
    assert "api.litmoseu.com" in found.message


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (Fault(status=503, headers={"Retry-After": "60"}, times=100), "limit"),
        (Fault(status=404, times=100), "address"),
        (Fault(status=400, times=100), "server"),
        (Fault(status=403, times=100), "forbidden"),
    ],
)
def test_what_the_server_says(
    world: World, capsys: pytest.CaptureFixture[str], fault: Fault, word: str
) -> None:
    """A limit that is used up, an address of something else, a server at odds."""
    world.sandbox.faults.add(fault)
    assert run(["check", "--json", "--region", "eu", "--limiter", "memory://"]) == 1
    assert document(capsys)["problem"] == word


def profile(tmp_path: Path, text: str) -> None:
    """Write a profile."""
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir()
    path.write_text(f"[profiles.default]\nregion = 'eu'\n[profiles.default.options]\n{text}\n")
    path.chmod(0o600)


@pytest.mark.usefixtures("world")
def test_the_options_of_a_profile(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One that no command has is a slip, and is said here: a command passes over what is another's."""
    profile(tmp_path, "skip_existing = true\nmax_removal = 0")
    assert run(["check"]) == 2
    assert "'max_removal', which no command has; did you mean max-removals?" in capsys.readouterr().err


@pytest.mark.usefixtures("world")
def test_defaults_of_options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They stand in for options that are not given, and only for those that a command has."""
    orders = list[Any]()

    async def note(order: Any, *_: Any) -> int:
        orders.append(order)
        return 0

    monkeypatch.setattr(options, "carry_out", note)
    lines = ("skip_existing = true", "stop-after = 3", "max_removals = '5%'", "journal = 'n.db'")
    profile(tmp_path, "\n".join([*lines, "send_message = 'no'"]))
    (tmp_path / "p.csv").write_text("user,course\n")
    monkeypatch.chdir(tmp_path)
    assert run(["assign", "courses", "p.csv"]) == 0
    assert run(["assign", "courses", "p.csv", "--no-skip-existing", "--stop-after", "1"]) == 0
    assert run(["sync", "teams", "p.csv"]) == 0
    first, second, third = (order.task.options for order in orders)
    assert (first["skip_existing"], first["stop_after_failures"], first["journal"]) == (True, 3, Path("n.db"))
    assert (second["skip_existing"], second["stop_after_failures"]) == (False, 1)
    assert third["max_removals"] == 0.05
    assert "skip_existing" not in third


def test_nothing_to_try(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a key nothing is sent."""
    assert run(["check"]) == 2
    assert "no API key" in capsys.readouterr().err


Answer = Callable[[str], None]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Write the answers to the questions of `init`."""
    return lambda text: monkeypatch.setattr(sys, "stdin", io.StringIO(text))


@pytest.mark.usefixtures("world")
def test_a_first_profile(
    answer: Answer, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Region, source and key are asked for, tried, and written down for their owner alone."""
    monkeypatch.delenv("LITMOS_API_KEY")
    answer(f"mars\nus\nacme-hr\n{KEY}\n\n")
    assert run(["init", "acme"]) == 0
    shown = capsys.readouterr()
    assert "there is no region 'mars'" in shown.err
    assert "the key works in region eu, not in us" in shown.out
    assert KEY not in shown.out + shown.err
    config, key = tmp_path / "config" / "config.toml", tmp_path / "config" / "keys" / "acme"
    assert config.read_text() == (
        f'[profiles.acme]\nregion = "eu"\nsource = "acme-hr"\napi_key_file = "{key}"\n'
    )
    assert read_profile("acme").api_key({}) == KEY
    if sys.platform != "win32":
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (config, key, key.parent)]
        assert modes == [0o600, 0o600, 0o700]
    assert run(["check", "--profile", "acme"]) == 0
    assert "profile  acme" in capsys.readouterr().out


@pytest.mark.usefixtures("world")
def test_a_second_profile(answer: Answer, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It is written behind the first one, which is not written over."""
    answer("")
    key = tmp_path / "key"
    key.write_text(KEY)
    key.chmod(0o600)
    words = ["--region", "eu", "--source", "ö", "--yes"]
    assert run(["init", *words, "--api-key-file", str(key)]) == 0
    assert run(["init", "second", *words]) == 0
    assert read_profile("default").api_key_file == str(key)
    assert read_profile("second").source == "ö"
    assert run(["init", *words]) == 2
    assert "there is a profile 'default'" in capsys.readouterr().err
    assert run(["init", "a b"]) == 2


def test_an_account_that_does_not_work(world: World, answer: Answer, tmp_path: Path) -> None:
    """The profile is written only if that is meant."""
    world.home = "nowhere"
    words = ["init", "acme", "--region", "eu", "--source", "hr"]
    answer("\n")
    assert run(words) == 1
    assert not (tmp_path / "config").exists()
    answer("y\n")
    assert run(words) == 0
    assert read_profile("acme").region == "eu"


@pytest.mark.usefixtures("world")
def test_a_key_that_is_typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal it is not shown, while the other answers are."""

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    asked = list[str]()

    def hidden(question: str) -> str:
        asked.append(question)
        return f" {KEY}\n"

    monkeypatch.delenv("LITMOS_API_KEY")
    monkeypatch.setattr(sys, "stdin", Keyboard("hr\n"))
    monkeypatch.setattr(getpass, "getpass", hidden)
    assert run(["init", "--region", "eu"]) == 0
    assert asked == ["API key (not shown): "]
    shown = capsys.readouterr()
    assert "Source, a short name" in shown.err
    assert KEY not in shown.out + shown.err
    assert read_profile("default").api_key({}) == KEY


@pytest.mark.usefixtures("world")
def test_the_keyring(
    answer: Answer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The key goes there and into no file; a keyring that takes none leaves no profile."""
    kept = dict[tuple[str, str], str]()
    words = ["init", "acme", "--region", "eu", "--source", "hr", "--keep-key-in", "keyring"]
    config = tmp_path / "config" / "config.toml"
    for ring, told in (
        (None, 'pip install "litmos-async[keyring]"'),
        (SimpleNamespace(set_password=lambda *_: 1 / 0), "the keyring cannot be written: ZeroDivisionError"),
    ):
        monkeypatch.setitem(sys.modules, "keyring", ring)
        assert run(words) == 2
        shown = capsys.readouterr().err
        assert told in shown
        assert KEY not in shown
        assert not config.exists()
    ring = SimpleNamespace(
        set_password=lambda service, name, key: kept.update({(service, name): key}),
        get_password=lambda service, name: kept.get((service, name)),
    )
    monkeypatch.setitem(sys.modules, "keyring", ring)
    assert run(words) == 0
    assert kept == {("litmos-async", "acme"): KEY}
    assert config.read_text("utf-8") == ('[profiles.acme]\nregion = "eu"\nsource = "hr"\nkeyring = true\n')
    assert [path.name for path in config.parent.iterdir()] == [config.name]
    assert read_profile("acme").api_key({}) == KEY


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(
    ("in_the_way", "told"),
    [("config/keys/acme", "cannot write .*acme"), ("config/config.toml", "config.toml")],
)
def test_what_cannot_be_written(
    tmp_path: Path, in_the_way: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line names the file, and there is no profile."""
    (tmp_path / in_the_way).mkdir(parents=True)
    assert run(["init", "acme", "--region", "eu", "--source", "hr", "--yes"]) == 2
    shown = capsys.readouterr().err
    assert re.search(told, shown)
    assert shown.count("\n") == 1


@pytest.mark.usefixtures("world")
def test_a_disk_that_fills_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The profiles that are there stay as they are."""
    config, key = tmp_path / "config" / "config.toml", tmp_path / "key"
    config.parent.mkdir()
    before = '[profiles.old]\nregion = "us"\n'
    config.write_text(before)
    key.write_text(KEY)
    key.chmod(0o600)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    words = ["init", "acme", "--region", "eu", "--source", "hr", "--api-key-file", str(key), "--yes"]
    assert run(words) == 2
    assert capsys.readouterr().err == f"litmos: cannot write {config}: No space left on device\n"
    assert config.read_text() == before


def test_a_region_in_which_the_key_works(world: World, tmp_path: Path) -> None:
    """With --yes it is taken without a question."""
    assert run(["init", "--region", "us", "--source", "hr", "--yes"]) == 0
    assert read_profile("default").region == "eu"
    assert set(world.asked) <= set(HOSTS)


def test_what_the_environment_says(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The address, region and source of the environment are tried and written down; an option goes before them."""
    monkeypatch.setenv("LITMOS_SOURCE", "nightly")
    monkeypatch.setenv("LITMOS_REGION", "eu")
    assert run(["init", "one", "--yes"]) == 0
    monkeypatch.setenv("LITMOS_BASE_URL", "https://litmos.example.com/v1.svc")
    assert run(["init", "two", "--yes"]) == 0
    assert run(["init", "three", "--region", "eu", "--source", "hr", "--yes"]) == 0
    assert world.asked == ["api.litmoseu.com", "litmos.example.com", "api.litmoseu.com"]
    one, two, three = (read_profile(name) for name in ("one", "two", "three"))
    assert (one.region, one.base_url, one.source) == ("eu", None, "nightly")
    assert (two.region, two.base_url, two.source) == (None, "https://litmos.example.com/v1.svc", "nightly")
    assert (three.region, three.base_url, three.source) == ("eu", None, "hr")
    monkeypatch.setenv("LITMOS_BASE_URL", "")
    monkeypatch.setenv("LITMOS_REGION", "mars")
    capsys.readouterr()
    assert run(["init", "four", "--yes"]) == 2
    assert capsys.readouterr().err.startswith("litmos: LITMOS_REGION: there is no region 'mars'")


def test_no_standard_input(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As under cron: one line says what to give."""
    monkeypatch.setattr(sys, "stdin", None)
    assert run(["init", "--region", "eu"]) == 2
    assert "there is no one to ask" in capsys.readouterr().err
    assert world.asked == []


def test_no_one_to_ask(world: World, answer: Answer, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says what to give."""
    answer("")
    assert run(["init"]) == 2
    assert "there is no one to ask" in capsys.readouterr().err
    assert world.asked == []


@pytest.fixture
def sandbox_process() -> Iterator[subprocess.Popen[str]]:
    """`litmos sandbox`, on a free port."""
    words = [sys.executable, "-m", "litmos_async.cli", "sandbox", "--users", "7", "--limit", "5/60"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.costly
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_the_sandbox(sandbox_process: subprocess.Popen[str]) -> None:
    """It prints an environment that leads to it, and ends with SIGTERM."""
    assert sandbox_process.stdout is not None
    lines = [sandbox_process.stdout.readline() for _ in range(3)]
    environment = dict(line.removeprefix("export ").rstrip("\n").split("=", 1) for line in lines)
    ended = subprocess.run(
        [sys.executable, "-m", "litmos_async.cli", "check", "--json", "--limiter", "memory://"],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["people"] == 7
    sandbox_process.send_signal(signal.SIGTERM)
    assert sandbox_process.wait(timeout=60) == 143


def test_a_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, and exit code 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert run(["sandbox", "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot serve on port" in capsys.readouterr().err
