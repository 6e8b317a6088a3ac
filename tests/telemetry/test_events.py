"""`on_event`: a record of everything, which tells nothing that is secret, and hooks that cannot hurt a call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from litmos_async import LitmosClient, MemoryLimiter, Quota, RateLimit, RetryPolicy, User, errors
from litmos_async.event_log import EventLog
from litmos_async.events import Attempt, Event, JobEnded, PageRead, Pause, SlotWait
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from litmos_async.transport import mounted

KEY = "marker-key-71c9"
NAME = "marker.person@example.com"


def client(sandbox: Sandbox, on_event: Any, **options: Any) -> LitmosClient:
    """Return a client of a sandbox."""
    transport = mounted(sandbox.app)
    base_url = "http://127.0.0.1/v1.svc"
    return LitmosClient(KEY, "tests", base_url=base_url, transport=transport, on_event=on_event, **options)


def sandbox(**options: Any) -> Sandbox:
    """Return a sandbox with a person whose name must not turn up."""
    tenant = Tenant.example(users=30)
    tenant.add_user(UserName=NAME, FirstName="Marker", LastName="Person")
    return Sandbox(tenant, api_key=KEY, **options)


def of(kind: type, events: list[Event]) -> list[Any]:
    """Return the events of a kind."""
    return [event for event in events if isinstance(event, kind)]


async def everything(litmos: LitmosClient, server: Sandbox) -> None:
    """Make every kind of event, with names in paths, queries and bodies."""
    users = await litmos.users.list(search=NAME).collect()
    await litmos.users.get(NAME)
    await litmos.users.patch(users[0].id, job_title="Marker Title")
    with pytest.raises(errors.NotFound):
        await litmos.users.get("marker.nobody@example.com")
    with pytest.raises(errors.Conflict):
        await litmos.users.create(User(user_name=NAME, first_name="Marker", last_name="Person"))
    await litmos.request("GET", "/users/marker.person%40example.com")
    server.faults.add(Fault(status=503))
    server.faults.add(Fault(nth=2, drop=True))
    courses = await litmos.courses.list().collect()
    pairs = [(user.id, courses[0].id) for user in users]
    await litmos.bulk.assign_courses_to_users(pairs, send_message=False).run()


def test_an_event_for_everything() -> None:
    """Every request is an attempt, every attempt has its wait, and pages, pauses and jobs are counted."""
    server, events = sandbox(), list[Event]()

    async def main() -> None:
        async with client(server, events.append) as litmos:
            await everything(litmos, server)

    run_virtual(main())
    attempts, waits = of(Attempt, events), of(SlotWait, events)
    assert len(attempts) == len(waits) == len(server.requests)
    assert [each.method for each in attempts] == [each.method for each in server.requests]
    statuses = [each.status for each in attempts]
    assert {200, 404, 409, 503, None} <= set(statuses)
    assert [each.error for each in attempts if each.status is None] == ["NetworkError"]
    assert {each.operation for each in attempts} >= {"users.get", "request", "courses.list", "users.create"}
    [pause] = of(Pause, events)
    assert pause.operation == "courses.list"
    assert 1 <= pause.seconds <= 1.25
    pages = of(PageRead, events)
    assert {page.operation for page in pages} == {"users.list", "courses.list"}
    assert sum(page.rows for page in pages if page.operation == "courses.list") == 12
    [job] = of(JobEnded, events)
    assert (job.job, job.done, job.requests, job.complete) == ("assign_courses_to_users", 1, 1, True)
    assert {each.lane for each in attempts} == {"interactive", "bulk"}
    retried = [each.attempt for each in attempts if each.operation == "courses.list"]
    assert max(retried) == 2


def test_nothing_secret_in_any_event(caplog: pytest.LogCaptureFixture) -> None:
    """No key, id, name, path or query stands in a record, nor in the log that is made of them."""
    caplog.set_level(logging.DEBUG, "litmos_async.events")
    server, events = sandbox(), list[Event]()

    async def main() -> list[str]:
        async with client(server, [events.append, EventLog()]) as litmos:
            await everything(litmos, server)
            return [user.id async for user in litmos.users.list()]

    ids = run_virtual(main())
    logged = [record for record in caplog.records if record.name == "litmos_async.events"]
    assert len(logged) == len(events)
    text = repr(events) + repr([(record.getMessage(), vars(record)) for record in logged])
    assert "marker" not in text.lower()
    assert not [id for id in ids if id in text]
    assert logged[0].litmos == {"event": "SlotWait", **attrs.asdict(events[0])}


class Failing:
    """A hook that raises whatever it is told to."""

    def __init__(self, problem: BaseException) -> None:
        self.problem = problem
        self.calls = 0

    def __call__(self, event: Event) -> None:
        """Fail."""
        self.calls += 1
        raise self.problem


@pytest.mark.parametrize(
    "problem", [ValueError("no"), asyncio.CancelledError(), AssertionError(), errors.LitmosError("x")]
)
def test_a_hook_cannot_hurt_a_call(problem: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a hook raises, calls go on, others are told, and the log has it once."""
    server, seen = sandbox(), list[Event]()
    failing = Failing(problem)

    async def main() -> None:
        async with client(server, [failing, seen.append]) as litmos:
            await everything(litmos, server)
            assert litmos.quota.waiting == 0

    run_virtual(main())
    assert failing.calls == len(seen) > 20
    assert len([each for each in caplog.records if "on_event" in each.getMessage()]) == 1


def test_a_limiter_that_does_not_say_how_it_stands() -> None:
    """A limiter of the user's own whose `quota` fails makes no call fail."""

    class Silent(MemoryLimiter):
        @property
        def quota(self) -> Quota:
            raise NotImplementedError

    async def main() -> None:
        async with client(sandbox(), [].append, limiter=Silent()) as litmos:
            assert (await litmos.users.get(NAME)).first_name == "Marker"

    run_virtual(main())


async def coroutine(event: Event) -> None:
    """Do what nothing would wait for."""


class Awaited:
    """An object that is called, and would have to be awaited."""

    async def __call__(self, event: Event) -> None:
        """Do nothing."""


@pytest.mark.parametrize("hook", [coroutine, Awaited(), 5, "print", [print, None], [coroutine]])
def test_what_is_no_hook(hook: Any) -> None:
    """It is refused when the client is made."""
    with pytest.raises(errors.ConfigurationError, match="on_event"):
        LitmosClient("key", "tests", on_event=hook)


def test_one_pause_for_many_rejections() -> None:
    """Fifty calls are rejected for one reason: that is one pause, and a longer one later another."""
    server, events = sandbox(), list[Event]()
    server.faults.add(Fault(status=503, times=50, stall=0.01))

    async def main() -> None:
        async with client(server, events.append) as litmos:
            await asyncio.gather(*(litmos.courses.list() for _ in range(50)))
            assert len(of(Pause, events)) == 1
            server.faults.add(Fault(status=503, headers={"Retry-After": "40"}))
            await litmos.courses.list()

    run_virtual(main())
    assert [round(pause.seconds) for pause in of(Pause, events)] == [1, 40]


def test_who_gives_up() -> None:
    """Cancelled in the queue, cancelled on the way, and a pause that is too long: each has its record."""
    server, events = sandbox(), list[Event]()

    async def main() -> None:
        async with client(server, events.append, rate_limit=RateLimit(requests=1)) as litmos:
            server.faults.add(Fault(stall=500, times=1))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(3):
                    await litmos.users.get(NAME)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    await litmos.users.get(NAME)
            await asyncio.sleep(200)
            server.faults.add(Fault(status=503, headers={"Retry-After": "300"}))
            with pytest.raises(errors.RateLimited):
                await litmos.users.get(NAME, retry=RetryPolicy(max_rejections=0))
            with pytest.raises(errors.RateLimited):
                await litmos.users.get(NAME, retry=RetryPolicy(deadline=60.0))

    run_virtual(main())
    assert [(each.error, round(each.taken)) for each in of(Attempt, events)] == [
        ("CancelledError", 3),
        ("RateLimited", 0),
    ]
    assert [(each.error, round(each.waited)) for each in of(SlotWait, events)] == [
        ("", 0),
        ("CancelledError", 5),
        ("", 0),
        ("RateLimited", 0),
    ]


def test_a_job_within_a_job_is_one_job() -> None:
    """`sync_team_members` adds and removes by jobs of its own, and is one record."""
    server, events = sandbox(), list[Event]()
    team = server.tenant.add_team(Name="Marker team")["Id"]
    users = list(server.tenant.users)

    async def main() -> None:
        async with client(server, events.append) as litmos:
            await litmos.teams.add_users(team, users[:3])
            await litmos.bulk.sync_team_members(
                {team: users[2:5]}, send_message=False, remove=True, max_removals=1.0
            ).run()

    run_virtual(main())
    assert [job.job for job in of(JobEnded, events)] == ["sync_team_members"]


@pytest.mark.parametrize("slow", [0.0, 1.0])
def test_waits_that_are_short_can_be_left_out(slow: float, caplog: pytest.LogCaptureFixture) -> None:
    """The log of events has waits from a number of seconds on."""
    caplog.set_level(logging.DEBUG, "litmos_async.events")

    async def main() -> None:
        async with client(sandbox(), EventLog(slow=slow), rate_limit=RateLimit(requests=1)) as litmos:
            await litmos.users.get(NAME)
            await litmos.users.get(NAME)

    run_virtual(main())
    waits = [each for each in caplog.records if getattr(each, "litmos", {}).get("event") == "SlotWait"]
    assert len(waits) == (1 if slow else 2)


def test_levels() -> None:
    """Failures are seen at INFO, jobs with failures at WARNING."""
    records: list[logging.LogRecord] = []
    logger = logging.getLogger("tests.events")
    logger.setLevel(logging.INFO)
    handler = logging.Handler()
    handler.emit = records.append
    logger.addHandler(handler)
    log: Callable[[Event], None] = EventLog(logger)
    wait = {"operation": "users.get", "lane": "bulk", "attempt": 1, "waited": 0.1, "slots_used": 3}
    counts = {"done": 1, "skipped": 0, "unknown": 0, "requests": 1, "reads": 0, "taken": 1.0}
    log(SlotWait(**wait))
    log(SlotWait(**wait, error="RateLimited"))
    log(JobEnded(job="sync_users", failed=0, complete=True, **counts))
    log(JobEnded(job="sync_users", failed=1, complete=True, **counts))
    assert [record.levelname for record in records] == ["INFO", "INFO", "WARNING"]
