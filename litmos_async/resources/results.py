"""Results and achievements: what people completed, and results from elsewhere to write."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Unpack

from litmos_async.config import CallOptions
from litmos_async.models import Achievement, ModuleResult, ResultDetail
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Direction, Ref, complete, id_of, sort_query
from litmos_async.resources.base import ListOptions, Resource
from litmos_async.wire.operation import Operation, many, one

LIST_DETAILS = Operation(
    "results.list_details", "GET", "/results/details", many(ResultDetail, "Users"), json_seen=True
)
COMPLETE_MODULE: Operation[Any] = Operation(
    "results.complete_module", "PUT", "/results/modules/{module_id}", body=one(ModuleResult), json_seen=True
)
LIST_ACHIEVEMENTS = Operation(
    "achievements.list", "GET", "/achievements", many(Achievement, "Achievements"), json_seen=True
)


class Results(Resource):
    """Results of courses and modules."""

    def list_details(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[ResultDetail]:
        """List the course results of all people, with who and what in the same row.

        `GET /results/details`

        Any span in one list: the limit of 7 days does not hold here. Rows hold `login_key`, a credential.

        Args:
            since: Only results changed after it.
            to: Only results changed up to it. One document demands it and some clients always send it; others do
                without. For "until now" give a time to come. None leaves it out.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Raises:
            NotAcceptable: The server cannot use the dates.

        Source: seed, openapi, vendor collection, peers.
        """
        return self._list(LIST_DETAILS, query={"since": since, "to": to}, options=options)

    async def complete_module(
        self, module_id: Ref, result: ModuleResult, **options: Unpack[CallOptions]
    ) -> None:
        """Write the result of one person in one module.

        `PUT /results/modules/{module_id}`

        With "auto", a result with `updated_at` is sent as XML, whose dates are documented; the JSON form
        `/Date(ms)/` was recorded to work, ISO dates to fail. For many see `litmos.bulk`.

        Args:
            module_id: The module.
            result: Course, person and `completed`; `attempts` only for embed and link modules.
            options: The options of every call.

        Raises:
            OutcomeUnknown: No answer came. Whether a repeat counts as another attempt is not known: look at
                `users.get_course` first.

        Source: seed, openapi, vendor page, recorded.
        """
        await self._do(COMPLETE_MODULE, module_id, body=complete(result, ModuleResult), options=options)


class Achievements(Resource):
    """What people achieved."""

    def list(
        self,
        *,
        since: datetime | None = None,
        user_id: Ref | None = None,
        search: str | None = None,
        sort: str | None = None,
        direction: Direction | None = None,
        **options: Unpack[ListOptions],
    ) -> Pages[Achievement]:
        """List achievements, the newest first: a row for each completion of a course.

        `GET /achievements`

        Args:
            since: Only achievements after it, however long ago. None takes all.
            user_id: Only those of one person. In the vendor's page, not in openapi. None takes everyone's.
            search: Filters by a part of the text; at most 50 characters. In openapi only, as are the next two.
                None takes all.
            sort: Field to sort by; which there are is not documented. None leaves it to the server.
            direction: "asc" or "desc"; by itself the server begins with the newest, as documented. None leaves it
                to the server.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor page, vendor collection, peers.
        """
        person = None if user_id is None else id_of(user_id, "user_id")
        query = {"search": search} | sort_query(sort, direction) | {"since": since, "userid": person}
        return self._list(LIST_ACHIEVEMENTS, query=query, options=options)
