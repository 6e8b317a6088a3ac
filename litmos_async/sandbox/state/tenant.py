"""One organisation as tests and demos make it: empty, or with invented people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Self

from litmos_async.sandbox.state.example import populate
from litmos_async.sandbox.state.organisation import Organisation, utc_now


class Tenant(Organisation):
    """The state behind the sandbox. Empty at first; `Tenant.example()` makes a populated one.

    ```python
    tenant = Tenant.example(users=200, courses=20)
    user_id = next(iter(tenant.users))
    tenant.users[user_id]["Active"] = False  # things by id, their fields by wire name
    ```

    Args:
        now: Tells the server's time, in UTC.
        seed: What ids are drawn from: the same seed gives the same ids.
    """

    @classmethod
    def example(
        cls,
        *,
        users: int = 50,
        courses: int = 12,
        teams: int = 8,
        learning_paths: int = 3,
        seed: int = 1,
        now: Callable[[], datetime] = utc_now,
    ) -> Self:
        """Return an organisation with invented people, the same ones for the same arguments.

        Args:
            users: How many people.
            courses: How many courses.
            teams: How many teams.
            learning_paths: How many learning paths.
            seed: Which organisation: the same numbers and seed give the same people, with the same ids.
            now: Tells the server's time, in UTC.
        """
        tenant = cls(now=now, seed=seed)
        populate(tenant, users=users, courses=courses, teams=teams, learning_paths=learning_paths, seed=seed)
        return tenant
