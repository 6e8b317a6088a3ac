"""Bulk jobs: the fewest requests, an outcome for every item.

bulk.py          `litmos.bulk`: all helpers, from assign, remove, people, sync and import_job
job.py           what all jobs do; report.py is what they say
pair_job.py      jobs over pairs: pairs.py holds them, operations.py says how each kind is sent and read,
                 cover.py finds the fewest requests, looks.py the cheapest reads
item_job.py      jobs over single items, each a task.py; sync_people.py and import_job.py are such jobs
sync_members.py  teams in step: one job over pairs that adds, and one that removes
importer.py      bulk imports of the server; pair_import.py sends pairs through them
journal.py       what was sent and what came of it, in a journal_file.py
calls.py         what an error means for a job
crew.py          many at once, and no more than the limit allows
resolve.py       names to ids
"""

from litmos_async.bulk.bulk import Bulk
from litmos_async.bulk.helpers.options import ImportOptions, ItemOptions, JobOptions
from litmos_async.bulk.inputs import (
    CourseForTeam,
    CourseForUser,
    LearningPathForTeam,
    LearningPathForUser,
    Pairs,
    UserInTeam,
)
from litmos_async.bulk.items.sync_users import UserChange
from litmos_async.bulk.items.users_and_results import ResultOfUser
from litmos_async.bulk.job import BulkJob
from litmos_async.bulk.journal.file import Summary, read_summary
from litmos_async.bulk.journal.journal import WAITS_FOR_EARLIER
from litmos_async.bulk.pairs.list_sizes import ListSize, ListSizes
from litmos_async.bulk.pairs.sync_team_members import MemberChange
from litmos_async.bulk.resolve import Resolved
from litmos_async.bulk.results import Outcome, Plan, Progress, Report, Status

__all__ = [
    "WAITS_FOR_EARLIER",
    "Bulk",
    "BulkJob",
    "CourseForTeam",
    "CourseForUser",
    "ImportOptions",
    "ItemOptions",
    "JobOptions",
    "LearningPathForTeam",
    "LearningPathForUser",
    "ListSize",
    "ListSizes",
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
    "read_summary",
]
