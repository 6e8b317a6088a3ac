"""The command, at a small organisation."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from litmos_async.cli import options
from litmos_async.cli.app import run
from litmos_async.cli.order import Order
from litmos_async.sandbox import Sandbox
from litmos_async.testing import run_virtual
from tests.cli.small import Carry, Desk, Send, organisation


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """The command against a sandbox with three people and no quota in the way."""
    return Desk(tmp_path, Sandbox(organisation(), requests=10_000))


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep the environment and the user's own limit out, and put back what answers to signals."""
    for name in ("LITMOS_API_KEY", "LITMOS_SOURCE", "LITMOS_REGION", "LITMOS_BASE_URL", "LITMOS_LIMIT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.fixture
def carry_from_pipe(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Carry:
    """Carries out commands against the sandbox in process; they may wait for standard input, or for a pipe."""

    async def at_the_desk(order: Order, _: Any, terminal: Any) -> int:
        desk.order = order
        return await desk.run(quiet=terminal.quiet)

    monkeypatch.setattr(options, "carry_out", at_the_desk)
    return lambda words: run([*words.split(), str(desk.folder / "people.csv")])


@pytest.fixture
def carry(carry_from_pipe: Carry, monkeypatch: pytest.MonkeyPatch) -> Carry:
    """Carries out commands against the sandbox in process, on a clock that costs no time."""
    monkeypatch.setattr(asyncio, "run", run_virtual)
    return carry_from_pipe


@pytest.fixture
def send(desk: Desk, carry: Carry) -> Send:
    """Carries commands out on bytes."""

    def sent(data: bytes, words: str) -> int:
        (desk.folder / "people.csv").write_bytes(data)
        return carry(words)

    return sent
