"""The activity logs: who did what, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from litmos_async.models import (
    ActionActivity,
    AssignmentActivity,
    ContentActivity,
    LoginActivity,
    SettingsActivity,
)
from litmos_async.paging import Pages
from litmos_async.resources.base import ListOptions
from litmos_async.resources.windows import SpanResource
from litmos_async.wire.operation import Operation, many

ACTIONS = Operation(
    "activities.list_actions", "GET", "/org/activities/actions", many(ActionActivity, "ActionActivitys")
)
ASSIGNMENTS = Operation(
    "activities.list_assignments",
    "GET",
    "/org/activities/assignments",
    many(AssignmentActivity, "AssignmentActivitys"),
)
CONTENT = Operation(
    "activities.list_content", "GET", "/org/activities/content", many(ContentActivity, "ContentActivitys")
)
LOGINS = Operation(
    "activities.list_logins", "GET", "/org/activities/logins", many(LoginActivity, "LoginActivitys")
)
SETTINGS = Operation(
    "activities.list_settings", "GET", "/org/activities/settings", many(SettingsActivity, "SettingsActivitys")
)


class Activities(SpanResource):
    """Rows of the activity logs between two times.

    All of them go from `since` to `to`, datetimes with a time zone, or until now without `to`. The span may have
    any length: it is read in windows of 7 days, the oldest first, at one request each at least. `start` needs a
    span of 7 days at most, and a resume token fits only a list with the same `since` and `to`.

    All raise `ConfigurationError` if `since` is later than `to`, or one of them is no datetime with a time zone.
    Whether the server holds these lists to 7 days is not documented.
    """

    def list_actions(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[ActionActivity]:
        """List what people did.

        `GET /org/activities/actions`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._in_span(ACTIONS, since, to, options=options)

    def list_assignments(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[AssignmentActivity]:
        """List the assignments that people made and took back.

        `GET /org/activities/assignments`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._in_span(ASSIGNMENTS, since, to, options=options)

    def list_content(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[ContentActivity]:
        """List the changes of content.

        `GET /org/activities/content`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._in_span(CONTENT, since, to, options=options)

    def list_logins(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[LoginActivity]:
        """List the logins.

        `GET /org/activities/logins`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._in_span(LOGINS, since, to, options=options)

    def list_settings(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[SettingsActivity]:
        """List the changes of settings, each with the old and the new value.

        `GET /org/activities/settings`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._in_span(SETTINGS, since, to, options=options)
