"""A limit that is kept where it cannot be used: what the commands say, and what they end with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from litmos_async import LitmosClient, MemoryLimiter
from litmos_async.cli import check, options, probe
from litmos_async.cli.app import run
from litmos_async.errors import ConfigurationError, LimiterUnavailable, LitmosError
from litmos_async.sandbox import Sandbox
from tests.cli.small import KEY, organisation

COMMANDS = ("check", "users list", "users list --json", "users show user.0@example.com", "probe")
REFUSED = ConfigurationError("redis://limits.example.com/0 does not accept user and password")
AWAY = LimiterUnavailable("redis://limits.example.com/0 cannot be used: ConnectionError")


class Unusable(MemoryLimiter):
    """A limiter that gives out nothing.

    Args:
        problem: What it raises.
    """

    def __init__(self, problem: LitmosError) -> None:
        super().__init__()
        self._problem = problem

    async def acquire(self, *_: Any, **__: Any) -> NoReturn:
        """Fail."""
        raise self._problem


@pytest.fixture(params=[REFUSED, AWAY], ids=["refused", "away"])
def problem(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> LitmosError:
    """Let the commands reach a small organisation, with a limiter that has this problem."""
    found: LitmosError = request.param
    transport = httpx.ASGITransport(app=Sandbox(organisation()).app)

    def client(**given: Any) -> LitmosClient:
        return LitmosClient(**given | {"transport": transport, "limiter": Unusable(found)})

    for module in (check, options, probe):
        monkeypatch.setattr(module, "LitmosClient", client)
    monkeypatch.setenv("LITMOS_API_KEY", KEY)
    monkeypatch.setenv("LITMOS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    return found


@pytest.mark.parametrize("words", COMMANDS)
def test_a_limiter_that_cannot_be_used(
    words: str, problem: LitmosError, capsys: pytest.CaptureFixture[str]
) -> None:
    """The reason is said. What the same words would meet again is a 2, and an outage is a 1."""
    assert run(words.split()) == (2 if problem is REFUSED else 1)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert str(problem) in shown.err


def test_for_programs(problem: LitmosError, capsys: pytest.CaptureFixture[str]) -> None:
    """A check has a word for it, where it could try."""
    code = run(["check", "--json"])
    shown = capsys.readouterr()
    if problem is AWAY:
        found = json.loads(shown.out)
        assert (code, found["ok"], found["problem"]) == (1, False, "limiter")
    else:
        assert (code, shown.out) == (2, "")
