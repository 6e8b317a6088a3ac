"""Bulk jobs: the fewest requests, an outcome for every item.

A pair of the simplest job takes this path, as do all others:

    bulk                `litmos.bulk`: all helpers, and the `resolve_*` methods
      helpers/          a signature, a docstring, one return: the helper makes a job, its route and its run
        pairs/pair_job  reads the pairs, resumes, skips what exists, and gives the rest to its route
          pairs/direct  the route: lists of ids, bisected where one is rejected (the other one is pairs/by_import)
            write       one write: noted in the journal, sent, settled by its answer or by reading
              resources

    items/item_job      the same for single items, each of which takes requests of its own
    job                 what all jobs do: plan, run, iterate, stop, close
    run                 what the requests of one job share: limit, journal, counters, stop signal, key
    journal/            what was sent, and its outcome, on disk
    server_import       one bulk import of the server
    workers             pieces of work side by side
    results             Outcome, Plan, Progress, Report

`docs/architecture.md` describes each.
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
