"""A disk that runs full in the middle of a run, as the system tells it: nothing is lost, and it goes on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import pytest

from litmos_async.export import ExportIncomplete
from litmos_async.resources.base import ListOptions
from litmos_async.sandbox import Sandbox
from tests.export.small import crowd, manifest_of, open_sandbox, reach, texts_of

if sys.platform == "win32":
    pytest.skip("Windows has no such limit", allow_module_level=True)

from tests.support.disk import files_end_at

ALLOWED_A_KILL: Final = 8


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read pages of 20 rows."""
    monkeypatch.setattr("litmos_async.export.export.OPTIONS", ListOptions(page_size=20))


async def export(sandbox: Sandbox, dest: Path, **options: Any) -> Any:
    """Export all people."""
    async with reach(sandbox) as litmos:
        return await litmos.export.run("users", dest, **options)


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize(
    ("width", "size"),
    [(3_000, 300_000), (3, 200_000)],
    ids=["the output", "the state"],
)
async def test_nothing_is_lost(format: str, width: int, size: int, tmp_path: Path) -> None:
    """The run says which list and why, the manifest too, no half file stands there; with room it does the rest."""
    sandbox = open_sandbox(crowd(200, Email="x" * width))
    await export(sandbox, tmp_path / f"plain.{format}")
    needed, dest = len(sandbox.requests), tmp_path / f"users.{format}"
    sandbox.requests.clear()
    with files_end_at(size), pytest.raises(ExportIncomplete, match=r"users: .*(File too large|disk)"):
        await export(sandbox, dest)
    plain = manifest_of(dest)
    assert plain["complete"] is False
    assert plain["lists"]["users"]["reason"]
    assert not dest.exists()
    assert 1 < len(sandbox.requests) < needed
    assert (await export(sandbox, dest)).complete
    assert texts_of(dest) == texts_of(tmp_path / f"plain.{format}")
    assert len(sandbox.requests) <= needed + ALLOWED_A_KILL
    assert sorted(each.name for each in tmp_path.glob(f"*users.{format}*")) == [
        f"users.{format}",
        f"users.{format}.manifest.json",
    ]


async def test_night_after_night(tmp_path: Path) -> None:
    """With a state as well, where the files of earlier nights stay as they are."""
    sandbox = open_sandbox(crowd(100, Email="x" * 3_000))
    folder, state = tmp_path / "w", tmp_path / "night.db"
    await export(sandbox, folder, state=state)
    (first,) = folder.glob("users-*")
    before = first.read_bytes()
    for person in sandbox.tenant.users:
        sandbox.tenant.change_user(person, Email="y" * 3_000)
    with files_end_at(200_000), pytest.raises(ExportIncomplete, match=r"File too large|disk"):
        await export(sandbox, folder, state=state)
    assert [*folder.glob("users-*")] == [first]
    assert (await export(sandbox, folder, state=state)).rows == 100
    assert first.read_bytes() == before
    assert len([*folder.glob("users-*")]) == 2
