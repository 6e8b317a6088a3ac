"""The facade has every method of the client, with the same parameters, and does the same without `await`."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import httpx
import pytest

import litmos_async
from litmos_async import sync
from litmos_async.bulk import Bulk
from litmos_async.errors import ConfigurationError, NotFound
from litmos_async.resources import Resources
from litmos_async.resources.users import Users
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.sync import families
from litmos_async.sync.portal import Family, call, job, pages, walk

FAMILIES = [name for name, value in vars(Resources).items() if isinstance(value, cached_property)]


@pytest.fixture
def sandbox() -> Sandbox:
    """Return a stand-in for the service."""
    return Sandbox(Tenant.example(users=30), requests=10_000)


@pytest.fixture
def litmos(sandbox: Sandbox) -> Iterator[sync.LitmosClient]:
    """Return a client without `await`."""
    transport = httpx.ASGITransport(app=sandbox.app)
    limit = litmos_async.RateLimit(requests=10_000, burst=10_000)
    address = "http://127.0.0.1/v1.svc"
    with sync.LitmosClient(
        "sandbox-key", "t", base_url=address, transport=transport, rate_limit=limit
    ) as client:
        yield client


@pytest.mark.parametrize("name", [*FAMILIES, "bulk", "export", "report"])
def test_every_method_is_there(litmos: sync.LitmosClient, name: str) -> None:
    """A family of the facade has the methods of the client's, each made of its own and of the right kind."""
    theirs = Bulk if name == "bulk" else type(getattr(litmos._client, name))
    ours = type(getattr(litmos, name))
    assert issubclass(ours, Family)
    methods = {each for each in dir(theirs) if not each.startswith("_") and callable(getattr(theirs, each))}
    assert methods == {each for each in dir(ours) if not each.startswith("_")}
    for each in methods:
        method, made = getattr(theirs, each), getattr(ours, each)
        assert made.method is method, each
        answers = "pages" if _lists(method) else "once" if inspect.iscoroutinefunction(method) else "job"
        answers = "walk" if inspect.isasyncgenfunction(inspect.unwrap(method)) else answers
        assert {pages: "pages", call: "once", job: "job", walk: "walk"}[type(made)] == answers, each


def _lists(method: object) -> bool:
    returned = inspect.signature(method).return_annotation
    return "Pages" in str(returned)


def test_every_family_is_there(litmos: sync.LitmosClient) -> None:
    """No family is forgotten, and the client has what the asynchronous one has."""
    theirs = {name for name in dir(litmos_async.LitmosClient) if not name.startswith("_")}
    ours = {name for name in dir(sync.LitmosClient) if not name.startswith("_")}
    assert theirs - ours == {"aclose", "base_url", "from_profile"}
    assert ours - theirs == {"close"}


def test_reading(litmos: sync.LitmosClient, sandbox: Sandbox) -> None:
    """One, all, page by page, and an error with what it says."""
    everyone = [user.id for user in litmos.users.list()]
    assert everyone == [user.id for user in litmos.users.list().collect()]
    assert set(everyone) == set(sandbox.tenant.users)
    assert litmos.users.get(everyone[0]).id == everyone[0]
    walked = [len(page.items) for page in litmos.users.list(page_size=20).by_page()]
    assert sum(walked) == 30
    assert len(litmos.users.list(page_size=5).first().items) == 5
    with pytest.raises(NotFound) as caught:
        litmos.users.get("nothing")
    assert caught.value.operation == "users.get"


def test_leaving_a_list_early(litmos: sync.LitmosClient) -> None:
    """A loop that is left gives up what it read ahead, and the next call works."""
    for user in litmos.users.list(page_size=5):
        assert user.id
        break
    assert litmos.quota.waiting == 0
    assert len(litmos.users.list().collect()) == 30


def test_writing_and_jobs(litmos: sync.LitmosClient, sandbox: Sandbox) -> None:
    """A job is planned, run, and iterated."""
    people, course = list(sandbox.tenant.users)[:7], next(iter(sandbox.tenant.courses))
    given = litmos.bulk.assign_courses_to_users([(user, course) for user in people], send_message=False)
    assert given.plan().items == 7
    assert given.run().done == 7
    taken = litmos.bulk.remove_courses_from_users([(user, course) for user in people])
    assert sorted(outcome.item.user_id for outcome in taken) == sorted(people)
    assert taken.report.done + taken.report.failed == 7  # some have it through a learning path as well


def test_what_the_client_has_beside_its_families(litmos: sync.LitmosClient, sandbox: Sandbox) -> None:
    """Any path, who uses the limit, a name without the key; a job says what it did, and a view is not closed."""
    user_id = next(iter(sandbox.tenant.users))
    assert litmos.request("GET", f"/users/{user_id}")["Id"] == user_id
    assert litmos.usage().quota.used == litmos.quota.used == 1
    assert repr(litmos).startswith("sync.")
    assert "sandbox-key" not in repr(litmos)
    with pytest.raises(ConfigurationError, match="closed with its client"), litmos.with_options(timeout=5):
        pass
    job = litmos.bulk.assign_courses_to_users(
        [(user_id, next(iter(sandbox.tenant.courses)))], send_message=False
    )
    assert job.run().done == job.report.done == 1
    assert [outcome.status for outcome in job.outcomes_so_far()] == ["done"]


def test_help_of_a_method() -> None:
    """A method of a class, without a client, has the documentation of the asynchronous one."""
    assert families.Users.get.__doc__ == Users.get.__doc__


async def test_beside_a_running_loop(sandbox: Sandbox) -> None:
    """As in a notebook: it works where a loop runs already, in this thread and in others."""
    transport = httpx.ASGITransport(app=sandbox.app)
    with sync.LitmosClient(
        "sandbox-key", "t", base_url="http://127.0.0.1/v1.svc", transport=transport
    ) as client:
        rows = client.with_options(timeout=5).users.list().collect()
        assert await asyncio.to_thread(lambda: client.users.list().collect()) == rows
    assert not [thread for thread in threading.enumerate() if "anyio" in thread.name]


def test_what_is_wrong_is_said_at_once() -> None:
    """A client that cannot be made leaves no thread behind."""
    before = threading.active_count()
    with pytest.raises(litmos_async.errors.ConfigurationError):
        sync.LitmosClient("key", "t", region="nowhere")
    assert threading.active_count() == before


def test_a_client_that_was_closed(sandbox: Sandbox) -> None:
    """Whatever is called after that says so, as with the asynchronous client; what was begun just ends."""
    client = sync.LitmosClient(
        "sandbox-key", "t", base_url="http://127.0.0.1/v1.svc", transport=httpx.ASGITransport(app=sandbox.app)
    )
    view, listed, begun = client.with_options(timeout=5), client.users.list(), client.users.list().by_page()
    next(begun)
    job = client.bulk.deactivate_users(["u1"])
    client.close()
    client.close()
    for ask in calls_of(client, view, listed, job):
        with pytest.raises(ConfigurationError, match="the client is closed"):
            ask()
    begun.close()
    assert not [thread for thread in threading.enumerate() if "anyio" in thread.name]


def test_a_client_of_another_process(
    litmos: sync.LitmosClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a fork its thread is missing: to wait for that would be to wait for ever."""
    view, listed, begun = litmos.with_options(timeout=5), litmos.users.list(), litmos.users.list().by_page()
    next(begun)
    job = litmos.bulk.deactivate_users(["u1"])
    with monkeypatch.context() as forked:
        own = os.getpid()
        forked.setattr(os, "getpid", lambda: own + 1)
        for ask in calls_of(litmos, view, listed, job):
            with pytest.raises(ConfigurationError, match="make a new one after a fork"):
                ask()
        begun.close()
        litmos.close()
    assert len(litmos.users.list().collect()) == len(sandbox.tenant.users)


def calls_of(
    client: sync.LitmosClient, view: sync.LitmosClient, listed: Any, job: Any
) -> list[Callable[[], object]]:
    """Return a call of every kind."""
    return [
        lambda: client.users.get("u1"),
        lambda: view.users.get("u1"),
        client.users.list,
        listed.collect,
        listed.first,
        lambda: list(listed),
        lambda: client.request("GET", "/users"),
        client.usage,
        job.plan,
        job.run,
        lambda: list(job),
        lambda: list(client.export.batches("users")),
    ]


def test_exports_and_reports(litmos: sync.LitmosClient) -> None:
    """Batches are a plain iterator, and a report is a call."""
    batches = list(litmos.export.batches("users"))
    assert sum(len(batch.rows) for batch in batches) == 30
    assert litmos.report.make("teams").rows
