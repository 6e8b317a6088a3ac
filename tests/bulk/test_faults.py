"""The matrix of faults: what becomes of a bulk request, how often it is sent, and what is there in the end."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

import attrs
import httpx
import pytest

from litmos_async import BulkJob, LitmosClient, Outcome, RetryPolicy
from litmos_async.bulk import Bulk
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual


class Fate(Enum):
    """What a fault does to a request, and what may be done about it."""

    NOTHING_LEFT = auto()
    """It had no effect, and that is certain: it goes again, whatever it is."""
    NO_EFFECT = auto()
    """It left, and had no effect; nobody can know that."""
    EFFECT = auto()
    """It left and had its effect; nobody can know that either."""
    ODD_ANSWER = auto()
    """The status says that it was carried out, and only the body is odd: that of a write does not matter."""
    PAGE = auto()
    """A web page with a 200 came in its place, such as that of a proxy: no success, and no error that goes away."""
    LIE = auto()
    """A 503 says that nothing was done (api-facts 6, inferred), and is not true. What the request asked for is sent
    once more: the server passes over what it has, or refuses it."""


FAULTS: dict[str, tuple[Fate, dict[str, Any]]] = {
    "refused connection": (Fate.NOTHING_LEFT, {"drop": True, "error": httpx.ConnectError("refused")}),
    "503 before the effect": (Fate.NOTHING_LEFT, {"status": 503}),
    "reset before the effect": (Fate.NO_EFFECT, {"drop": True, "error": httpx.ReadError("reset")}),
    "stall before the effect": (Fate.NO_EFFECT, {"drop": True, "stall": 50.0}),
    "500 before the effect": (Fate.NO_EFFECT, {"status": 500}),
    "web page before the effect": (Fate.NO_EFFECT, {"html": True, "status": 504}),
    "reset after the effect": (Fate.EFFECT, {"drop": True, "error": httpx.ReadError("reset"), "after": True}),
    "stall after the effect": (Fate.EFFECT, {"after": True, "stall": 50.0}),
    "500 after the effect": (Fate.EFFECT, {"html": True, "after": True}),
    "cut off body": (Fate.ODD_ANSWER, {"body": "{", "content_type": "application/json"}),
    "web page": (
        Fate.ODD_ANSWER,
        {"body": "<html><title>Log in</title></html>", "content_type": "text/html"},
    ),
    "wrong content type": (Fate.ODD_ANSWER, {"content_type": "image/png", "body": "OK"}),
    "web page in place of the effect": (Fate.PAGE, {"html": True, "status": 200}),
    "503 after the effect": (Fate.LIE, {"status": 503, "after": True}),
}

BAD = "no-such-team"
POSTS_OF_THE_BAD = 4
"""Five teams with a bad one in the middle: all, the bad one with the two behind it, it alone, and those two."""


@attrs.frozen
class Case:
    """A kind of write, and which of its requests is hit.

    Attributes:
        nth: The request that is hit, counted from 1.
        hit: The places of the items in it.
        others: What becomes of the other ones, in order.
        other_posts: The requests that they take.
        expected: By fate: how often the request is sent, in one piece or in parts, and what its items end as.
    """

    nth: int
    hit: Sequence[int]
    expected: dict[Fate, tuple[int, str]]
    others: dict[int, str] = attrs.field(factory=dict)
    other_posts: int = 0


CASES = {
    "repeatable": Case(
        1,
        range(4),
        {
            Fate.NOTHING_LEFT: (2, "done"),
            Fate.NO_EFFECT: (2, "done"),
            Fate.EFFECT: (2, "done"),
            Fate.ODD_ANSWER: (1, "done"),
            Fate.PAGE: (1, "failed"),
            Fate.LIE: (2, "done"),
        },
    ),
    "not repeatable": Case(
        1,
        range(4),
        {
            Fate.NOTHING_LEFT: (2, "done"),
            Fate.NO_EFFECT: (1, "failed"),
            Fate.EFFECT: (1, "done"),
            Fate.ODD_ANSWER: (1, "done"),
            Fate.PAGE: (1, "failed"),
            Fate.LIE: (2, "done"),
        },
    ),
    # A person who is in one of the teams is put into none of them: the repeated half is refused, and then each of
    # its two teams.
    "list with one bad id, the good half": Case(
        2,
        (0, 1),
        {
            Fate.NOTHING_LEFT: (2, "done"),
            Fate.NO_EFFECT: (1, "failed"),
            Fate.EFFECT: (1, "done"),
            Fate.ODD_ANSWER: (1, "done"),
            Fate.PAGE: (1, "failed"),
            Fate.LIE: (4, "skipped"),
        },
        {2: "failed", 3: "done", 4: "done"},
        POSTS_OF_THE_BAD,
    ),
}
"""What must come of each fault. The other items of a list must not notice."""


def make() -> Sandbox:
    """Return a sandbox with a person, and things to give."""
    tenant = Tenant()
    tenant.add_user(UserName="user@example.com", FirstName="U", LastName="N")
    for number in range(4):
        tenant.add_course(Name=f"Course {number}")
        tenant.add_team(Name=f"Team {number}")
        tenant.add_learning_path(Name=f"Path {number}")
    return Sandbox(tenant)


def items_of(kind: str, tenant: Tenant) -> list[str]:
    """Return what the person gets."""
    if kind == "repeatable":
        return list(tenant.courses)
    if kind == "not repeatable":
        return list(tenant.learning_paths)
    return [*list(tenant.teams)[:2], BAD, *list(tenant.teams)[2:]]


def job_of(kind: str, bulk: Bulk, user: str, items: list[str], **options: Any) -> BulkJob:
    """Return the job that gives all of it in one request."""
    if kind == "repeatable":
        return bulk.assign_courses_to_users({user: items}, send_message=False, **options)
    if kind == "not repeatable":
        return bulk.assign_learning_paths_to_users({user: items}, send_message=False, **options)
    return bulk.add_users_to_teams({user: items}, **options, send_message=False)


def present(kind: str, tenant: Tenant, user: str) -> set[str]:
    """Return what the person has in the end."""
    if kind == "repeatable":
        return set(tenant.user_courses.of_left(user))
    if kind == "not repeatable":
        return set(tenant.user_paths.of_left(user))
    return set(tenant.members.of_right(user))


def run(kind: str, *faults: Fault) -> tuple[list[Outcome], list[str], set[str], int]:
    """Run into the faults; return the outcomes, the items in order, what is there, and the writes that came."""
    sandbox = make()
    (user,) = sandbox.tenant.users
    items = items_of(kind, sandbox.tenant)
    for fault in faults:
        sandbox.faults.add(fault)

    async def main() -> list[Outcome]:
        transport = httpx.ASGITransport(sandbox.app)
        async with LitmosClient(
            "sandbox-key", "t", base_url="http://127.0.0.1/v1.svc", transport=transport
        ) as litmos:
            job = job_of(kind, litmos.bulk, user, items)
            outcomes = [outcome async for outcome in job]
            assert job.report.counted == len(outcomes)
        return outcomes

    outcomes = run_virtual(main())
    posts = sum(each.method == "POST" for each in sandbox.requests)
    return outcomes, items, present(kind, sandbox.tenant, user), posts


def told(outcomes: list[Outcome], items: list[str]) -> list[str]:
    """Return the status of each item, in order: each must have one outcome, not two and not none."""
    assert sorted(outcome.item[1] for outcome in outcomes) == sorted(items)
    statuses = {outcome.item[1]: outcome.status for outcome in outcomes}
    return [statuses[item] for item in items]


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_matrix(kind: str, fault: str) -> None:
    """Each item has one outcome, which is what the sandbox has; and nothing is sent more often than it may be."""
    case, (fate, what) = CASES[kind], FAULTS[fault]
    outcomes, items, there, posts = run(kind, Fault(method="POST", nth=case.nth, **what))
    times, status = case.expected[fate]
    expected = case.others | dict.fromkeys(case.hit, status)
    assert told(outcomes, items) == [expected[place] for place in range(len(items))]
    # "skipped" is what a member already is: the effect of the request that was sent before.
    assert {each.item[1] for each in outcomes if each.status in {"done", "skipped"}} == there
    assert posts == case.other_posts + times


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_before_the_bad_id_is_known(fault: str) -> None:
    """Where it is the whole list that runs into the fault, no item of it is lost or taken for done."""
    fate, what = FAULTS[fault]
    kind = "list with one bad id, the good half"
    outcomes, items, there, posts = run(kind, Fault(method="POST", **what))
    if fate in {Fate.NO_EFFECT, Fate.EFFECT, Fate.PAGE}:
        # The server would have refused the list: it has no effect, and that is read, not guessed.
        assert (told(outcomes, items), there, posts) == (["failed"] * 5, set(), 1)
    else:
        again = fate in {Fate.NOTHING_LEFT, Fate.LIE}
        assert told(outcomes, items) == ["done", "done", "failed", "done", "done"]
        assert (there, posts) == (set(items) - {BAD}, 5 + again)


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("fault", [name for name, (fate, _) in FAULTS.items() if fate is Fate.EFFECT])
def test_what_cannot_be_read_back_is_unknown(kind: str, fault: str) -> None:
    """An effect that nobody can see is not taken for done, nor for failed; and is not tried a second time."""
    case, (_, what) = CASES[kind], FAULTS[fault]
    times = None if kind == "repeatable" else 1
    outcomes, items, _, posts = run(
        kind,
        Fault(method="POST", nth=case.nth, times=times, **what),
        Fault(method="GET", times=None, status=500),
    )
    expected = case.others | dict.fromkeys(case.hit, "unknown")
    assert told(outcomes, items) == [expected[place] for place in range(len(items))]
    assert all(outcome.error for outcome in outcomes if outcome.status == "unknown")
    assert posts == case.other_posts + (RetryPolicy().max_attempts if kind == "repeatable" else 1)


@pytest.mark.parametrize(
    ("fault", "status"), [("500 before the effect", "failed"), ("500 after the effect", "done")]
)
def test_a_fault_that_stays(fault: str, status: str) -> None:
    """A repeatable write is sent a bounded number of times, and then it is read what is there."""
    outcomes, items, there, posts = run("repeatable", Fault(method="POST", times=None, **FAULTS[fault][1]))
    assert told(outcomes, items) == [status] * 4
    assert there == (set(items) if status == "done" else set())
    assert posts == RetryPolicy().max_attempts
