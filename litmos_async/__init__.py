"""The asyncio client for the Litmos LMS REST API, and the bulk jobs that people run on it.

Begin with `LitmosClient`. Records are also found in `litmos_async.models`, errors in `litmos_async.errors`.
"""

from litmos_async import errors, models
from litmos_async.bulk import BulkJob, CourseForUser, Outcome, Plan, Progress, Report, Resolved, UserInTeam
from litmos_async.client import LitmosClient
from litmos_async.limits import Lease, Limiter, MemoryLimiter, Quota, RateLimit
from litmos_async.models import *  # noqa: F403
from litmos_async.paging import Page, Pages
from litmos_async.retry import RetryPolicy
from litmos_async.version import __version__

__all__ = [
    "BulkJob",
    "CourseForUser",
    "Lease",
    "Limiter",
    "LitmosClient",
    "MemoryLimiter",
    "Outcome",
    "Page",
    "Pages",
    "Plan",
    "Progress",
    "Quota",
    "RateLimit",
    "Report",
    "Resolved",
    "RetryPolicy",
    "UserInTeam",
    "__version__",
    "errors",
    "models",
]
__all__ += models.__all__
