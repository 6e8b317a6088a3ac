"""The command line."""

from __future__ import annotations

import asyncio
import io
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litmos_async import LitmosClient, __version__
from litmos_async.bulk import Bulk
from litmos_async.cli import app as module
from litmos_async.cli import main, options
from litmos_async.cli.app import run
from litmos_async.cli.flow import Order
from litmos_async.cli.tasks import COURSE, LEARNING_PATH, TEAM, USER, NameColumn
from litmos_async.cli.terminal import Terminal

FILE = ("assign", "courses", "people.csv")


NO_MAIL = ("--send-message", "no")
NOTHING_SAID = {"verify": False, "stop_after_failures": None, "skip_existing": False}

Ordered = list[tuple[Order, Callable[[], LitmosClient], Terminal]]


@pytest.fixture
def ordered(monkeypatch: pytest.MonkeyPatch) -> Ordered:
    """What would be carried out."""
    orders: list[Any] = []

    async def note(*order: Any) -> int:
        orders.append(order)
        return 0

    monkeypatch.setattr(options, "carry_out", note)
    return orders


@pytest.mark.parametrize(
    ("words", "columns", "helper", "said"),
    [
        (
            "assign courses --send-message yes",
            (USER, COURSE),
            "assign_courses_to_users",
            {"send_message": True},
        ),
        (
            "assign courses --send-message no --via import",
            (USER, COURSE),
            "assign_courses_to_users",
            {"send_message": False, "via": "import"},
        ),
        (
            "assign courses --send-message no --teams --library",
            (TEAM, COURSE),
            "assign_courses_to_teams",
            {"send_message": False, "library": True, "include_sub_teams": False},
        ),
        (
            "assign learning-paths --send-message yes",
            (USER, LEARNING_PATH),
            "assign_learning_paths_to_users",
            {"send_message": True},
        ),
        (
            "assign learning-paths --send-message no --teams --include-sub-teams",
            (TEAM, LEARNING_PATH),
            "assign_learning_paths_to_teams",
            {"send_message": False, "include_sub_teams": True},
        ),
        ("assign teams", (USER, TEAM), "add_users_to_teams", {"send_message": False}),
        (
            "assign teams --send-message yes --via import",
            (USER, TEAM),
            "add_users_to_teams",
            {"send_message": True, "via": "import"},
        ),
        ("remove courses", (USER, COURSE), "remove_courses_from_users", {}),
        (
            "remove courses --teams --library",
            (TEAM, COURSE),
            "remove_courses_from_teams",
            {"library": True},
        ),
        ("remove learning-paths", (USER, LEARNING_PATH), "remove_learning_paths_from_users", {}),
        ("remove learning-paths --teams", (TEAM, LEARNING_PATH), "remove_learning_paths_from_teams", {}),
        ("remove teams", (USER, TEAM), "remove_users_from_teams", {}),
        (
            "remove teams --skip-existing --verify --stop-after 5 --journal night.db",
            (USER, TEAM),
            "remove_users_from_teams",
            {
                "skip_existing": True,
                "verify": True,
                "stop_after_failures": 5,
                "journal": Path("night.db"),
            },
        ),
        ("remove teams --no-skip-existing", (USER, TEAM), "remove_users_from_teams", {}),
    ],
)
def test_what_the_commands_do(
    ordered: Ordered, words: str, columns: tuple[NameColumn, ...], helper: str, said: dict[str, Any]
) -> None:
    """Each command needs its columns, starts its helper, and passes on what was said."""
    assert run([*words.split(), "people.csv"]) == 0
    ((order, _, _),) = ordered
    assert order.task.columns == columns
    assert order.task.helper is getattr(Bulk, helper)
    assert order.task.options == NOTHING_SAID | said


def test_what_is_shown_and_written(ordered: Ordered) -> None:
    """Options about the output reach the flow."""
    assert run([*FILE, *NO_MAIL]) == 0
    words = "--dry-run --outcomes o.csv --plan-json p.json --quiet"
    assert run([*FILE, *NO_MAIL, *words.split()]) == 0
    (first, _, loud), (second, _, quiet) = ordered
    assert first == Order(first.task, Path("people.csv"))
    assert second == Order(
        second.task, Path("people.csv"), Path("o.csv"), dry_run=True, plan_json=Path("p.json")
    )
    assert (loud.quiet, quiet.quiet) == (False, True)


def test_the_account(ordered: Ordered, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The key comes from a file or the environment; limit, region or address go to the client."""
    key = tmp_path / "key"
    key.write_text("from-file\n")
    assert run([*FILE, *NO_MAIL, "--api-key-file", str(key), "--region", "eu"]) == 0
    monkeypatch.setenv("LITMOS_API_KEY", "from-environment")
    monkeypatch.setenv("LITMOS_SOURCE", "nightly")
    assert run([*FILE, *NO_MAIL, "--base-url", "http://127.0.0.1:1/v1.svc", "--limit", "20/6.5"]) == 0

    async def client(connect: Callable[[], LitmosClient]) -> tuple[str, str, str, int, float]:
        async with connect() as litmos:
            service, quota = litmos._sender._service, litmos.quota
            source = service.query.removeprefix("source=")
            return service.credentials["apikey"], source, litmos.base_url, quota.limit, quota.period

    assert [asyncio.run(client(order[1])) for order in ordered] == [
        ("from-file", "litmos-cli", "https://api.litmoseu.com/v1.svc", 100, 60.0),
        ("from-environment", "nightly", "http://127.0.0.1:1/v1.svc", 20, 6.5),
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
        ((*FILE, "--send-message", "no", "--api-key-file", "none"), "none cannot be read: No such file"),
        ((*FILE, "--send-message", "no"), "cannot use people.csv: No such file"),
        (
            ("assign", "courses", "-", *NO_MAIL, "--api-key-file", "-"),
            "standard input cannot hold both the CSV and the API key",
        ),
        ((*FILE, *NO_MAIL, "--library"), "--library is for teams: add --teams"),
        ((*FILE, *NO_MAIL, "--include-sub-teams"), "--include-sub-teams is for teams: add --teams"),
        ((*FILE, *NO_MAIL, "--teams", "--via", "import"), "a team cannot be imported"),
        ((*FILE, *NO_MAIL, "--stop-after", "0"), "Must be >= 1"),
        (("assign", "learning-paths", "people.csv"), "--send-message is missing."),
        (("remove", "courses", "people.csv", "--library"), "--library is for teams: add --teams"),
        (("remove", "courses", "people.csv", "--send-message", "no"), "Unknown option"),
        (("jobs", "show", "none.db"), "there is no such file"),
        (("assign", "courses", "a.csv", "b.csv", "c.csv", *NO_MAIL), "arguments: b.csv c.csv"),
        (("quota",), "no API key: set LITMOS_API_KEY, or name a file with --api-key-file"),
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
    names = "send-message teams verify journal dry-run outcomes plan-json api-key-file source region limit"
    assert all(f"--{name} " in shown for name in names.split())
    assert "LITMOS_API_KEY" in shown
    assert all(told in shown for told in ("a wrong key", "cannot be reached", "130: Ctrl-C", "143: SIGTERM"))
    for name in ("check", "init", "quota", "sandbox", "deactivate", "demo"):
        assert run([name, "--help"]) == 0
        assert "exit code" in capsys.readouterr().out.casefold()
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


@pytest.mark.parametrize(
    ("command", "package", "extras"),
    [("demo", "uvicorn", "cli,sandbox"), ("sandbox", "uvicorn", "cli,sandbox"), ("mcp", "mcp", "mcp")],
)
def test_a_command_without_its_extra(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    package: str,
    extras: str,
) -> None:
    """It says how to install it."""
    monkeypatch.setitem(sys.modules, package, None)
    assert run([command]) == 2
    shown = capsys.readouterr()
    told = f'litmos {command} needs more packages: pip install "litmos-async[{extras}]"'
    assert (shown.out, told in shown.err) == ("", True)


def test_an_assistant_that_ends_it(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    """Once standard input is at its end, `litmos mcp` is as well."""
    monkeypatch.setenv("LITMOS_API_KEY", "k")
    monkeypatch.setenv("LITMOS_CONFIG", str(tmp_path / "none"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert run(["mcp"]) == 0
    assert capsysbinary.readouterr().out == b""


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
        # By its path: pytest has a loader of its own for the package, which has a plugin for it.
        runpy.run_path(str(Path(module.__file__ or "").with_name("__main__.py")), run_name="__main__")
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"{__version__}\n"
