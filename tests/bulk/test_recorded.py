"""Journals that an earlier version began are finished by this one.

`recorded/` holds, for every kind of job, the journal of a run that was broken off, written by the code of commit
9539174, and the writes that the server had carried out by then, in their order. Never write these files anew: they
stand for the journals that people have.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from litmos_async.bulk import read_summary
from litmos_async.testing import run_virtual
from tests.bulk.works import KINDS, Work, client

RECORDED = Path(__file__).parent / "recorded"


async def bring_into_state(work: Work, name: str) -> None:
    """Carry out once more what the server had carried out when the run was broken off."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(work.sandbox.app), base_url="http://127.0.0.1/v1.svc"
    ) as server:
        for method, path, content_type, body in json.loads((RECORDED / f"{name}.json").read_text("utf-8")):
            answer = await server.request(
                method,
                path,
                content=body,
                headers={"apikey": "sandbox-key", "content-type": content_type},
            )
            assert answer.is_success


@pytest.mark.parametrize("kind", KINDS)
def test_a_journal_of_an_earlier_version_is_finished(kind: Callable[[], Work], tmp_path: Path) -> None:
    """Each item is done once, and what the earlier run had done is told as done."""
    work, file = kind(), tmp_path / "night.db"
    shutil.copy(RECORDED / f"{kind.__name__}.db", file)
    before = read_summary(file)
    assert before.under_way

    async def main() -> dict[object, str]:
        await bring_into_state(work, kind.__name__)
        async with client(work.sandbox) as litmos:
            return {outcome.item: outcome.status async for outcome in work.job(litmos, file)}

    statuses = run_virtual(main())
    assert work.ends()
    assert max(work.once().values(), default=1) == 1
    assert len(statuses) == work.items
    assert set(statuses.values()) <= {"done", "skipped"}
    after = read_summary(file)
    assert (after.items, after.left, after.under_way) == (work.items, 0, 0)
    assert after.done >= before.done
