"""Sessions: what is refused before it is sent, what is read, and what is known where an answer is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from litmos_async.bulk import BulkJob, Outcome
from litmos_async.jobs import Jobs, SessionPlace
from litmos_async.models import EventUser, Session, SessionDay
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

DAY: Final[dict[str, Any]] = {
    "start_date": datetime(2099, 3, 1, tzinfo=UTC),
    "end_date": datetime(2099, 3, 1, tzinfo=UTC),
    "start_time": "9:00AM",
    "end_time": "5:00PM",
}


class Course:
    """A course with three people and a module with a session."""

    def __init__(self) -> None:
        self.tenant = tenant = Tenant()
        self.users = [
            tenant.add_user(UserName=f"user.{number}@example.com", FirstName="Ada", LastName="Example")["Id"]
            for number in range(3)
        ]
        self.course_id = tenant.add_course(Name="First aid")["Id"]
        for user_id in self.users:
            tenant.assign_course(user_id, self.course_id)
        self.module_id = tenant.training.add_module(self.course_id, Name="Workshop")["Id"]
        begins, ends = (datetime(2099, 3, 1, hour, tzinfo=UTC) for hour in (9, 17))
        days = [{"StartDate": begins, "EndDate": ends, "StartTime": "9:00AM", "EndTime": "5:00PM"}]
        session = tenant.training.add_session(self.course_id, self.module_id, Name="Monday", Days=days)
        self.place = SessionPlace(self.course_id, self.module_id, session["Id"])
        self.sandbox = Sandbox(tenant)

    def run(self, job: Callable[[Jobs], BulkJob]) -> list[Outcome]:
        """Run a job; return its outcomes in the order of their items' people or names."""

        async def main() -> list[Outcome]:
            async with client(self.sandbox) as litmos:
                return [outcome async for outcome in job(Jobs.of(litmos.bulk))]

        return sorted(run_virtual(main()), key=lambda each: str(each.item))

    def sent(self, method: str, path: str) -> int:
        """Return how many requests were sent to a path that ends so."""
        return sum(each.method == method and each.path.endswith(path) for each in self.sandbox.requests)


@pytest.mark.parametrize("job", ["register_for_sessions", "mark_roll_calls"])
def test_a_roll_call_is_read_once(job: str) -> None:
    """Before the first write about the session, however many people the job has for it."""
    course = Course()

    def start(jobs: Jobs) -> BulkJob:
        if job == "register_for_sessions":
            return jobs.register_for_sessions([(user_id, course.place) for user_id in course.users])
        return jobs.mark_roll_calls(
            [(course.place, EventUser(id=each, completed=True)) for each in course.users]
        )

    if job == "mark_roll_calls":
        for user_id in course.users:
            course.tenant.training.register(course.place.session_id, user_id)
    assert {outcome.status for outcome in course.run(start)} == {"done"}
    reading = 2  # a list, and that nothing follows it
    assert course.sent("GET", "/rollcall") <= reading
    assert course.sent("POST", "/register") + course.sent("POST", "/rollcall") == 3


@pytest.mark.parametrize(
    ("score", "told"),
    [
        (-1, "score must be 0 to 100, not -1"),
        (101, "score must be 0 to 100, not 101"),
        (100.5, "score must be int, not float"),
        ("90", "score must be int, not str"),
    ],
)
def test_a_score_that_is_none(score: Any, told: str) -> None:
    """It fails with the reason, and costs no request."""
    course = Course()
    mark = EventUser(id=course.users[0], completed=True, score=score)
    (outcome,) = course.run(lambda jobs: jobs.mark_roll_calls([(course.place, mark)]))
    assert (outcome.status, outcome.reason) == ("failed", told)
    assert not course.sandbox.requests


def wanted(course: Course, name: str, **changes: Any) -> tuple[str, str, Session]:
    """Return a session that is to be created, and where."""
    room = course.tenant.training.add_location(Location="Room 1")["LocationId"]
    session = Session(
        name=name,
        days=[SessionDay(**DAY)],
        instructor_user_id=course.users[2],
        location="Room 1",
        location_id=room,
        session_type=1,
        time_zone="UTC",
    )
    return course.place.course_id, course.place.module_id, session.replace(**changes)


def test_a_session_that_cannot_be_created() -> None:
    """One without a day has failed, and the other one is created."""
    course = Course()
    sessions = [wanted(course, "A", days=[]), wanted(course, "B")]
    failed, done = course.run(lambda jobs: jobs.create_sessions(sessions))
    assert (failed.status, failed.reason) == ("failed", "Session needs days")
    assert done.status == "done", done.reason
    assert course.sent("POST", "/sessions") == 1


@pytest.mark.parametrize(
    ("days", "status"),
    [
        ('[{"StartDate": "/Date(4076006400000)/", "StartTime": "9:00 am"}]', "skipped"),
        ('[{"StartDate": "/Date(4076006400000)/"}]', "done"),
        ("[]", "done"),
    ],
)
def test_a_session_of_that_name(days: str, status: str) -> None:
    """It is the one that is wanted if it begins then; of one that begins no one knows when, that is not so."""
    course = Course()
    course.sandbox.faults.add(
        Fault(
            method="GET",
            path="/courses/*/sessions",
            body=f'[{{"Id": "x", "Name": "monday", "Days": {days}}}]',
        )
    )
    session = wanted(course, "Monday")
    (outcome,) = course.run(lambda jobs: jobs.create_sessions([session]))
    assert outcome.status == status, outcome.reason
    assert course.sent("POST", "/sessions") == (status == "done")
