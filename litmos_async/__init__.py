"""The asyncio client for the Litmos LMS REST API, and the bulk jobs that people run on it.

Begin with `LitmosClient`. Records are also found in `litmos_async.models`, errors in `litmos_async.errors`, and
what belongs to bulk jobs in `litmos_async.bulk`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from litmos_async import errors, models
from litmos_async.version import __version__

if TYPE_CHECKING:
    from litmos_async.bulk import (
        BulkJob,
        CourseForTeam,
        CourseForUser,
        LearningPathForTeam,
        LearningPathForUser,
        MemberChange,
        Outcome,
        Plan,
        Progress,
        Report,
        Resolved,
        ResultOfUser,
        UserChange,
        UserInTeam,
    )
    from litmos_async.client import LitmosClient
    from litmos_async.limits import (
        Lease,
        Limiter,
        MemoryLimiter,
        Quota,
        RateLimit,
        RedisLimiter,
        SqliteLimiter,
        Usage,
    )
    from litmos_async.models import *  # noqa: F403
    from litmos_async.paging import Page, Pages
    from litmos_async.resources.sso import LoginUrl
    from litmos_async.retry import RetryPolicy
    from litmos_async.xapi_store import XapiStore

_HOMES: Final = {
    **dict.fromkeys(models.__all__, "models"),
    **dict.fromkeys(
        (
            "BulkJob",
            "CourseForTeam",
            "CourseForUser",
            "LearningPathForTeam",
            "LearningPathForUser",
            "MemberChange",
            "Outcome",
            "Plan",
            "Progress",
            "Report",
            "Resolved",
            "ResultOfUser",
            "UserChange",
            "UserInTeam",
        ),
        "bulk",
    ),
    **dict.fromkeys(
        (
            "Lease",
            "Limiter",
            "MemoryLimiter",
            "Quota",
            "RateLimit",
            "RedisLimiter",
            "SqliteLimiter",
            "Usage",
        ),
        "limits",
    ),
    "LitmosClient": "client",
    "LoginUrl": "resources.sso",
    "Page": "paging",
    "Pages": "paging",
    "RetryPolicy": "retry",
    "XapiStore": "xapi_store",
}
"""Names that are imported when they are first used: see `litmos_async.models`."""

__all__ = [
    "BulkJob",
    "CourseForTeam",
    "CourseForUser",
    "LearningPathForTeam",
    "LearningPathForUser",
    "Lease",
    "Limiter",
    "LitmosClient",
    "LoginUrl",
    "MemberChange",
    "MemoryLimiter",
    "Outcome",
    "Page",
    "Pages",
    "Plan",
    "Progress",
    "Quota",
    "RateLimit",
    "RedisLimiter",
    "Report",
    "Resolved",
    "ResultOfUser",
    "RetryPolicy",
    "SqliteLimiter",
    "Usage",
    "UserChange",
    "UserInTeam",
    "XapiStore",
    "__version__",
    "errors",
    "models",
]
__all__ += models.__all__


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
