"""A small organisation, a file for it, and the command on top of it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import attrs
import httpx

from litmos_async import Limiter, LitmosClient, RateLimit
from litmos_async.cli.assign import Order, assign_courses
from litmos_async.cli.terminal import Terminal
from litmos_async.sandbox import Sandbox, Tenant

KEY = "sandbox-key"
COURSES = ("C-1", "Größe & Gewicht", "Erste Hilfe, Teil 1")


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


@attrs.define
class Desk:
    """Runs the command against a sandbox in process.

    Attributes:
        folder: Where the file is.
        sandbox: What answers.
        key: The key that the command uses.
        order: What is asked for.
    """

    folder: Path
    sandbox: Sandbox
    key: str = KEY
    order: Order = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.order = Order(self.folder / "people.csv", send_message=False, rate=RateLimit(100, 60.0))

    def write(self, *lines: str, encoding: str = "utf-8") -> None:
        """Write the file."""
        self.order.file.write_text("\n".join(lines) + "\n", encoding=encoding)

    def ask(self, **changes: Any) -> None:
        """Change the order."""
        self.order = attrs.evolve(self.order, **changes)

    def connect(self, limiter: Limiter) -> LitmosClient:
        """Make a client that reaches the sandbox in process."""
        transport = httpx.ASGITransport(app=self.sandbox.app)
        return LitmosClient(
            self.key, "tests", base_url="http://127.0.0.1/v1.svc", limiter=limiter, transport=transport
        )

    async def run(self, *, quiet: bool = False) -> int:
        """Run the command and return its exit code."""
        return await assign_courses(self.order, self.connect, Terminal(quiet=quiet))

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
