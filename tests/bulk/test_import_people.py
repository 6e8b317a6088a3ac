"""People in bulk imports, on the sandbox and a virtual clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from litmos_async import LitmosClient, Outcome, UserImport, errors
from litmos_async.bulk.server_import import cut
from litmos_async.sandbox import Fault, Sandbox
from litmos_async.testing import run_virtual
from tests.bulk.importing import QUICK, outcomes_of, posts, rows
from tests.support.sandboxes import bare, client


@pytest.mark.costly
def test_people_are_imported_two_thousand_in_a_request() -> None:
    """Imports go one after another, each is followed to its end, and each row has an outcome."""
    sandbox = bare()

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.import_users(rows(4_100), send_message=True, skip_first_login=True)
            plan = await job.plan()
            assert (plan.items, plan.requests_by_kind, plan.emails) == (
                4_100,
                {"POST /bulkimports": 3},
                4_100,
            )
            assert "turns message notifications on for everyone" in plan.notes[0]
            assert not sandbox.requests
            report = await job.run()
            assert (report.done, report.ok, report.requests) == (4_100, True, 3)
            assert job.progress.requests_planned == 3
            # The list of imports at first, and for each of the three looks after 2 s, 3 s and perhaps 4.5 s.
            assert report.reads <= 1 + 3 * 3

    run_virtual(main())
    assert [len(job.rows) for job in sandbox.tenant.imports] == [2_000, 2_000, 100]
    assert all(job.skip_first_login for job in sandbox.tenant.imports)
    assert len(sandbox.tenant.outbox) == 4_100


def test_each_row_has_its_own_outcome() -> None:
    """What the server names as wrong is failed, what it could not take never goes out, twice is skipped."""
    sandbox = bare(users=1)
    good = {"first_name": "A", "last_name": "B"}
    given = [
        {"username": "good@example.com", **good},
        UserImport(username="user0@example.com", first_name="Changed", last_name="B"),
        {"username": "bad@example.com", "email": "no address", **good},
        {"username": "Good@Example.com", **good},
        {"username": "unnamed@example.com", "first_name": "A"},
        {"username": "x" * 51, **good},
        {"username": "short@example.com", "password": "12345", **good},
        {"username": "long@example.com", "company_name": "x" * 101, **good},
        {"username": "odd@example.com", "city": "a\x01b", **good},
        {"username": 4711, **good},
        {**good},
        {**good},
    ]

    async def main() -> dict[str, Outcome]:
        async with client(sandbox) as litmos:
            job = litmos.bulk.import_users(iter(given), send_message=False)
            plan = await job.plan()
            assert (plan.items, plan.skipped) == (3, {"given twice": 1, "refused before it was sent": 8})
            outcomes = await outcomes_of(job)
            assert Counter(o.status for o in outcomes) == {"done": 2, "failed": 9, "skipped": 1}
            return {outcome.item: outcome for outcome in outcomes}

    found = run_virtual(main())
    assert found["bad@example.com"].reason == "Failed - Invalid Email"
    assert (found["bad@example.com"].error, found["bad@example.com"].attempts) == (None, 1)
    assert found["Good@Example.com"].reason == "given twice"
    assert "last_name" in found["unnamed@example.com"].reason
    assert "51 characters" in found["x" * 51].reason
    assert "password" in found["short@example.com"].reason
    assert "12345" not in found["short@example.com"].reason
    assert "company_name has 101" in found["long@example.com"].reason
    assert "character" in found["odd@example.com"].reason
    assert found["4711"].reason == "username must be str, not int"
    assert isinstance(found[""].error, errors.ConfigurationError)
    assert sandbox.tenant.imports[0].rows[1]["FirstName"] == "Changed"
    assert sandbox.tenant.user_named("user0@example.com")["FirstName"] == "Changed"


@pytest.mark.parametrize(
    ("given", "message"), [([{"user_name": "x"}], "row 1: .*'user_name'"), ([rows(1)[0], 5], "row 2: ")]
)
def test_what_is_no_row(given: list[object], message: str) -> None:
    """Something that is no row, or has an unknown column, is refused before anything is sent."""
    sandbox = bare()

    async def main() -> None:
        async with client(sandbox) as litmos:
            with pytest.raises(errors.ConfigurationError, match=message):
                await litmos.bulk.import_users(given, send_message=False).run()
            with pytest.raises(errors.ConfigurationError, match="wait_timeout"):
                litmos.bulk.import_users([], send_message=False, wait_timeout=0)

    run_virtual(main())
    assert not sandbox.requests


def test_what_is_just_long_enough_is_taken() -> None:
    """The limits themselves belong to what the server takes; new people are asked for a password by default."""
    sandbox = bare()
    row = UserImport(
        username="x" * 50, first_name="A", last_name="B", password="secret", company_name="c" * 100
    )

    async def main() -> None:
        async with client(sandbox) as litmos:
            assert (await litmos.bulk.import_users([row], send_message=False).run()).ok

    run_virtual(main())
    (job,) = sandbox.tenant.imports
    assert (job.skip_first_login, job.send_emails) == (False, False)


@pytest.mark.costly
def test_an_import_is_cut_by_its_bytes() -> None:
    """Large rows make smaller imports: none is larger than the server takes."""
    sandbox = bare()

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.import_users(rows(500, twitter="ä" * 4_000), send_message=False)
            assert (await job.plan()).requests == 3
            assert (await job.run()).ok

    run_virtual(main())
    assert posts(sandbox) == 3
    assert list(cut([(1, 10), (2, 2_000_000), (3, 10), (4, 10)])) == [[1], [2], [3, 4]]
    assert list(cut([(1, 1_000_000), (2, 1_000_000), (3, 1)])) == [[1, 2], [3]]
    assert list(cut([])) == []


@pytest.mark.parametrize(
    ("fault", "status", "sent", "jobs"),
    [
        ({"status": 500, "after": True}, "done", 1, 1),
        ({"drop": True, "error": httpx.ReadError("x"), "after": True}, "done", 1, 1),
        ({"body": "{}"}, "done", 1, 1),
        ({"status": 500}, "done", 2, 1),
        ({"drop": True, "error": httpx.ConnectError("x")}, "done", 2, 1),
        ({"status": 500, "times": 9}, "failed", 3, 0),
        ({"status": 503, "times": 2}, "done", 3, 1),
        ({"status": 400}, "failed", 1, 0),
    ],
)
def test_an_import_is_handed_in_once(fault: dict[str, object], status: str, sent: int, jobs: int) -> None:
    """A lost answer is looked up in the list of imports; it is sent again only where it is not there."""
    sandbox = bare()
    sandbox.faults.add(Fault(**{"method": "POST", "path": "/bulkimports", **fault}))
    others = rows(3)

    async def main() -> None:
        async with client(sandbox) as litmos:
            await litmos.bulk_imports.list()
            outcomes = await outcomes_of(litmos.bulk.import_users(others, send_message=False))
            assert Counter(o.status for o in outcomes) == {status: 3}

    run_virtual(main())
    assert posts(sandbox) == sent
    assert len(sandbox.tenant.imports) == jobs


@pytest.mark.parametrize(
    ("earlier", "number", "nth"), [(3, 3, 2), pytest.param(0, 4_000, 2, marks=pytest.mark.slow)]
)
def test_an_older_import_of_the_same_size_is_not_ours(earlier: int, number: int, nth: int) -> None:
    """A lost import is not mistaken for one that was there before, somebody else's or the job's own last one."""
    sandbox = bare()
    sandbox.faults.add(Fault(method="POST", status=500, nth=nth))

    async def main() -> None:
        async with client(sandbox) as litmos:
            if earlier:
                await litmos.bulk_imports.create_users(rows(earlier))
            outcomes = await outcomes_of(litmos.bulk.import_users(rows(number), send_message=False))
            assert {outcome.status for outcome in outcomes} == {"done"}

    run_virtual(main())
    assert (posts(sandbox), len(sandbox.tenant.imports)) == (3, 2)


def test_somebody_else_imports_at_the_same_time() -> None:
    """Where two new imports could be ours nobody knows: nothing is sent again, and the rows are unknown."""
    sandbox = bare()
    sandbox.faults.add(Fault(method="POST", stall=5, status=500, after=True))

    async def main() -> None:
        async with client(sandbox) as litmos, client(sandbox) as other:
            running = asyncio.ensure_future(
                outcomes_of(litmos.bulk.import_users(rows(2), send_message=False))
            )
            await asyncio.sleep(2)
            await other.bulk_imports.create_users(rows(2))
            outcomes = await running
            assert {outcome.status for outcome in outcomes} == {"unknown"}
            assert isinstance(outcomes[0].error, errors.ServerError)

    run_virtual(main())
    assert posts(sandbox) == 2


def test_an_import_that_cannot_be_looked_up_is_unknown() -> None:
    """Where the list of imports breaks too, nothing is sent again; where it breaks at first, nothing is sent."""
    for nth, status, sent in ((2, "unknown", 1), (1, "failed", 0)):
        sandbox = bare()
        sandbox.faults.add(Fault(method="POST", status=500, after=True))
        sandbox.faults.add(Fault(method="GET", path="/bulkimports", status=500, nth=nth, times=9))

        async def main(sandbox: Sandbox = sandbox) -> list[Outcome]:
            async with client(sandbox, retry=QUICK) as litmos:
                return await outcomes_of(litmos.bulk.import_users(rows(2), send_message=False))

        outcomes = run_virtual(main())
        assert {outcome.status for outcome in outcomes} == {status}
        assert posts(sandbox) == sent
        assert sent or outcomes[0].reason.startswith("nothing was sent, ")


@pytest.mark.costly
def test_patience_ends() -> None:
    """An import that takes too long leaves its rows unknown, and the job stops: the rest was never sent."""
    sandbox = bare()
    sandbox.tenant.import_seconds = 10_000

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.import_users(rows(2_500), send_message=False, wait_timeout=600)
            report = await job.run()
            assert (report.unknown, report.done, report.ok) == (2_000, 0, False)
            assert report.stopped == "an import had not finished after 600 s"
            assert 600 <= report.seconds < 610
            # Less and less often: 2 s, 3 s, 4.5 s ... 30 s.
            assert report.reads < 30
            assert sum(1 for _ in job.outcomes_so_far()) == 2_000

    run_virtual(main())
    assert posts(sandbox) == 1


@pytest.mark.costly
def test_an_import_that_was_interrupted() -> None:
    """What was handed in and not followed to its end is unknown; what was never sent is left out."""
    sandbox = bare()

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.import_users(rows(2_500), send_message=False)
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(2)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            known = Counter((outcome.status, outcome.reason) for outcome in job.outcomes_so_far())
            assert known == {("unknown", "interrupted"): 2_000}

    run_virtual(main())


def test_looks_that_fail_are_repeated() -> None:
    """A look at an import that fails costs nothing but time."""
    sandbox = bare()
    sandbox.faults.add(Fault(method="GET", path="/bulkimports/*", status=500, times=4))

    async def main() -> None:
        async with client(sandbox, retry=QUICK) as litmos:
            report = await litmos.bulk.import_users(rows(2), send_message=False).run()
            assert report.ok

    run_virtual(main())


def test_a_wrong_key_stops_an_import() -> None:
    """A key that is refused is raised at once, before the import and while it is followed."""
    sandbox = bare()

    async def main() -> None:
        async with client(sandbox, key="wrong") as litmos:
            with pytest.raises(errors.Unauthorized):
                await litmos.bulk.import_users(rows(1), send_message=False).run()
        sandbox.faults.add(Fault(method="GET", path="/bulkimports/*", status=401))
        async with client(sandbox) as litmos:
            with pytest.raises(errors.Unauthorized):
                await litmos.bulk.import_users(rows(1), send_message=False).run()

    run_virtual(main())
    assert posts(sandbox) == 1


@pytest.mark.parametrize(
    ("job", "bad", "expected"),
    [
        ({"Status": "Completed", "Failed": 0}, None, ["done", "done"]),
        ({"Status": "Completed"}, [], ["done", "done"]),
        ({"Status": "Completed", "Failed": 1}, [{"Username": "NEW1@example.com"}], ["done", "failed"]),
        (
            {"Status": "Completed", "Failed": 0, "InvalidEmail": 1},
            [{"Username": "new0@example.com"}],
            ["failed", "done"],
        ),
        ({"Status": "Completed", "Failed": 2}, [{"Username": "new1@example.com"}], ["unknown", "failed"]),
        ({"Status": "Failed", "Failed": 1}, [{"Username": "new1@example.com"}], ["unknown", "failed"]),
        ({"Status": "Cancelled", "Failed": 0}, None, ["unknown", "unknown"]),
        ({"Status": "Completed", "Failed": 1}, 400, ["unknown", "unknown"]),
    ],
)
def test_what_an_import_says_of_its_rows(
    job: dict[str, object], bad: list[object] | int | None, expected: list[str]
) -> None:
    """Rows are done only where the server names all that failed; where it does not, nobody knows."""
    asked: list[str] = []

    async def server(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        asked.append(path)
        if path.endswith("usererrors"):
            return httpx.Response(bad) if isinstance(bad, int) else httpx.Response(200, json=bad)
        if request.method == "POST":
            return httpx.Response(201, json={"Id": "j1", "Status": "Waiting", "TotalRecords": 2})
        return httpx.Response(200, json={"Id": "j1", **job} if path.endswith("j1") else [])

    async def main() -> list[str]:
        litmos = LitmosClient(
            "k", "t", base_url="https://x.example.com", transport=httpx.MockTransport(server)
        )
        async with litmos:
            outcomes = await outcomes_of(litmos.bulk.import_users(rows(2), send_message=False))
            assert all(bool(outcome.reason) is (outcome.status != "done") for outcome in outcomes)
            return [outcome.status for outcome in outcomes]

    assert run_virtual(main()) == expected
    assert any(path.endswith("usererrors") for path in asked) is (bad is not None)


def test_an_import_that_is_gone_is_unknown() -> None:
    """A job that the server does not know any more is not asked for again."""
    sandbox = bare()
    sandbox.faults.add(Fault(method="GET", path="/bulkimports/*", status=400, times=None))

    async def main() -> None:
        async with client(sandbox) as litmos:
            outcomes = await outcomes_of(litmos.bulk.import_users(rows(1), send_message=False))
            assert [outcome.status for outcome in outcomes] == ["unknown"]
            assert outcomes[0].reason.startswith("sent, but its outcome cannot be read: ")

    run_virtual(main())
    assert sum(request.path.startswith("/bulkimports/") for request in sandbox.requests) == 1


def test_a_password_that_the_server_quotes_is_no_reason() -> None:
    """The reasons of a failed import come with another request than the rows, and go to the outcomes."""
    password = "marker-password"
    answers: dict[str, Any] = {
        "POST /bulkimports": {"Id": "j1", "Status": "Waiting", "TotalRecords": 1},
        "GET /bulkimports": [],
        "GET /bulkimports/j1": {"Id": "j1", "Status": "Completed", "TotalRecords": 1, "Failed": 1},
        "GET /bulkimports/j1/usererrors": [
            {"Username": "a@example.com", "ImportStatus": f"{password} is too weak"}
        ],
    }

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, json=answers[f"{request.method} {request.url.path.removeprefix('/v1.svc')}"]
        )

    row = UserImport(username="a@example.com", first_name="A", last_name="B", password=password)

    async def main() -> Outcome:
        async with LitmosClient(
            "key",
            "tests",
            base_url="https://litmos.example/v1.svc",
            transport=httpx.MockTransport(handler),
            wire="json",
        ) as litmos:
            (outcome,) = [each async for each in litmos.bulk.import_users([row], send_message=False)]
            return outcome

    outcome = run_virtual(main())
    assert (outcome.status, outcome.reason) == ("failed", "*** is too weak")
