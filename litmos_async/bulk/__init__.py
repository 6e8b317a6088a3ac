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
from litmos_async.bulk.report import Outcome, Plan, Progress, Report, Status, duration
from litmos_async.bulk.resolve import Resolved

__all__ = [
    "Bulk",
    "BulkJob",
    "CourseForTeam",
    "CourseForUser",
    "LearningPathForTeam",
    "LearningPathForUser",
    "Outcome",
    "Pairs",
    "Plan",
    "Progress",
    "Report",
    "Resolved",
    "Status",
    "UserInTeam",
    "duration",
]
