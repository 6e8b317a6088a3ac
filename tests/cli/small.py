"""A small organisation, a file for it, and the command on top of it."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from litmos_async import LitmosClient, Quota, RateLimit
from litmos_async.bulk import Bulk, Progress
from litmos_async.cli import options
from litmos_async.cli.flow import carry_out
from litmos_async.cli.order import Order
from litmos_async.cli.tasks import COURSE, USER, Task
from litmos_async.cli.terminal import Terminal
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual

Carry = Callable[[str], int]
"""Carries out a command line on the file of the desk, and returns the exit code."""

Send = Callable[[bytes, str], int]
"""Writes a file of these bytes, and carries a command out on it."""

ASSIGN = "assign courses --send-message no"
IMPORT = "import users --send-message no"

KEY = "sandbox-key"
RATE = RateLimit(100, 60.0)
COURSES = ("C-1", "Größe & Gewicht", "Erste Hilfe, Teil 1")

QUOTA = Quota(used=87, free=13, next_free_in=0.0, waiting=40, rejected=2, limit=100, period=60.0, budget=100)
STATE = Progress(
    done=1_200, total=5_000, failed=0, requests=360, requests_planned=1_500, seconds_left=684.0, quota=QUOTA
)


@attrs.frozen
class Ending:
    """Why standard output takes no more, and what the command ends with.

    Attributes:
        problem: What a write gives.
        code: The exit code: a reader that had enough is no failure.
    """

    problem: OSError
    code: int


ENDINGS = (Ending(BrokenPipeError(), 0), Ending(OSError(28, "No space left"), 1))


class Broken(io.StringIO):
    """Standard output that takes nothing.

    Args:
        ending: Why.
    """

    def __init__(self, ending: Ending) -> None:
        super().__init__()
        self._problem = ending.problem

    def flush(self) -> None:
        """Fail."""
        raise self._problem


def organisation(people: int = 3) -> Tenant:
    """Return a tenant with `user.0@example.com` and so on, who have all logged in before, and three courses."""
    tenant = Tenant()
    for number in range(people):
        name = f"user.{number}@example.com"
        tenant.add_user(
            UserName=name, Email=name, FirstName="Ada", LastName="Example", LastLogin=tenant.now()
        )
    for code in COURSES:
        tenant.add_course(Code=code, Name=f"All about {code}")
    return tenant


def reach(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Callable[..., LitmosClient]:
    """Let the commands reach a sandbox in process, with its key, on a clock that costs no time.

    Returns:
        What makes their clients.
    """

    def client(**given: Any) -> LitmosClient:
        transport = httpx.ASGITransport(app=sandbox.app)
        return LitmosClient(**given | {"transport": transport, "limiter": "memory://"})

    monkeypatch.setattr(options, "LitmosClient", client)
    monkeypatch.setattr(asyncio, "run", run_virtual)
    monkeypatch.setenv("LITMOS_API_KEY", KEY)
    return client


def assign_courses(**options: Any) -> Task:
    """Return the task of assigning courses to people."""
    return Task((USER, COURSE), Bulk.assign_courses_to_users, {"send_message": False, **options})


@attrs.define
class Desk:
    """Runs the command against a sandbox in process.

    Attributes:
        folder: Where the file is.
        sandbox: What answers.
        key: The key that the command uses.
        rate: The limit that it keeps.
        order: What is asked for: at first to assign courses.
    """

    folder: Path
    sandbox: Sandbox
    key: str = KEY
    rate: RateLimit = RATE
    order: Order = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.order = Order(assign_courses(), self.folder / "people.csv")

    def write(self, *lines: str, encoding: str = "utf-8") -> None:
        """Write the file."""
        self.order.file.write_text("\n".join(lines) + "\n", encoding=encoding)

    def ask(self, **changes: Any) -> None:
        """Change the order."""
        self.order = attrs.evolve(self.order, **changes)

    def connect(self) -> LitmosClient:
        """Make a client that reaches the sandbox in process."""
        transport = httpx.ASGITransport(app=self.sandbox.app)
        return LitmosClient(
            self.key,
            "tests",
            base_url="http://127.0.0.1/v1.svc",
            rate_limit=self.rate,
            transport=transport,
        )

    async def run(self, *, quiet: bool = False) -> int:
        """Run the command and return its exit code."""
        return await carry_out(self.order, self.connect, Terminal(quiet=quiet))

    def outcomes(self) -> list[list[str]]:
        """Return line, status and reason of each line."""
        with self.order.outcomes_file.open(encoding="utf-8-sig", newline="") as file:
            return [[row["line"], row["status"], row["reason"]] for row in csv.DictReader(file)]

    def assigned(self) -> set[tuple[str, str]]:
        """Return what the sandbox holds, by user name and code."""
        tenant = self.sandbox.tenant
        return {
            (tenant.users[user_id]["UserName"], tenant.courses[course_id]["Code"])
            for user_id, course_id, link in tenant.user_courses.rows()
            if link.active
        }
