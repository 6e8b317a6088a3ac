"""Completions from elsewhere: what is refused before it is sent, and what is known where an answer is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from litmos_async import ModuleResult
from litmos_async.bulk import Outcome
from litmos_async.errors import Forbidden
from litmos_async.jobs import Jobs
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client


@pytest.fixture
def sandbox() -> Sandbox:
    """One person with a course of one module, and a module of another course."""
    tenant = Tenant()
    user = tenant.add_user(UserName="ada@example.com", FirstName="Ada", LastName="Example")
    for name in ("Safety", "First aid"):
        tenant.add_module(tenant.add_course(Name=name)["Id"], Name=name)
    tenant.assign_course(user["Id"], next(iter(tenant.courses)))
    return Sandbox(tenant)


def result(sandbox: Sandbox, **changes: object) -> ModuleResult:
    """Return a result of the person in the course."""
    tenant = sandbox.tenant
    ids = {"course_id": next(iter(tenant.courses)), "user_id": next(iter(tenant.users))}
    return ModuleResult(**ids | {"completed": True} | changes)


def write(sandbox: Sandbox, *results: ModuleResult, module: int = 0) -> list[Outcome]:
    """Write results of a module; return the outcomes."""

    async def main() -> list[Outcome]:
        module_id = list(sandbox.tenant.modules)[module]
        async with client(sandbox) as litmos:
            job = Jobs.of(litmos.bulk).write_completions([(module_id, each) for each in results])
            return [outcome async for outcome in job]

    return run_virtual(main())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"completed": False}, "completed must be True: only completions can be written"),
        ({"completed": None}, "ModuleResult needs completed"),
        ({"score": 101}, "score must be 0 to 100, not 101"),
        ({"score": -1}, "score must be 0 to 100, not -1"),
        ({"note": "x" * 256}, "note has 256 characters; the server accepts 255"),
        ({"user_id": None}, "ModuleResult needs user_id"),
        ({"score": "90"}, "score must be int, not str"),
        ({"note": 5}, "note must be str, not int"),
        ({"updated_at": "2031-01-02"}, "updated_at must be datetime, not str"),
    ],
)
def test_results_that_cannot_be_written(sandbox: Sandbox, changes: dict[str, object], told: str) -> None:
    """They fail with the reason, and cost no request; the others are written."""
    bad, good = write(
        sandbox, result(sandbox, **changes), result(sandbox, updated_at=datetime(2024, 3, 1, tzinfo=UTC))
    )
    bad, good = sorted((bad, good), key=lambda outcome: outcome.status != "failed")
    assert (bad.status, bad.reason) == ("failed", told)
    assert good.status == "done"
    assert [request.method for request in sandbox.requests] == ["PUT"]


@pytest.mark.parametrize(
    ("after", "score", "module", "status"),
    [
        (True, 80, 0, "done"),  # the completion and its score show
        (False, 80, 0, "failed"),  # the module is not completed
        (False, None, 1, "unknown"),  # the module is not among those of the course
    ],
)
def test_an_answer_that_is_lost(
    sandbox: Sandbox, after: bool, score: int | None, module: int, status: str
) -> None:
    """The outcome is what reading shows; nothing is sent a second time."""
    sandbox.faults.add(Fault(method="PUT", path="/results/*", drop=True, after=after))
    (outcome,) = write(sandbox, result(sandbox, score=score), module=module)
    assert outcome.status == status
    assert [request.method for request in sandbox.requests].count("PUT") == 1


def test_the_score_of_an_earlier_completion(sandbox: Sandbox) -> None:
    """A completion that shows another score may be an earlier one: then the outcome is unknown."""
    tenant = sandbox.tenant
    ids = (next(iter(tenant.users)), next(iter(tenant.courses)), next(iter(tenant.modules)))
    tenant.set_module_result(*ids, 50, completed=True)
    sandbox.faults.add(Fault(method="PUT", path="/results/*", drop=True))
    (outcome,) = write(sandbox, result(sandbox, score=80))
    assert outcome.status == "unknown"


def test_lists_of_modules_that_cannot_be_read(sandbox: Sandbox) -> None:
    """The error is the server's own."""
    sandbox.faults.add(Fault(path="/courses/*/modules", status=403))

    async def main() -> None:
        async with client(sandbox) as litmos:
            await Jobs.of(litmos.bulk).modules_of(sandbox.tenant.courses)

    with pytest.raises(Forbidden):
        run_virtual(main())
