"""What is written: the rows that the server has, in every format, with the columns of the record and no others."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import httpx
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from litmos_async.export import lists, schema
from litmos_async.sandbox import Tenant
from tests.export.small import crowd, manifest_of, open_sandbox, reach, read_folder, rows_of

SINCE = timedelta(days=10)
FORMATS = ("jsonl", "csv", "parquet")


def since_of(name: str) -> datetime | None:
    """Return `since` for a list that demands one."""
    windowed = {each.name for each in lists() if each.windowed}
    return datetime.now(UTC) - SINCE if name in windowed else None


def year() -> Tenant:
    """Return a tenant in which every list has rows."""
    tenant = Tenant.example(users=25, seed=3)
    person = next(iter(tenant.users))
    tenant.users[person]["Custom"] = "unknown to this version"
    return tenant


@pytest.mark.parametrize("name", [each.name for each in lists()])
async def test_every_list_in_every_format(name: str, tmp_path: Path) -> None:
    """All formats hold the same rows under the same columns, as many as the manifest says."""
    since = since_of(name)
    wanted = schema(name)
    async with reach(open_sandbox(year())) as litmos:
        batches = [each async for each in litmos.export.batches(name, since=since)]
        rows = [row for each in batches for row in each.rows]
        counts = {
            format: (await litmos.export.run(name, tmp_path / f"{name}.{format}", since=since)).rows
            for format in FORMATS
        }
    assert counts == dict.fromkeys(FORMATS, len(rows))
    plain = rows_of(tmp_path / f"{name}.jsonl")
    assert sorted(plain, key=str) == sorted(rows, key=str)
    assert all(tuple(row) == wanted.names for row in rows)
    with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert sum(1 for _ in reader) == len(rows)
        assert reader.fieldnames is not None
        assert tuple(reader.fieldnames) == wanted.names
    table = pq.read_table(tmp_path / f"{name}.parquet")
    assert table.schema.remove_metadata() == wanted.arrow()
    assert table.num_rows == len(rows)


async def test_columns_are_those_of_the_record_and_not_of_the_data(tmp_path: Path) -> None:
    """An empty list has the same columns and types as a full one: a column is never missing for want of values."""
    async with reach(open_sandbox(Tenant())) as litmos:
        await litmos.export.run("results", tmp_path / "empty.parquet")
        await litmos.export.run("results", tmp_path / "empty.csv")
    async with reach(open_sandbox(year())) as litmos:
        await litmos.export.run("results", tmp_path / "full.parquet")
        await litmos.export.run("results", tmp_path / "full.csv")
    assert pq.read_schema(tmp_path / "empty.parquet") == pq.read_schema(tmp_path / "full.parquet")
    heads = [(tmp_path / f"{name}.csv").read_text("utf-8").splitlines()[0] for name in ("empty", "full")]
    assert heads[0] == heads[1]
    assert rows_of(tmp_path / "empty.parquet") == []


async def test_values_are_those_of_to_dict(tmp_path: Path) -> None:
    """JSON Lines hold what `to_dict` gives; CSV the same as text; Parquet as its own types."""
    async with reach(open_sandbox(year())) as litmos:
        told = {user.id: user.to_dict() async for user in litmos.users.list_details()}
        for format in FORMATS:
            await litmos.export.run("user_details", tmp_path / f"users.{format}")
    assert {row["id"]: row for row in rows_of(tmp_path / "users.jsonl")} == told
    for row in rows_of(tmp_path / "users.csv"):
        plain = told[row["id"]]
        for name, value in plain.items():
            if isinstance(value, dict | list):
                text = (
                    ""
                    if name == "extra" and not value
                    else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
                )
            else:
                text = (
                    {None: "", True: "true", False: "false"}.get(value, str(value))
                    if isinstance(value, bool | None)
                    else str(value)
                )
            assert row[name] == text, name
    for row in rows_of(tmp_path / "users.parquet"):
        plain = told[row["id"]]
        for name, value in plain.items():
            found = row[name]
            if isinstance(found, datetime):
                found = found.astimezone(UTC).isoformat().replace("+00:00", "Z")
            if name == "extra":
                found = {} if found is None else json.loads(found)
            assert found == value, name


@pytest.mark.parametrize("format", FORMATS)
async def test_folders_are_read_as_they_are(format: str, tmp_path: Path) -> None:
    """pyarrow, DuckDB and polars read the folder of a list, manifest and all, also after a second run."""
    tenant = crowd(30)
    folder, alone = tmp_path / "all", tmp_path / "alone"
    async with reach(open_sandbox(tenant)) as litmos:
        for _ in range(2):
            await litmos.export.run(
                ["users", "courses", "teams"], f"{folder}/", format=format, state=tmp_path / "night.db"
            )
            await litmos.export.run("users", f"{alone}/", format=format, state=tmp_path / "alone.db")
            tenant.add_user(UserName="later@example.com", FirstName="A", LastName="B")
    for place in (folder / "users", alone):
        assert read_folder(place, format) == 31
        pattern = f"{place}/*.{format}"
        reader = {"jsonl": "read_json_auto", "csv": "read_csv_auto", "parquet": "read_parquet"}[format]
        ((found,),) = duckdb.sql(f"SELECT count(*) FROM {reader}('{pattern}')").fetchall()
        assert found == 31
        scan: Any = {"jsonl": pl.scan_ndjson, "csv": pl.scan_csv, "parquet": pl.scan_parquet}[format]
        # polars takes all files of a folder, and has to be told that hidden ones begin with an underscore.
        hidden = {"hidden_file_prefix": "_"} if format == "parquet" else {}
        where = place if format == "parquet" else pattern
        assert scan(where, **hidden).select(pl.len()).collect().item() == 31
    assert ds.dataset(folder / "users", format={"jsonl": "json"}.get(format, format)).count_rows() == 31


async def test_present_by_duckdb(tmp_path: Path) -> None:
    """The line of the guide selects what `merge` writes."""
    tenant = crowd(20)
    first, gone, *_ = tenant.users
    async with reach(open_sandbox(tenant)) as litmos:
        for _ in range(2):
            await litmos.export.run("users", f"{tmp_path}/w/", format="parquet", state=tmp_path / "s.db")
            tenant.users[first]["LastName"] = "Changed"
            del tenant.users[gone]
            gone = list(tenant.users)[1]
    found = duckdb.sql(
        f"SELECT * FROM (SELECT * FROM '{tmp_path}/w/*.parquet' "
        "QUALIFY row_number() OVER (PARTITION BY id ORDER BY _exported_at DESC) = 1) WHERE NOT _deleted"
    ).fetchall()
    assert len(found) == 19


async def test_manifest(tmp_path: Path) -> None:
    """It names the files with their rows, bytes and SHA-256, and says that all is there."""
    async with reach(open_sandbox(year())) as litmos:
        manifest = await litmos.export.run(["users", "courses"], f"{tmp_path}/w/")
    plain = manifest_of(tmp_path / "w")
    assert plain == manifest.to_dict()
    assert plain["complete"] is True
    assert plain["rows"] == 25 + 12
    import hashlib  # noqa: PLC0415

    for entry in plain["lists"].values():
        for file in entry["files"]:
            data = (tmp_path / "w" / file["name"]).read_bytes()
            assert len(data) == file["bytes"]
            assert hashlib.sha256(data).hexdigest() == file["sha256"]
            assert data.count(b"\n") == file["rows"]


async def test_a_finished_file_of_ours_is_replaced(tmp_path: Path) -> None:
    """At once: the second run leaves its own rows, one manifest, and nothing of its own making beside them."""
    tenant = crowd(5)
    async with reach(open_sandbox(tenant)) as litmos:
        await litmos.export.run("users", tmp_path / "users.csv")
        tenant.users.popitem()
        await litmos.export.run("users", tmp_path / "users.csv")
        await litmos.export.run("users", f"{tmp_path}/w/", format="csv")
        await litmos.export.run("users", f"{tmp_path}/w/", format="jsonl")
    assert len(rows_of(tmp_path / "users.csv")) == 4
    assert sorted(each.name for each in tmp_path.iterdir()) == ["users.csv", "users.csv.manifest.json", "w"]
    names = sorted(each.name for each in (tmp_path / "w").iterdir())
    assert len(names) == 2
    assert names[0] == "_manifest.json"
    assert names[1].endswith(".jsonl")


async def test_chosen_columns(tmp_path: Path) -> None:
    """Those that were named, in their order."""
    async with reach(open_sandbox(year())) as litmos:
        await litmos.export.run("users", tmp_path / "users.csv", columns=["email", "id"])
    assert (tmp_path / "users.csv").read_text("utf-8").splitlines()[0] == "email,id"


async def test_texts_that_no_file_can_hold(tmp_path: Path) -> None:
    """Half a character becomes a mark, line ends and quotes survive, in every format."""
    tenant = crowd(1)
    (user,) = tenant.users.values()
    user["LastName"] = 'a"b\r\nc,\u2028d'
    async with reach(open_sandbox(tenant)) as litmos:
        for format in FORMATS:
            await litmos.export.run("users", tmp_path / f"users.{format}")
    names = {rows_of(tmp_path / f"users.{format}")[0]["last_name"] for format in ("jsonl", "csv", "parquet")}
    assert len(names) == 1


def answering(*rows: dict[str, Any], path: str) -> httpx.MockTransport:
    """Return a server that has one user, and these rows at a path."""

    def handle(request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("start", "0"))
        found = rows if request.url.path.endswith(path) else [{"Id": "u1", "UserName": "ada@example.com"}]
        # As bytes: half a character is JSON, and no text that could be encoded.
        return httpx.Response(200, content=json.dumps(list(found)[start:]).encode())

    return httpx.MockTransport(handle)


async def in_every_format(name: str, folder: Path, transport: httpx.MockTransport) -> dict[str, Any]:
    """Return the one row of a list in each format."""
    async with reach(open_sandbox(Tenant()), transport=transport, wire="json") as litmos:
        for format in FORMATS:
            await litmos.export.run(name, folder / f"rows.{format}")
    return {format: row for format in FORMATS for row in rows_of(folder / f"rows.{format}")}


async def test_half_a_character(tmp_path: Path) -> None:
    """It becomes a mark in every format, in texts and in unknown fields; its neighbours stay as they are."""
    row = {"Id": "u1", "UserName": "é\ud83d", "Odd": "\ud83dé"}
    found = await in_every_format("users", tmp_path, answering(row, path="/users"))
    assert {each["user_name"] for each in found.values()} == {"é\ufffd"}
    extras = [
        each["extra"] if isinstance(each["extra"], dict) else json.loads(each["extra"])
        for each in found.values()
    ]
    assert extras == [{"Odd": "\ufffdé"}] * 3


async def test_a_carriage_return_ends_no_row(tmp_path: Path) -> None:
    """Old spreadsheets leave one within a text: every reader finds one row, and the text as it was."""
    row = {"Id": "u1", "UserName": "ada@example.com", "LastName": "a\rb"}
    found = await in_every_format("users", tmp_path, answering(row, path="/users"))
    assert {each["last_name"] for each in found.values()} == {"a\rb"}
    path = str(tmp_path / "rows.csv")
    assert duckdb.read_csv(path).fetchall()[0][3] == "a\rb"
    assert pl.read_csv(path)["last_name"].to_list() == ["a\rb"]


async def test_numbers_that_no_column_can_hold(tmp_path: Path) -> None:
    """Parquet has whole numbers of 64 bits: a longer one is nothing there, and itself in the other formats."""
    row = {"Id": "c1", "Name": "Safety", "Price": 1.5, "EcommerceLongDescription": "", "OriginalId": 2**70}
    found = await in_every_format("courses", tmp_path, answering(row, path="/courses"))
    assert [str(each["original_id"]) for each in found.values()] == [str(2**70), str(2**70), "None"]


async def test_records_within_a_row(tmp_path: Path) -> None:
    """One and several, with their own: objects in JSON Lines, their text in CSV, structs in Parquet."""
    badge = {"ID": "b1", "Title": "Safe", "Odd": 7}
    items = [{"ID": f"c{number}"} for number in range(2)]
    row = {
        "ID": "a1",
        "ItemID": "p1",
        "DateCompleted": "/Date(1767225600000)/",
        "Badge": badge,
        "GamificationCourseItemList": items,
    }
    name = "users.gamification_details"
    found = await in_every_format(name, tmp_path, answering(row, path="/gamificationdetails"))
    plain = found["jsonl"]
    assert plain["badge"]["title"] == "Safe"
    assert plain["badge"]["extra"] == {"Odd": 7}
    assert [each["id"] for each in plain["gamification_course_item_list"]] == ["c0", "c1"]
    for column in ("badge", "gamification_course_item_list", "gamification_learning_path_item_list"):
        assert json.loads(found["csv"][column] or "null") == plain[column]
    packed = found["parquet"]
    assert json.loads(packed["badge"].pop("extra")) == plain["badge"].pop("extra")
    assert packed["badge"] == plain["badge"]
    assert [each["id"] for each in packed["gamification_course_item_list"]] == ["c0", "c1"]
