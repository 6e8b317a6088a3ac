"""A sandbox in process, a client for it, and readers of what exports write."""

from __future__ import annotations

import csv
import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from litmos_async import LitmosClient, RateLimit
from litmos_async.sandbox import Sandbox, Tenant

KEY: Final = "sandbox-key"
BASE: Final = "http://127.0.0.1/v1.svc"


@asynccontextmanager
async def reach(sandbox: Sandbox, *, key: str = KEY, **options: Any) -> AsyncGenerator[LitmosClient]:
    """Give a client that reaches the sandbox in process, without a limit that is felt."""
    options.setdefault("transport", httpx.ASGITransport(app=sandbox.app))
    options.setdefault("rate_limit", RateLimit(100_000, 60.0, 100_000))
    async with LitmosClient(key, "tests", base_url=BASE, **options) as litmos:
        yield litmos


def open_sandbox(tenant: Tenant, **options: Any) -> Sandbox:
    """Return a sandbox without a quota."""
    return Sandbox(tenant, requests=1_000_000, api_key=KEY, **options)


def crowd(people: int, **more: Any) -> Tenant:
    """Return a tenant with so many people."""
    tenant = Tenant()
    for number in range(people):
        tenant.add_user(
            UserName=f"user.{number}@example.com", FirstName="Ada", LastName=f"No {number}", **more
        )
    return tenant


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a file or of all files of a folder, as their format has them."""
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.name[0] not in "._")
        return [row for each in files for row in rows_of(each)]
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def texts_of(path: Path) -> list[str]:
    """Return the rows as comparable texts, sorted, without when they were exported."""
    return sorted(text_of(row) for row in rows_of(path))


def text_of(row: dict[str, Any]) -> str:
    """Return a row as text."""
    return json.dumps(
        {name: row[name] for name in row if name != "_exported_at"}, default=str, sort_keys=True
    )


def present(rows: Iterable[dict[str, Any]], key: Iterable[str]) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return the newest row of each key, without those that are gone. Rows come in the order of their runs."""
    key = tuple(key)
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        mark = tuple(str(row[name]) for name in key)
        found.pop(mark, None)
        if row["_deleted"] not in {True, "true"}:
            found[mark] = row
    return found


def read_folder(folder: Path, format: str) -> int:
    """Return how many rows pyarrow finds in a folder, read as it is."""
    kind = {"jsonl": "json"}.get(format, format)
    return int(ds.dataset(folder, format=kind).count_rows())


def manifest_of(dest: Path) -> dict[str, Any]:
    """Return the manifest of an export."""
    path = dest / "_manifest.json" if dest.is_dir() else dest.with_name(f"{dest.name}.manifest.json")
    plain: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return plain
