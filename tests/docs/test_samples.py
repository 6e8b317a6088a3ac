"""What the README and the guide show is run as it stands there."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from litmos_async import LitmosClient
from litmos_async.sandbox import Sandbox, Tenant
from tests.support.pages import compiled, samples

ROOT = Path(__file__).parents[2]


def people() -> Sandbox:
    """Return a sandbox in which the people and courses of the samples exist."""
    sandbox = Sandbox(Tenant.example(users=5, courses=3))
    sandbox.tenant.add_user(
        UserName="user@example.com", FirstName="Uwe", LastName="User", Email="user@example.com"
    )
    return sandbox


@pytest.fixture
def httpx_level() -> Iterator[None]:
    """Undo what the guide's sample does to the logger of httpx."""
    logger = logging.getLogger("httpx")
    level = logger.level
    yield
    logger.setLevel(level)


@pytest.mark.usefixtures("httpx_level")
async def test_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sample of the guide runs against the sandbox, one after the other."""
    monkeypatch.chdir(tmp_path)
    sandbox = people()
    course = next(iter(sandbox.tenant.courses.values()))
    module = sandbox.tenant.add_module(course["Id"], Name="Quiz")
    async with sandbox.serve() as base_url, LitmosClient("sandbox-key", "docs", base_url=base_url) as litmos:
        names: dict[str, Any] = {
            "course_id": course["Id"],
            "module_id": module["Id"],
            "course_code": course["CourseCodeForBulkImport"],
            "api_key": "sandbox-key",
            "endpoint": base_url.removesuffix("/v1.svc") + sandbox.store.path,
            "username": sandbox.store.username,
            "password": sandbox.store.password,
        }
        for text in samples("docs/guide.md"):
            run = eval(compiled(text), names)
            if run is not None:
                await run
            names["litmos"] = litmos
        await litmos.users.delete(names["new"])
    assert names["users"].problems == {"missing": "no user goes by 'missing'"}
    assert names["job"].report.counted == 1
    assert not sandbox.tenant.outbox
    assert list(sandbox.store.statements) == [names["statement_id"]]
    assert {"id", "user_name", "extra"} <= names["plain"][0].keys()


async def test_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the README does what it says."""
    sandbox = people()
    (text,) = samples("README.md")
    assert len(text.strip().splitlines()) <= 20
    monkeypatch.setenv("LITMOS_API_KEY", "sandbox-key")
    async with sandbox.serve() as base_url:
        names: dict[str, Any] = {}
        exec(
            compiled(
                text.replace('region="eu"', f"base_url={base_url!r}").replace("asyncio.run(main())", "")
            ),
            names,
        )
        await names["main"]()


def test_the_commands_of_the_readme() -> None:
    """The two commands stand in the README once each, and differ in the session only."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python3 -m venv .*$", text, re.MULTILINE)
    assert [command.split()[-1] for command in commands] == ["demo", "tests"]
