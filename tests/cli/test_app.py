"""The command line."""

from __future__ import annotations

import asyncio
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litmos_async import Limiter, LitmosClient, RateLimit, __version__
from litmos_async.cli import app as module
from litmos_async.cli import main
from litmos_async.cli.app import run
from litmos_async.cli.assign import Order
from litmos_async.cli.counting import CountingLimiter
from litmos_async.cli.terminal import Terminal

FILE = ("assign", "courses", "people.csv")


@pytest.fixture
def ordered(
    monkeypatch: pytest.MonkeyPatch,
) -> list[tuple[Order, Callable[[Limiter], LitmosClient], Terminal]]:
    """What would be carried out."""
    orders: list[Any] = []

    async def note(*order: Any) -> int:
        orders.append(order)
        return 0

    monkeypatch.setattr(module, "assign_courses", note)
    return orders


def test_an_order(ordered: list[tuple[Order, Any, Terminal]]) -> None:
    """Options reach the job."""
    assert run([*FILE, "--send-message", "yes"]) == 0
    words = "--send-message=no --dry-run --outcomes o.csv --limit 20/6.5 --quiet"
    assert run([*FILE, *words.split()]) == 0
    (first, _, loud), (second, _, quiet) = ordered
    assert first == Order(Path("people.csv"), send_message=True, rate=RateLimit(100, 60.0))
    rate = RateLimit(20, 6.5, burst=20)
    assert second == Order(Path("people.csv"), False, rate, Path("o.csv"), dry_run=True)
    assert (loud.quiet, quiet.quiet) == (False, True)


def test_the_key_and_the_address(
    ordered: list[tuple[Order, Any, Terminal]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The key comes from a file or the environment; region or address go to the client."""
    key = tmp_path / "key"
    key.write_text("from-file\n")
    assert run([*FILE, "--send-message", "no", "--api-key-file", str(key), "--region", "eu"]) == 0
    monkeypatch.setenv("LITMOS_API_KEY", "from-environment")
    monkeypatch.setenv("LITMOS_SOURCE", "nightly")
    assert run([*FILE, "--send-message", "no", "--base-url", "http://127.0.0.1:1/v1.svc"]) == 0

    async def client(connect: Callable[[Limiter], LitmosClient]) -> tuple[str, str, str]:
        async with connect(CountingLimiter(RateLimit())) as litmos:
            config = litmos._sender._config
            return config.api_key, config.source, config.base_url

    assert [asyncio.run(client(order[1])) for order in ordered] == [
        ("from-file", "litmos-cli", "https://api.litmoseu.com/v1.svc"),
        ("from-environment", "nightly", "http://127.0.0.1:1/v1.svc"),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (FILE, "--send-message is missing. Whether the server may e-mail the people"),
        (("assign", "courses", "--send-message", "no"), "FILE is missing."),
        ((*FILE, "--send-message", "maybe"), '"yes", "no"'),
        ((*FILE, "--send-message", "no", "--limit", "100"), "expected requests/seconds, such as 100/60"),
        ((*FILE, "--send-message", "no", "--limit", "0/60"), "expected requests/seconds, such as 100/60"),
        ((*FILE, "--send-message", "no", "--api-key", "secret"), "Unknown option"),
        ((*FILE, "--send-message", "no", "--api-key-file", "none"), "none holds no API key"),
        ((*FILE, "--send-message", "no"), "cannot use people.csv: No such file"),
        (("fly",), "Unknown command"),
        (("demo", "--users", "3"), "Must be >= 10"),
    ],
)
def test_usage_errors(
    words: tuple[str, ...],
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """One line says what is wrong, without a word of what might be a secret; the exit code is 2."""
    monkeypatch.chdir(tmp_path)
    assert run(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert told in shown.err
    assert "secret" not in shown.err


def test_an_empty_key_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of the environment does not step in for a file that was named and holds none."""
    monkeypatch.setenv("LITMOS_API_KEY", "another")
    key = tmp_path / "key"
    key.write_text("\n")
    assert run([*FILE, "--send-message", "no", "--api-key-file", str(key)]) == 2
    assert "holds no API key" in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    """Both end with exit code 0; the help names every option, and tells where the key comes from."""
    assert run(["assign", "courses", "--help"]) == 0
    shown = capsys.readouterr().out
    options = "send-message dry-run outcomes api-key-file source region base-url limit quiet"
    assert all(f"--{name} " in shown for name in options.split())
    assert "LITMOS_API_KEY" in shown
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_the_demo_without_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how to install it."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert run(["demo"]) == 2
    assert (
        'litmos demo needs more packages: pip install "litmos-async[cli,sandbox]"' in capsys.readouterr().err
    )


def test_the_command_without_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how to install it."""
    monkeypatch.setitem(sys.modules, "cyclopts", None)
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert capsys.readouterr().err == 'litmos needs more packages: pip install "litmos-async[cli]"\n'


@pytest.mark.parametrize(("result", "code"), [(0, 0), (1, 1), (KeyboardInterrupt, 130)])
def test_the_exit_code(monkeypatch: pytest.MonkeyPatch, result: Any, code: int) -> None:
    """The process ends with the code of the command, also where Ctrl-C comes outside of a job."""

    def end(_words: list[str]) -> int:
        if isinstance(result, int):
            return result
        raise result

    monkeypatch.setattr(module, "run", end)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == code


def test_the_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m litmos_async.cli` is the command."""
    monkeypatch.setattr(sys, "argv", ["litmos", "--version"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("litmos_async.cli", run_name="__main__")
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"
