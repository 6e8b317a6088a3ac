"""Bad input: one line, said before a request is spent, and nothing lost."""

from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from litmos_async import RateLimit
from litmos_async.errors import ConfigurationError
from litmos_async.export import ExportIncomplete
from litmos_async.sandbox import Sandbox
from tests.export.small import crowd, manifest_of, open_sandbox, reach, rows_of

NOW: Final = datetime.now(UTC)

BAD: Final[dict[str, tuple[Any, str, dict[str, Any], str]]] = {
    "an unknown list": ("user", "w/", {}, "did you mean users"),
    "no list": ([], "w/", {}, "name at least one list"),
    "a list twice": (["users", "users"], "w/", {}, "twice"),
    "an operation that does not list": ("users.get", "w/", {}, "no list 'users.get'"),
    "an operation of which the ids are not known": ("sessions.list", "w/", {}, "course_id and module_id"),
    "an unknown column": ("users", "w/", {"columns": ["id", "nmae"]}, "no column 'nmae'"),
    "a column twice": ("users", "w/", {"columns": ["id", "id"]}, "twice"),
    "no column": ("users", "w/", {"columns": []}, "at least one name"),
    "columns as one text": ("users", "w/", {"columns": "id,email"}, "not one text"),
    "columns of several lists": (["users", "teams"], "w/", {"columns": ["id"]}, "one list at a time"),
    "columns without the key, with a state": (
        "users",
        "w/",
        {"columns": ["email"], "state": "night.db"},
        "add id",
    ),
    "since for a list that has none": ("users", "w/", {"since": NOW}, "has no since"),
    "no since for a list that needs one": ("logins", "w/", {}, "needs since"),
    "a naive since": ("results", "w/", {"since": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
    "a text for since": ("results", "w/", {"since": "2026-01-01"}, "time zone"),
    "since in the future": ("results", "w/", {"since": NOW + timedelta(days=3)}, "future"),
    "a naive to": ("logins", "w/", {"since": NOW, "to": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
    "to before since": ("logins", "w/", {"since": NOW, "to": NOW - timedelta(1)}, "later than to"),
    "to for a list that has none": ("results", "w/", {"since": NOW, "to": NOW}, "has no to"),
    "an unknown format": ("users", "w/", {"format": "xlsx"}, "format must be"),
    "two formats": ("users", "users.csv", {"format": "jsonl"}, "says csv"),
    "several lists into a file": (["users", "teams"], "users.csv", {}, "need a folder"),
    "an unknown filter": ("users", "w/", {"where": {"team_id": "x"}}, "limited by nothing"),
    "a filter of another list": ("team_members", "w/", {"where": {"course_id": "x"}}, "team_id, not by"),
    "an empty filter": ("team_members", "w/", {"where": {"team_id": " "}}, "must be an id"),
    "a negative overlap": ("results", "w/", {"overlap": timedelta(-1)}, "overlap"),
    "an overlap without a unit": ("results", "w/", {"overlap": 3600}, "overlap"),
    "no destination": ("users", "", {}, "not a file or folder"),
    "a destination that no system has": ("users", "a\0b", {}, "not a file or folder"),
    "a foreign file": ("users", "foreign.csv", {}, "is not an export"),
    "a foreign folder": ("users", "foreign/", {}, "is not an export"),
    "a folder where a file stands": ("users", "foreign.csv/", {}, "cannot make the folder"),
    "a folder in a file": ("users", "foreign.csv/w/users.csv", {}, "cannot make the folder"),
    "a folder that takes nothing": ("users", "/proc/self/task/", {}, "/proc/self/task"),
    "a state in the folder": ("users", "w/", {"state": "w/night.db"}, "must not be in the folder"),
    "a state that is none": ("users", "w/", {"state": "foreign.csv"}, "cannot use the state"),
    "a state that is another database": ("users", "w/", {"state": "other.db"}, "not the state of an export"),
    "a state that is a folder": ("users", "w/", {"state": "foreign"}, "cannot use the state"),
    "an unknown file system": ("users", "nowhere://bucket/x", {}, "cannot use nowhere://bucket/x"),
    "a bucket and no folder": ("users", "s3://", {}, "s3://"),
}


@pytest.mark.parametrize("case", BAD)
async def test_refused_before_a_request(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has its line, no request is sent, and no file appears or changes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    Path("foreign").mkdir()
    Path("foreign/data.csv").write_text("theirs", "utf-8")
    Path("foreign.csv").write_text("theirs", "utf-8")
    database = sqlite3.connect("other.db")
    database.execute("CREATE TABLE theirs (a)")
    database.close()
    before = snapshot(tmp_path)
    names, dest, options, said = BAD[case]
    sandbox = open_sandbox(crowd(2))
    async with reach(sandbox) as litmos:
        with pytest.raises(ConfigurationError) as caught:
            await litmos.export.run(names, dest, **options)
        with pytest.raises(ConfigurationError):
            await litmos.export.plan(names, dest, **options)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not sandbox.requests
    after = snapshot(tmp_path)
    assert {name: after.get(name) for name in before} == before
    assert not {name for name in after.keys() - before.keys() if not name.startswith("xdg")}


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder."""
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


async def run(
    sandbox: Sandbox, dest: str, names: Any = "users", key: str = "sandbox-key", **options: Any
) -> None:
    """Run an export."""
    async with reach(sandbox, key=key) as litmos:
        await litmos.export.run(names, dest, **options)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"names": "courses"}, "another choice of lists"),
        ({"names": ["users", "courses"]}, "another choice of lists"),
        ({"format": "csv"}, "other format"),
        ({"columns": ["id", "email"]}, "other columns"),
        ({"with_secrets": True}, "other secrets"),
        ({"key": "another-key"}, "another account or key"),
        ({"dest": "elsewhere/"}, "another place"),
    ],
)
async def test_state_of_something_else(
    changes: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A state goes on with what it was begun with, and with nothing else."""
    monkeypatch.chdir(tmp_path)
    sandbox = open_sandbox(crowd(2))
    await run(sandbox, "w/", state="night.db")
    sent = len(sandbox.requests)
    before = snapshot(tmp_path)
    with pytest.raises(ConfigurationError, match=said):
        await run(sandbox, **({"dest": "w/", "state": "night.db"} | changes))
    assert len(sandbox.requests) == sent
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"names": "courses"}, "an export of users"),
        ({"names": ["users", "courses"]}, "an export of users"),
        ({"key": "another-key"}, "another account"),
        ({"state": "new.db"}, "without a state"),
    ],
)
async def test_output_of_something_else(
    changes: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another list or account was exported to is not written over."""
    monkeypatch.chdir(tmp_path)
    sandbox = open_sandbox(crowd(2))
    await run(sandbox, "w/")
    sent = len(sandbox.requests)
    before = snapshot(tmp_path)
    with pytest.raises(ConfigurationError, match=said):
        await run(sandbox, **({"dest": "w/"} | changes))
    assert len(sandbox.requests) == sent
    assert snapshot(tmp_path) == before


async def test_a_second_run_into_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first run with a state may be one file; the second says that it needs a folder."""
    monkeypatch.chdir(tmp_path)
    sandbox = open_sandbox(crowd(2))
    await run(sandbox, "users.csv", state="night.db")
    sent = len(sandbox.requests)
    with pytest.raises(ConfigurationError, match="name a folder"):
        await run(sandbox, "users.csv", state="night.db")
    assert len(sandbox.requests) == sent
    assert len(rows_of(Path("users.csv"))) == 2


async def test_a_lost_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new state does not begin in the middle of what another one wrote."""
    monkeypatch.chdir(tmp_path)
    sandbox = open_sandbox(crowd(2))
    await run(sandbox, "w/", state="night.db")
    with pytest.raises(ConfigurationError, match="another state"):
        await run(sandbox, "w/", state="new.db")
    assert not Path("new.db").exists()


async def test_two_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that another run is using is refused."""
    monkeypatch.chdir(tmp_path)
    sandbox = open_sandbox(crowd(2))

    async def once(*_: Any) -> None:
        with pytest.raises(ConfigurationError, match="another process is using it"):
            await run(sandbox, "w/", state="night.db")

    async with reach(sandbox) as litmos:
        import asyncio  # noqa: PLC0415

        tasks: list[asyncio.Task[None]] = []
        await litmos.export.run(
            "users", "w/", state="night.db", on_progress=lambda _: tasks.append(asyncio.ensure_future(once()))
        )
        # The last report comes before the state is closed; whoever came later found it free.
        await asyncio.gather(*tasks[:1], return_exceptions=True)
    assert manifest_of(Path("w"))["complete"] is True


async def test_a_parent_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A team or a person of which there is none is an error, and no empty file."""
    monkeypatch.chdir(tmp_path)
    sandbox = open_sandbox(crowd(2))
    with pytest.raises(ConfigurationError, match="no team_id 'nothing'"):
        await run(sandbox, "members.csv", "team_members", where={"team_id": "nothing"})
    with pytest.raises(ExportIncomplete, match="404"):
        await run(sandbox, "badges.csv", "badges", where={"user_id": "nobody"})
    assert not Path("members.csv").exists()
    assert not Path("badges.csv").exists()


@pytest.mark.parametrize("content", ["theirs", "[]", '{"kind": "theirs"}', '{"kind": "litmos-async export"}'])
@pytest.mark.parametrize("dest", ["w/", "w/users.csv"])
async def test_a_manifest_that_is_not_ours(
    dest: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not written over, also where nothing else stands there."""
    monkeypatch.chdir(tmp_path)
    name = "w/_manifest.json" if dest == "w/" else "w/users.csv.manifest.json"
    Path("w").mkdir()
    Path(name).write_text(content, "utf-8")
    sandbox = open_sandbox(crowd(2))
    async with reach(sandbox) as litmos:
        for call in (litmos.export.run, litmos.export.plan):
            with pytest.raises(ConfigurationError, match="is not that of an export"):
                await call("users", dest)
    assert not sandbox.requests
    assert snapshot(tmp_path) == {name: content.encode()}


async def test_a_manifest_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose it is cannot be told, here and on an object store."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    (tmp_path / "w" / "_manifest.json").mkdir(parents=True)
    sandbox = open_sandbox(crowd(2))
    for dest in (f"{tmp_path}/w/", f"file://{tmp_path}/w"):
        with pytest.raises(ConfigurationError, match="cannot read the manifest of"):
            await run(sandbox, dest)
    assert not sandbox.requests


async def test_a_folder_that_takes_no_file(tmp_path: Path) -> None:
    """It is tried before a request is spent, also where the state stands elsewhere."""
    sandbox = open_sandbox(crowd(2))
    with pytest.raises(ConfigurationError, match="cannot write into /proc/self/task"):
        await run(sandbox, "/proc/self/task/users.csv", state=tmp_path / "night.db")
    assert not sandbox.requests
    assert not list(tmp_path.iterdir())


async def test_another_format_with_a_lost_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files of a folder have one format, whatever a new state says."""
    monkeypatch.chdir(tmp_path)
    sandbox = open_sandbox(crowd(2))
    await run(sandbox, "w/", state="night.db")
    with pytest.raises(ConfigurationError, match="was exported as jsonl"):
        await run(sandbox, "w/", state="new.db", format="csv")


async def test_foreign_files_among_several_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files in a folder of a list are as foreign as those beside it; one that a run left there is not."""
    monkeypatch.chdir(tmp_path)
    sandbox = open_sandbox(crowd(2))
    for name in ("w/users/data.csv", "w/users/teams-1.jsonl", "w/data.csv", "w/courses"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("theirs", "utf-8")
        with pytest.raises(ConfigurationError, match="holds files and is not an export"):
            await run(sandbox, "w/", ["users", "teams"])
        Path(name).unlink()
    assert not sandbox.requests
    left = Path("w/users/users-20260101T000000000Z.jsonl")
    left.write_text('{"id": "1"}\n', "utf-8")
    await run(sandbox, "w/", ["users", "teams"])
    assert not left.exists()
    assert len(rows_of(Path("w/users"))) == 2


async def test_a_plan_of_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says from when on the next run asks, and what others have of the limit; nothing is sent or changed."""
    monkeypatch.chdir(tmp_path)
    sandbox = open_sandbox(crowd(2))
    names = ["results", "users"]
    await run(sandbox, "w/", names, state="night.db")
    before, sent = snapshot(tmp_path), len(sandbox.requests)
    for reserve, said in ((0, "no slots are reserved"), (20, "20 of 100 requests in 60 s stay free")):
        async with reach(sandbox, rate_limit=RateLimit(100, 60.0, reserve=reserve)) as litmos:
            plan = await litmos.export.plan(names, "w/", state="night.db")
        assert said in plan.note
        assert [(each.name, each.whole, each.goes_on) for each in plan.lists] == [
            ("results", False, False),
            ("users", True, False),
        ]
        assert plan.lists[0].since is not None
        assert plan.lists[1].since is None
    assert len(sandbox.requests) == sent
    assert {
        name: data for name, data in snapshot(tmp_path).items() if not name.startswith("night.db-")
    } == before


@pytest.mark.parametrize(
    ("dest", "options", "said"),
    [
        ("users.parquet", {}, "Parquet needs pyarrow"),
        ("w/", {"format": "parquet"}, "Parquet needs pyarrow"),
        ("s3://bucket/w", {}, "needs pyarrow"),
    ],
)
async def test_without_pyarrow(
    dest: str, options: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What needs it says how to get it, before a request is spent; the other formats do without."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    sandbox = open_sandbox(crowd(2))
    with pytest.raises(ConfigurationError, match=said) as caught:
        await run(sandbox, dest, **options)
    assert 'pip install "litmos-async[parquet]"' in str(caught.value)
    assert not sandbox.requests
    await run(sandbox, "users.csv")
    assert len(rows_of(Path("users.csv"))) == 2


async def test_a_state_belongs_to_one_place_wherever_a_run_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path from another working directory is another place; the same place may be said in two ways."""
    sandbox, state = open_sandbox(crowd(3)), tmp_path / "s.db"
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "one")
    await run(sandbox, "warehouse/", state=state)
    await run(sandbox, str(tmp_path / "one" / "warehouse"), state=state)
    monkeypatch.chdir(tmp_path / "two")
    with pytest.raises(ConfigurationError, match=r"another place than .*/two/warehouse"):
        await run(sandbox, "warehouse/", state=state)
    assert not list((tmp_path / "two").iterdir())
    await run(sandbox, "../one/warehouse/", state=state)


async def test_a_state_may_be_moved_along_with_its_files(tmp_path: Path) -> None:
    """The folder in which both are may get another name."""
    sandbox, before, after = open_sandbox(crowd(3)), tmp_path / "before", tmp_path / "after"
    before.mkdir()
    await run(sandbox, str(before / "warehouse"), state=before / "s.db")
    before.rename(after)
    await run(sandbox, str(after / "warehouse"), state=after / "s.db")


async def test_a_state_on_another_drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has no way from one drive to another: the whole path counts then."""

    def no_way(*_: object) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr("os.path.relpath", no_way)
    sandbox = open_sandbox(crowd(3))
    await run(sandbox, str(tmp_path / "warehouse"), state=tmp_path / "s.db")
    await run(sandbox, str(tmp_path / "warehouse"), state=tmp_path / "s.db")
    with pytest.raises(ConfigurationError, match="another place"):
        await run(sandbox, str(tmp_path / "elsewhere"), state=tmp_path / "s.db")


@pytest.mark.parametrize("state", [False, True])
async def test_a_run_that_could_read_nothing_binds_no_other(state: bool, tmp_path: Path) -> None:
    """The first try had a wrong key: the right one needs no file to be removed, and no other place."""
    sandbox, options = open_sandbox(crowd(2)), {"state": tmp_path / "night.db"} if state else {}
    async with reach(sandbox, key="wrong") as litmos:
        with pytest.raises(ExportIncomplete, match="401"):
            await litmos.export.run(["users", "teams"], f"{tmp_path}/w/", **options)
    async with reach(sandbox) as litmos:
        assert (await litmos.export.run(["users"], f"{tmp_path}/w/", **options)).rows == 2
    async with reach(sandbox, key="wrong") as litmos:
        with pytest.raises(ConfigurationError, match="another account"):
            await litmos.export.run(["users"], f"{tmp_path}/w/", **options)
