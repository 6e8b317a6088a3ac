"""A secret in LoginKey, Password or an unknown field turns up in no output, state, manifest or report."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import httpx
import pytest

from litmos_async.export import lists, schema
from litmos_async.report import csv_text, page
from litmos_async.sandbox import Tenant
from tests.export.small import open_sandbox, reach, rows_of

MARK: Final = "hush-hush-0815"


def server(wire: str) -> httpx.MockTransport:
    """Return a server that puts a secret wherever one may stand, nested too."""
    secret = {
        "LoginKey": MARK,
        "Password": MARK,
        "loginkey": MARK,
        "Nested": {"Password": MARK, "Kept": "yes"},
    }
    row = {"Id": "u1", "UserName": "ada@example.com", "CourseId": "c1", "CourseName": "Safety", "Code": "S-1"}

    def handle(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("start", "0"))
        return httpx.Response(200, json=[row | secret] if start == 0 else [])

    del wire
    return httpx.MockTransport(handle)


@pytest.mark.costly
@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
async def test_no_secret_anywhere(format: str, tmp_path: Path) -> None:
    """Not in the files, nor in the manifest or the state, whether the run ended or not."""
    async with reach(open_sandbox(Tenant()), transport=server("json"), wire="json") as litmos:
        for name in ("users", "user_details", "results"):
            await litmos.export.run(name, f"{tmp_path}/{name}/", format=format, state=tmp_path / f"{name}.db")
            rows = rows_of(tmp_path / name)
            assert len(rows) == 1
            assert "yes" in str(rows[0]["extra"])
        made = await litmos.report.make("completion")
        (tmp_path / "report.html").write_text(page(made))
        (tmp_path / "report.csv").write_text(csv_text(made))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert MARK.encode() not in path.read_bytes(), path


async def test_secrets_on_request(tmp_path: Path) -> None:
    """With `with_secrets` they are there, and with a column that is named that one is."""
    async with reach(open_sandbox(Tenant()), transport=server("json"), wire="json") as litmos:
        await litmos.export.run("user_details", tmp_path / "all.jsonl", with_secrets=True)
        await litmos.export.run("user_details", tmp_path / "one.jsonl", columns=["id", "login_key", "extra"])
    (row,) = rows_of(tmp_path / "all.jsonl")
    assert row["login_key"] == MARK
    assert row["extra"]["Nested"]["Password"] == MARK
    (row,) = rows_of(tmp_path / "one.jsonl")
    assert row["login_key"] == MARK
    assert MARK not in str(row["extra"])


def test_schemas() -> None:
    """A schema names a secret only where it was asked for."""
    for each in lists():
        assert not {"login_key", "password"} & set(schema(each.name).names)
        assert not {"login_key", "password"} & set(schema(each.name).json_schema()["properties"])
    assert "login_key" in schema("user_details", with_secrets=True).names
    assert "login_key" in schema("user_details", with_secrets=True).json_schema()["properties"]
