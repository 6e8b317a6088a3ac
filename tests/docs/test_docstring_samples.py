"""Every public class, and every helper of `litmos.bulk`, shows its use, and what it shows runs."""

from __future__ import annotations

import ast
import asyncio
import inspect
import logging
import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount

import litmos_async
from litmos_async import models, sync, testing
from litmos_async.bulk import Bulk
from litmos_async.errors import LitmosError
from litmos_async.models.record import Record
from litmos_async.resources.base import Resource
from litmos_async.resources.xapi import Xapi
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from litmos_async.webhooks import Event
from tests.support.public_names import MODULES, Public, public

KINDS: Final = (Record, LitmosError)
"""What these show holds for all their kinds, which need no sample of their own."""

DONE: Final = {
    "actor": {"mbox": "mailto:user@example.com"},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
    "object": {"id": "https://example.com/courses/forklift"},
}

LINES: Final = range(2, 7)

FENCED: Final = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sample_of(each: Any) -> str:
    """Return what the docstring of an object shows, not counting what it inherits; empty if nothing."""
    found = FENCED.findall(inspect.cleandoc(each.__doc__ or ""))
    assert len(found) <= 1
    return "".join(found)


def lines_of(sample: str) -> int:
    """Return how many lines a sample has, without the empty ones."""
    return sum(bool(line.strip()) for line in sample.splitlines())


SAMPLES: Final = {each.id: each for each in public() if sample_of(each.value)}


def must_show(each: Public) -> bool:
    """Say whether something has to show its use."""
    if inspect.isclass(each.value):
        kind = issubclass(each.value, KINDS) or each.name in models.__all__
        return each.value in KINDS or not (kind or issubclass(each.value, Resource | Xapi))
    return each.name.startswith("Bulk.")


def test_every_public_class_and_bulk_helper_shows_its_use() -> None:
    """Two to six lines of it."""
    shown = {each.id: lines_of(sample_of(each.value)) for each in public() if must_show(each)}
    assert {name: lines for name, lines in shown.items() if lines not in LINES} == {}


def test_what_has_to_show_its_use_is_found() -> None:
    """The walk above sees classes wherever they are made public, and all helpers."""
    asked = {each.id for each in public() if must_show(each)}
    assert asked >= {
        "litmos_async:LitmosClient",
        "litmos_async.bulk:JobOptions",
        "litmos_async.errors:LitmosError",
        "litmos_async.sync:SyncPages",
        "litmos_async.webhooks:Receiver",
    }
    helpers = {
        name for name, each in inspect.getmembers(Bulk, inspect.isfunction) if not name.startswith("_")
    }
    assert {name.partition(":Bulk.")[2] for name in asked if ":Bulk." in name} == helpers
    assert len(helpers) == 20


def organisation() -> Tenant:
    """Return an organisation with what the samples name."""
    tenant = Tenant.example(users=5, courses=3)
    tenant.add_user(UserName="user@example.com", FirstName="Uwe", LastName="User", Email="user@example.com")
    return tenant


async def nightly_job(litmos: litmos_async.LitmosClient) -> None:
    """A job that takes its time."""
    await litmos.users.list().collect()
    await asyncio.sleep(3601)


async def handle(event: Event) -> None:
    """Handle an event."""


def names_for(home: str, sandbox: Sandbox) -> dict[str, Any]:
    """Return what a sample may name without making it: its module, ids, and what a program has."""
    tenant = sandbox.tenant
    sandbox.store.username, sandbox.store.password = "name", "password"
    sandbox.store.company, sandbox.store.instance = "acme", "db1"
    user_id = next(each["Id"] for each in tenant.users.values() if each["UserName"] == "user@example.com")
    course = next(iter(tenant.courses.values()))
    workshop = tenant.training.add_module(course["Id"], Name="First aid")
    begins, ends = (datetime(2099, 3, 1, hour, tzinfo=UTC) for hour in (9, 17))
    day = {"StartDate": begins, "EndDate": ends, "StartTime": "9:00AM", "EndTime": "5:00PM"}
    tenant.training.add_location(Location="Room 1")
    led = {"Name": "First aid", "Days": [day], "InstructorUserId": user_id, "Location": "Room 1"}
    known = {name: getattr(litmos_async, name) for name in litmos_async.__all__}
    known |= vars(litmos_async.errors) | vars(litmos_async.models) | vars(MODULES[home])
    return {
        **known,
        "Mount": Mount,
        "Path": Path,
        "RedirectResponse": RedirectResponse,
        "Starlette": Starlette,
        "UTC": UTC,
        "asyncio": asyncio,
        "datetime": datetime,
        "httpx": httpx,
        "logging": logging,
        "os": SimpleNamespace(environ={"WEBHOOK_SECRET": "a-secret-of-the-tests"}),
        "body": b'{"id": 7, "type": "achievement.earned", "data": {"userName": "user@example.com"}}',
        "course_id": course["Id"],
        "done": litmos_async.XapiStatement(extra=DONE),
        "handle": handle,
        "ilt_module_id": workshop["Id"],
        "limiter": litmos_async.MemoryLimiter(),
        "learning_path_id": next(iter(tenant.learning_paths)),
        "module_id": tenant.add_module(course["Id"], Name="Quiz")["Id"],
        "nightly_job": nightly_job,
        "pairs": [(user_id, course["Id"])],
        "sandbox": sandbox,
        "session_id": tenant.training.add_session(course["Id"], workshop["Id"], **led)["Id"],
        "secret": "a-secret-of-the-tests",
        "team_id": next(iter(tenant.teams)),
        "user": litmos_async.User(user_name="new@example.com", first_name="Nora", last_name="Newman"),
        "user_id": user_id,
    }


def client_of(kind: Any, transport: httpx.ASGITransport) -> Any:
    """Return a class of clients that go to a sandbox in process, unless they are told of another address."""

    def begin(self: Any, *args: Any, **options: Any) -> None:
        kind.__init__(
            self, *args, **options if options.get("base_url") else {"transport": transport} | options
        )

    return type(kind.__name__, (kind,), {"__init__": begin})


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A sandbox that all clients go to, and the settings of a program that uses it."""
    sandbox = Sandbox(organisation())
    transport = httpx.ASGITransport(sandbox.app)
    for module in (litmos_async, sync):
        monkeypatch.setattr(module, "LitmosClient", client_of(module.LitmosClient, transport))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LITMOS_API_KEY", "sandbox-key")
    monkeypatch.setenv("LITMOS_SOURCE", "tests")
    monkeypatch.setattr(testing, "recorded", partial(testing.recorded, transport=transport))
    monkeypatch.setenv("LITMOS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "config.toml").write_text('[profiles.acme]\nregion = "eu"\n', encoding="utf-8")
    return sandbox


@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_docstring_shows_runs(name: str, sandbox: Sandbox) -> None:
    """In process, and on a clock that costs no time."""
    home, sample = SAMPLES[name].home, sample_of(SAMPLES[name].value)
    names = names_for(home, sandbox)
    code = compile(sample, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    async def with_a_client() -> None:
        async with litmos_async.LitmosClient() as names["litmos"]:
            await eval(code, names)

    if code.co_flags & inspect.CO_COROUTINE:
        # What is served on a port is waited for by the real clock.
        (asyncio.run if ".serve()" in sample else run_virtual)(with_a_client())
    elif home == "litmos_async.sync":
        with sync.LitmosClient() as names["litmos"]:
            exec(code, names)
    else:
        exec(code, names := names | {"litmos": litmos_async.LitmosClient()})
        for made in {id(each): each for each in names.values() if hasattr(each, "aclose")}.values():
            if not inspect.isclass(made):
                asyncio.run(made.aclose())
