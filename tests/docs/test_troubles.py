"""Who searches the page of troubles for the words of an error finds them: errors as users provoke them."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from litmos_async import LitmosClient, RateLimit, SqliteLimiter, User, UserSummary
from litmos_async.cli.app import run
from litmos_async.errors import LitmosError
from litmos_async.sandbox import Fault
from tests.support.pages import ROOT
from tests.support.sandboxes import bare, client

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
QUOTED = [
    re.compile(".*".join(map(re.escape, words.split("…"))), re.DOTALL)
    for words in re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
]


def on_the_page(said: str) -> bool:
    """Return whether a row of the page quotes a part of what was said that tells it from others."""
    return any(each.search(said) for each in QUOTED)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LITMOS_API_KEY", "LITMOS_SOURCE", "LITMOS_REGION", "LITMOS_BASE_URL", "LITMOS_LIMIT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: LitmosClient(source="docs"),
        lambda: LitmosClient("a key\n", "docs"),
        lambda: LitmosClient("key", "docs", base_url="http://example.com/v1.svc"),
        lambda: LitmosClient("key", "docs", limiter="sqlite://limit.db"),
        lambda: pickle.dumps(LitmosClient("key", "docs")),
        lambda: User(last_login=datetime(2031, 9, 24)).to_dict(),  # noqa: DTZ001 - the mistake
    ],
)
def test_mistakes_in_a_program(mistake: Callable[[], object]) -> None:
    """What is wrong before a request is made."""
    with pytest.raises((LitmosError, TypeError)) as problem:
        mistake()
    assert on_the_page(str(problem.value))


async def _twice(litmos: LitmosClient) -> None:
    job = litmos.bulk.deactivate_users([])
    await job.run()
    await job.run()


async def _other_input(litmos: LitmosClient) -> None:
    for people in (["a"], ["b"]):
        await litmos.bulk.deactivate_users(people, journal="j.db").run()


async def _other_job(litmos: LitmosClient) -> None:
    await litmos.bulk.deactivate_users(["a"], journal="j.db").run()
    await litmos.bulk.remove_users_from_all_teams(["a"], journal="j.db").run()


async def _too_many(litmos: LitmosClient) -> None:
    await litmos.bulk.sync_users([], deactivate=True, send_message=False).run()


async def _a_row(litmos: LitmosClient) -> None:
    await litmos.users.update(UserSummary(id="a", user_name="a@example.com"))


async def _no_folder(litmos: LitmosClient) -> None:
    Path("no-folder").touch()
    async with client(bare(), limiter=SqliteLimiter("no-folder/limit.db", RateLimit())) as other:
        await other.users.list()


async def _other_list(litmos: LitmosClient) -> None:
    page = await litmos.users.list(page_size=1)
    await litmos.courses.list().by_page(resume=page.resume).__anext__()


@pytest.mark.parametrize(
    "mistake", [_twice, _other_input, _other_job, _too_many, _a_row, _no_folder, _other_list]
)
async def test_mistakes_with_a_client(mistake: Callable[[LitmosClient], Any]) -> None:
    """What a job, a list or a write refuses."""
    async with client(bare(users=3)) as litmos:
        with pytest.raises(LitmosError) as problem:
            await mistake(litmos)
    assert on_the_page(str(problem.value))


async def test_a_lost_answer() -> None:
    """A write whose answer is lost is not repeated, and the page says what to do."""
    sandbox = bare(users=1)
    [person] = sandbox.tenant.users
    sandbox.faults.add(Fault(method="POST", path="/users/*", drop=True, after=True, times=None))
    async with client(sandbox) as litmos:
        with pytest.raises(LitmosError) as problem:
            await litmos.users.add_to_teams(person, ["t"])
    assert on_the_page(str(problem.value))


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("assign courses {} --send-message no", "name,thing\na,b\n"),
        ("assign courses {} --send-message no", "full name,course\na,b\n"),
        ("sync users {} --send-message no", "user_name,frist_name\na,b\n"),
        ("assign courses {} --send-message no", "user,course\n\xff,b\n"),
    ],
)
def test_files(
    words: str, file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the command line says of a file that it cannot use."""
    monkeypatch.setenv("LITMOS_API_KEY", "key")
    monkeypatch.setenv("LITMOS_BASE_URL", "http://127.0.0.1:9/v1.svc")
    Path("file.csv").write_bytes(file.encode("latin-1"))
    run(words.format("file.csv").split())
    shown = capsys.readouterr()
    assert on_the_page(shown.out + shown.err)
