"""`litmos probe` writes its report, and says what is in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from litmos_async.cli import main
from litmos_async.testing import MOST_REQUESTS


def test_without_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written where the account cannot be read."""
    for name in ("LITMOS_API_KEY", "LITMOS_BASE_URL", "LITMOS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["litmos", "probe", str(tmp_path / "probe.json")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert not (tmp_path / "probe.json").exists()
    assert "LITMOS_API_KEY" in capsys.readouterr().err


async def test_a_report(tmp_path: Path) -> None:
    """Sixty requests to a sandbox over HTTP, and a file of plain data."""
    import asyncio  # noqa: PLC0415
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415

    from litmos_async.sandbox import Sandbox, Tenant  # noqa: PLC0415

    sandbox = Sandbox(Tenant.example(users=5))
    own = {"LITMOS_API_KEY": "sandbox-key", "LITMOS_LIMIT": "memory://", "XDG_CONFIG_HOME": str(tmp_path)}
    path = tmp_path / "probe.json"
    async with sandbox.serve() as base_url:
        words = ["-m", "litmos_async.cli", "probe", str(path)]
        environment = {**os.environ, **own, "LITMOS_BASE_URL": base_url}
        process = await asyncio.create_subprocess_exec(sys.executable, *words, env=environment)
        assert await process.wait() == 0
    assert json.loads(path.read_text())["requests"] == len(sandbox.requests) == MOST_REQUESTS
