"""The example with dlt: rows in DuckDB under declared columns, and merged when they come again."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path
from typing import Any

import pytest

from litmos_async.sandbox import Sandbox, Tenant

dlt: Any = importlib.import_module("dlt")  # `nox -s large` brings it


@pytest.mark.filterwarnings("ignore")
async def test_into_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All columns are there, empty ones too, and a second load changes rows in place of adding them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    from examples.dlt_source import litmos_source  # noqa: PLC0415 - where dlt is there

    sandbox = Sandbox(Tenant.example(users=20), requests=1_000)
    target = dlt.destinations.duckdb(str(tmp_path / "x.duckdb"))
    async with sandbox.serve() as base_url:
        pipeline = dlt.pipeline("litmos", destination=target, dataset_name="d")

        def load() -> None:
            pipeline.run(litmos_source(["users", "results"], api_key="sandbox-key", base_url=base_url))

        await asyncio.to_thread(load)
        sandbox.tenant.change_user(next(iter(sandbox.tenant.users)), LastName="Changed")
        await asyncio.to_thread(load)
    with pipeline.sql_client() as client:
        rows = client.execute_sql("SELECT last_name, brand FROM users")
    assert len(rows) == 20
    assert "Changed" in {name for name, _ in rows}
