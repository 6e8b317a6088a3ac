"""Bulk jobs: the fewest requests, an outcome for every item."""

from litmos_async.bulk.bulk import Bulk
from litmos_async.bulk.items import (
    CourseForTeam,
    CourseForUser,
    LearningPathForTeam,
    LearningPathForUser,
    Pairs,
    UserInTeam,
)
from litmos_async.bulk.job import BulkJob
from litmos_async.bulk.journal_file import Summary, read_summary
from litmos_async.bulk.people import ResultOfUser
from litmos_async.bulk.report import Outcome, Plan, Progress, Report, Status, duration
from litmos_async.bulk.resolve import Resolved
from litmos_async.bulk.sync_members import MemberChange
from litmos_async.bulk.sync_people import UserChange

__all__ = [
    "Bulk",
    "BulkJob",
    "CourseForTeam",
    "CourseForUser",
    "LearningPathForTeam",
    "LearningPathForUser",
    "MemberChange",
    "Outcome",
    "Pairs",
    "Plan",
    "Progress",
    "Report",
    "Resolved",
    "ResultOfUser",
    "Status",
    "Summary",
    "UserChange",
    "UserInTeam",
    "duration",
    "read_summary",
]
