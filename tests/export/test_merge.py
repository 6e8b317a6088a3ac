"""`merge`: the newest row of each key out of the files of many runs, or a line that says why there is none."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.export import merge
from litmos_async.sandbox import Sandbox
from tests.export.small import crowd, open_sandbox, present, reach, rows_of, text_of

FORMATS: Final = ("jsonl", "csv", "parquet")


async def export(sandbox: Sandbox, folder: Path, names: Any = "users", **options: Any) -> None:
    """Run an export with a state."""
    async with reach(sandbox) as litmos:
        await litmos.export.run(names, f"{folder}/w/", state=folder / "night.db", **options)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("rows_a_page", [1, 4, 10_000])
async def test_the_present(
    format: str, rows_a_page: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed is there as it is now, what is gone is not, and nothing of its own making stays beside it."""
    monkeypatch.setattr(import_module("litmos_async.export.merge"), "_PAGE", rows_a_page)
    tenant = crowd(9)
    sandbox = open_sandbox(tenant)
    changed, gone, *_ = tenant.users
    await export(sandbox, tmp_path, format=format)
    tenant.change_user(changed, LastName='Ch"anged, twice\nover')
    tenant.delete_user(gone)
    await export(sandbox, tmp_path, format=format)
    tenant.add_user(UserName="new@example.com", FirstName="A", LastName="B")
    await export(sandbox, tmp_path, format=format)
    dest = tmp_path / f"users.{format}"
    dest.write_bytes(b"before")
    assert merge(tmp_path / "w", dest) == 9
    found = rows_of(dest)
    wanted = present(rows_of(tmp_path / "w"), ["id"])
    assert sorted(map(text_of, found)) == sorted(map(text_of, wanted.values()))
    names = {row["id"]: row["last_name"] for row in found}
    assert names[changed] == 'Ch"anged, twice\nover'
    assert gone not in names
    assert sorted(each.name for each in tmp_path.iterdir()) == ["night.db", dest.name, "w"]


@pytest.mark.parametrize("format", FORMATS)
async def test_texts_of_any_length_and_with_any_line_end(format: str, tmp_path: Path) -> None:
    """What an export wrote can be merged, and is what it was; the limit of other readers stays theirs."""
    tenant, text = crowd(2), "a\rb" + "c" * 200_000
    person, _ = tenant.users
    tenant.change_user(person, LastName=text)
    await export(open_sandbox(tenant), tmp_path, format=format)
    limit = csv.field_size_limit()
    dest = tmp_path / f"users.{format}"
    assert merge(tmp_path / "w", dest) == 2
    assert csv.field_size_limit() == limit
    with long_cells():
        assert {row["last_name"] for row in rows_of(dest)} == {text, "No 1"}


@contextmanager
def long_cells() -> Iterator[None]:
    """Let the reader of CSV take long cells while the block runs."""
    before = csv.field_size_limit(1_000_000)
    yield
    csv.field_size_limit(before)


def without(path: Path, column: str) -> None:
    """Take a column out of a file."""
    rows = [{name: row[name] for name in row if name != column} for row in rows_of(path)]
    if path.suffix == ".parquet":
        pq.write_table(pq.read_table(path).drop_columns([column]), path)
    elif path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")


@pytest.mark.parametrize("format", FORMATS)
async def test_a_column_that_was_added_since(format: str, tmp_path: Path) -> None:
    """Rows of files that an earlier version wrote are there, with nothing in the column that they lack."""
    tenant = crowd(3)
    sandbox = open_sandbox(tenant)
    await export(sandbox, tmp_path, format=format)
    (first,) = (tmp_path / "w").glob(f"*.{format}")
    without(first, "email")
    newer = next(iter(tenant.users))
    tenant.change_user(newer, Email="ada@example.com")
    await export(sandbox, tmp_path, format=format)
    assert merge(tmp_path / "w", tmp_path / f"users.{format}") == 3
    emails = {row["id"]: row.get("email") or None for row in rows_of(tmp_path / f"users.{format}")}
    assert emails == dict.fromkeys(tenant.users) | {newer: "ada@example.com"}


async def test_a_list_by_its_operation(tmp_path: Path) -> None:
    """Files of an operation are named by its id, dot and all."""
    tenant = crowd(2)
    team = tenant.add_team(Name="Team")["Id"]
    tenant.join_team(team, next(iter(tenant.users)))
    await export(open_sandbox(tenant), tmp_path, "teams.list_users")
    assert merge(tmp_path / "w", tmp_path / "members.jsonl") == 1


async def test_the_folder_of_several_lists(tmp_path: Path) -> None:
    """It says to name that of one of them; that one is merged."""
    await export(open_sandbox(crowd(2)), tmp_path, ["users", "teams"])
    with pytest.raises(ConfigurationError, match="several lists: name the folder of one"):
        merge(tmp_path / "w", tmp_path / "users.jsonl")
    assert merge(tmp_path / "w" / "users", tmp_path / "users.jsonl") == 2


@pytest.mark.parametrize(
    ("files", "dest", "said"),
    [
        ({}, "a.csv", "no files of one export"),
        ({"users-1.jsonl": "", "teams-1.jsonl": ""}, "a.jsonl", "no files of one export"),
        ({"users-1.jsonl": "", "users-2.csv": ""}, "a.jsonl", "no files of one export"),
        ({"users-1.jsonl": ""}, "a.csv", r"must end in \.jsonl"),
        ({"users-1.jsonl": '{"id": "1"}\n'}, "a.jsonl", "without a state"),
        ({"users-1.jsonl": '{"_deleted": false}\n'}, "a.jsonl", "lack a column of the key: id"),
        ({"users-1.csv": "email,_deleted\na@example.com,false\n"}, "a.csv", "lack a column of the key: id"),
        ({"logins-1.jsonl": '{"_deleted": false}\n'}, "a.jsonl", "logins have no key"),
        ({"nothing-1.jsonl": "{}\n"}, "a.jsonl", "no list 'nothing'"),
        ({"users-1.jsonl": '{"id": "1"'}, "a.jsonl", r"cannot read .*users-1\.jsonl"),
        ({"users-1.jsonl": '["id"]\n'}, "a.jsonl", r"cannot read .*users-1\.jsonl"),
        ({"users-1.csv": b"id,_deleted\n\xff,false\n"}, "a.csv", r"cannot read .*users-1\.csv"),
        ({"users-1.csv": "id,_deleted\n1\n"}, "a.csv", r"cannot read .*users-1\.csv"),
        ({"users-1.parquet": "none"}, "a.parquet", r"cannot read .*users-1\.parquet"),
    ],
)
def test_refused(files: dict[str, str | bytes], dest: str, said: str, tmp_path: Path) -> None:
    """One line, and neither the output nor anything beside it is touched."""
    folder = tmp_path / "w"
    folder.mkdir()
    (folder / "_manifest.json").write_text("[]", "utf-8")
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    (tmp_path / dest).write_text("before", "utf-8")
    with pytest.raises(ConfigurationError, match=said) as caught:
        merge(folder, tmp_path / dest)
    assert "\n" not in str(caught.value)
    assert (tmp_path / dest).read_text("utf-8") == "before"
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([dest, "w"])


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """It holds no export."""
    with pytest.raises(ConfigurationError, match="no files of one export"):
        merge(tmp_path / "missing", tmp_path / "a.csv")


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    """Another program may be waiting at it."""
    pipe = tmp_path / "users.jsonl"
    os.mkfifo(pipe)
    (tmp_path / "changes").mkdir()
    (tmp_path / "changes" / "users-1.jsonl").write_text("{}\n")
    with pytest.raises(ConfigurationError, match="no regular file"):
        merge(tmp_path / "changes", pipe)
    assert pipe.is_fifo()
