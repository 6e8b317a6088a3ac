"""The tools that change something: a plan with a fingerprint, which a second call confirms."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

from litmos_async import BulkJob, LitmosClient, Report, Resolved
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.mcp.answers import short
from litmos_async.mcp.deadline import Deadline

__all__ = ["MOST_CHANGES", "Writing"]

MOST_CHANGES: Final = 200
"""Changes of one plan at most: more than that is a matter for a file and the command line."""

_VALID: Final = 600.0
"""Seconds for which a plan can be confirmed."""

_SHOWN: Final = 20

Action: TypeAlias = Literal[
    "assign_courses", "assign_learning_paths", "add_to_teams", "remove_courses", "remove_from_teams"
]


@frozen
class _Planned:
    """A plan that waits for its confirmation."""

    action: Action
    pairs: tuple[tuple[str, str], ...]
    send_message: bool
    until: Deadline


class Writing:
    """What an assistant can change. The docstrings are what it is told of each tool.

    Args:
        litmos: The client.
    """

    def __init__(self, litmos: LitmosClient) -> None:
        self._litmos = litmos
        self._waiting: dict[str, _Planned] = {}
        # Plans of another server are not confirmed by this one.
        self._salt = secrets.token_hex(16)

    @property
    def tools(self) -> Sequence[Any]:
        """Both of them."""
        return (self.plan_change, self.confirm_change)

    async def plan_change(
        self,
        action: Action,
        users: list[str],
        targets: list[str],
        send_message: bool = False,
    ) -> dict[str, Any]:
        """Plan to assign or remove courses, learning paths or memberships of teams. Nothing is changed.

        Show the plan to the person who asked for it, and call `confirm_change` with its fingerprint only after they
        agreed. A plan can be confirmed once, for 10 minutes.

        Args:
            action: What to do: "assign_courses", "assign_learning_paths", "add_to_teams", "remove_courses" or
                "remove_from_teams".
            users: User names or ids.
            targets: Codes or ids of courses; names or ids of learning paths or teams.
            send_message: Whether the server e-mails the people about it.
        """
        if not users or not targets:
            raise ConfigurationError("users and targets must not be empty")
        if len(users) * len(targets) > MOST_CHANGES:
            raise ConfigurationError(f"a plan has at most {MOST_CHANGES} changes: use a file and `litmos`")
        if send_message and action.startswith("remove"):
            raise ConfigurationError("the server sends no messages about what is taken away")
        people = await self._litmos.bulk.resolve_users(users)
        things = await self._resolve(action)(targets)
        problems = {**people.problems, **things.problems}
        if problems:
            raise ConfigurationError("not planned: " + "; ".join(list(problems.values())[:_SHOWN]))
        pairs = tuple(
            dict.fromkeys((person, thing) for person in people.ids.values() for thing in things.ids.values())
        )
        job = self._job(action, pairs, send_message)
        async with job:
            plan = await job.plan()
        planned = _Planned(action, pairs, send_message, Deadline.after(_VALID))
        fingerprint = self._fingerprint(planned)
        self._waiting = {key: each for key, each in self._waiting.items() if not each.until.passed}
        self._waiting[fingerprint] = planned
        return {
            "fingerprint": fingerprint,
            "plan": str(plan),
            "action": action,
            "users": short(dict(list(people.ids.items())[:_SHOWN])),
            "targets": short(dict(list(things.ids.items())[:_SHOWN])),
            "changes": len(pairs),
            "send_message": send_message,
            "note": "Nothing is changed yet. Ask the person before you confirm.",
        }

    async def confirm_change(self, fingerprint: str) -> dict[str, Any]:
        """Carry out a plan of `plan_change`, once, and return how it ended."""
        planned = self._waiting.pop(fingerprint, None)
        if planned is None or planned.until.passed:
            raise ConfigurationError("there is no such plan: it was confirmed, is too old, or was never made")
        report = await self._job(planned.action, planned.pairs, planned.send_message).run()
        return _told(report)

    def _fingerprint(self, planned: _Planned) -> str:
        what = [self._litmos.base_url, planned.action, planned.pairs, planned.send_message]
        return hashlib.sha256(f"{self._salt}{json.dumps(what)}".encode()).hexdigest()[:16]

    def _resolve(self, action: Action) -> Callable[[list[str]], Awaitable[Resolved]]:
        bulk = self._litmos.bulk
        if action.endswith("courses"):
            return bulk.resolve_courses
        return bulk.resolve_learning_paths if action.endswith("paths") else bulk.resolve_teams

    def _job(self, action: Action, pairs: Sequence[tuple[str, str]], send_message: bool) -> BulkJob:
        bulk = self._litmos.bulk
        jobs: Mapping[Action, Callable[[], BulkJob]] = {
            "assign_courses": lambda: bulk.assign_courses_to_users(pairs, send_message=send_message),
            "assign_learning_paths": lambda: bulk.assign_learning_paths_to_users(
                pairs, send_message=send_message
            ),
            "add_to_teams": lambda: bulk.add_users_to_teams(pairs, send_message=send_message),
            "remove_courses": lambda: bulk.remove_courses_from_users(pairs),
            "remove_from_teams": lambda: bulk.remove_users_from_teams(pairs),
        }
        return jobs[action]()


def _told(report: Report) -> dict[str, Any]:
    problems = [
        {"item": list(each.item), "status": each.status, "problem": short(_problem(each.error, each.reason))}
        for each in report.problems[:_SHOWN]
    ]
    return {
        "done": report.done,
        "failed": report.failed,
        "skipped": report.skipped,
        "unknown": report.unknown,
        "stopped": report.stopped,
        "problems": problems,
    }


def _problem(error: Exception | None, reason: str) -> str:
    return str(error) if isinstance(error, LitmosError) else reason
