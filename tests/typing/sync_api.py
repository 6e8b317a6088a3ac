"""What type checkers know of the facade without `await`. Never run."""

from __future__ import annotations

from typing import assert_type

from litmos_async.bulk import Plan, Report
from litmos_async.models import User, UserSummary
from litmos_async.sync import LitmosClient, SyncJob, SyncPages

with LitmosClient("key", source="t", region="eu", timeout=5.0) as litmos:
    assert_type(litmos, LitmosClient)
    assert_type(litmos.users.get("id", timeout=3.0), User)
    assert_type(litmos.users.list(search="a", page_size=5), SyncPages[UserSummary])
    assert_type(litmos.users.list().collect(), list[UserSummary])
    for user in litmos.users.list():
        assert_type(user, UserSummary)
    job = litmos.bulk.assign_courses_to_users([("u", "c")], send_message=False)
    assert_type(job, SyncJob)
    assert_type(job.plan(), Plan)
    assert_type(job.run(), Report)
    litmos.users.get()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    litmos.users.list(serach="a")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    litmos.bulk.assign_courses_to_users([("u", "c")])  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
