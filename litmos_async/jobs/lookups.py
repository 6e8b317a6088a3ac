"""What these jobs look up: the modules of courses, and sessions by their names."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from attrs import frozen

from litmos_async.bulk import Resolved
from litmos_async.jobs.sessions import SessionPlace
from litmos_async.jobs.steps import StepJobs
from litmos_async.models import Module, Session
from litmos_async.names import THINGS, clean, closeness

__all__ = ["LookUps", "ModulesOfCourse"]

_AT_ONCE: Final = 20
"""Courses whose modules are read side by side."""


@frozen
class ModulesOfCourse:
    """The modules of a course.

    ```python
    found = (await Jobs.of(litmos.bulk).modules_of([course_id]))[course_id]
    for module in found.modules:
        print(module.name, "by roll call" if module.id in found.led else "by result")
    ```

    Attributes:
        modules: All of them.
        led: Ids of those that an instructor leads: only a roll call completes them (api-facts 15).
    """

    modules: Sequence[Module]
    led: Collection[str]

    @property
    def settable(self) -> list[Module]:
        """Those that a request can set complete, and that learners see."""
        return [each for each in self.modules if each.id not in self.led and each.active is not False]

    def find(self, name: str) -> list[Module]:
        """Return the modules whose id, code or name matches best.

        Args:
            name: An id, a code or a name.
        """
        if found := [each for each in self.modules if each.id == clean(name)]:
            return found
        ways = {each.id: _way(name, each.code, each.name) for each in self.modules}
        nearest = min((way for way in ways.values() if way is not None), default=None)
        return [] if nearest is None else [each for each in self.modules if ways[each.id] == nearest]


class LookUps(StepJobs):
    """Look-ups of what has no list of its own."""

    async def modules_of(self, course_ids: Iterable[str]) -> dict[str, ModulesOfCourse]:
        """Return the modules of courses, two requests a course.

        `GET /courses/{course_id}/modules`
        `GET /courses/{course_id}/modules/ilt`

        Args:
            course_ids: Ids of the courses.

        Raises:
            LitmosError: A list cannot be read.
        """
        room = asyncio.Semaphore(_AT_ONCE)

        async def read(course_id: str) -> ModulesOfCourse:
            async with room:
                modules = [each async for each in self._litmos.courses.list_modules(course_id)]
                led = {each.id async for each in self._litmos.ilt_modules.list(course_id)}
                return ModulesOfCourse(modules, led)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = {each: group.create_task(read(each)) for each in dict.fromkeys(course_ids)}
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return {course_id: task.result() for course_id, task in tasks.items()}

    async def resolve_locations(self, names: Iterable[str]) -> Resolved:
        """Find locations by name or number.

        `GET /locations`

        Args:
            names: What to look up.
        """
        resolved, names = Resolved(), list(dict.fromkeys(names))
        rows = [row async for row in self._litmos.locations.list()] if names else []
        for name in names:
            ways = [(_way(name, row.location, str(row.location_id)), row) for row in rows]
            nearest = min((way for way, _ in ways if way is not None), default=None)
            found = [str(row.location_id) for way, row in ways if way == nearest and way is not None]
            if len(found) == 1:
                resolved.ids[name] = found[0]
            else:
                several = f"several locations go by {name!r}: {', '.join(found)}"
                resolved.problems[name] = several if found else f"no location goes by {name!r}"
        return resolved

    async def resolve_sessions(self, names: Iterable[str], *, past: bool) -> Resolved:
        """Find sessions by id or by name; those to come are looked at first, or with `past` those that have begun.

        `GET /sessions/future`
        `GET /sessions/past`

        The second list is read only for names that are not in the first. A name that several sessions have is a
        problem that names their beginnings and ids.

        Args:
            names: What to look up.
            past: Which sessions go first: True for those that have begun, False for those to come.
        """
        sessions = self._litmos.sessions
        lists = [sessions.list_past, sessions.list_future]
        resolved, left = Resolved({}, {}), list(dict.fromkeys(names))
        for listing in lists if past else reversed(lists):
            if not left:
                break
            rows = [
                (SessionPlace(course.id, module.id, session.id), session)
                async for course in listing()
                for module in course.modules
                for session in module.sessions
            ]
            for name in left:
                found = _sessions_called(name, rows)
                if len(found) == 1:
                    resolved.ids[name] = str(found[0][0])
                elif found:
                    told = ", ".join(f"{row.start_date:%Y-%m-%d %H:%M} ({row.id})" for _, row in found)
                    resolved.problems[name] = f"several sessions are called {name!r}: {told}; say the id"
            left = [name for name in left if name not in resolved.ids and name not in resolved.problems]
        for name in left:
            resolved.problems[name] = f"no session goes by {name!r}"
        return resolved


def _sessions_called(
    name: str, rows: Sequence[tuple[SessionPlace, Session]]
) -> list[tuple[SessionPlace, Session]]:
    if found := [each for each in rows if each[1].id == clean(name)]:
        return found[:1]
    ways = [(_way(name, session.name), place, session) for place, session in rows]
    nearest = min((way for way, _, _ in ways if way is not None), default=None)
    return [(place, session) for way, place, session in ways if way == nearest and way is not None]


def _way(name: str, *called: str | None) -> int | None:
    """Return how closely a thing goes by a name, by the best of what it is called; None if it does not."""
    ways = [closeness(name, each, THINGS) for each in called if each]
    return min((way for way in ways if way is not None), default=None)
