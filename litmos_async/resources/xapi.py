"""xAPI statements. JSON only."""

from __future__ import annotations

from typing import Any, Unpack
from uuid import uuid4

from litmos_async.config import CallOptions
from litmos_async.models import XapiStatement
from litmos_async.models.record import check_class
from litmos_async.resources.base import Ref, Resource
from litmos_async.wire.operation import Operation, one

ADD_STATEMENT = Operation(
    "xapi.add_statement",
    "POST",
    "/{litmos_domain}/{db_instance}/statements",
    one(XapiStatement),
    body=one(XapiStatement),
    json_only=True,
)
UPDATE_STATEMENT: Operation[Any] = Operation(
    "xapi.update_statement",
    "PUT",
    "/{litmos_domain}/{db_instance}/statements/statementID={statement_id}",
    body=one(XapiStatement),
    repeatable=True,
    json_only=True,
)
GET_STATEMENT = Operation(
    "xapi.get_statement",
    "GET",
    "/{litmos_domain}/{db_instance}/statementID={statement_id}",
    one(XapiStatement),
    json_only=True,
)


class Xapi(Resource):
    """Statements of the learning record store.

    That store is a service of its own, beside the API. Neither its address nor its way to log in is documented: the
    one source prints paths only. They go below the base URL of the client, with the client's key, so make a client
    for it: `LitmosClient(base_url=...)` with the address that your account shows.
    """

    async def add_statement(
        self,
        litmos_domain: str,
        db_instance: str,
        statement: XapiStatement,
        **options: Unpack[CallOptions],
    ) -> XapiStatement:
        """Store a statement, and return what the store made of it.

        `POST /{litmos_domain}/{db_instance}/statements`

        Args:
            litmos_domain: First part of the path, as the store's address has it.
            db_instance: Second part of the path.
            statement: The statement: everything but its id stands in `extra`. Without an id it gets one (a UUID),
                so that it can be looked for after a lost answer.
            options: The options of every call.

        Raises:
            OutcomeUnknown: No answer came. Ask for the id before you try again.

        Source: openapi.
        """
        check_class(statement, XapiStatement)
        body = statement if statement.id else statement.replace(id=str(uuid4()))
        return await self._call(ADD_STATEMENT, litmos_domain, db_instance, body=body, options=options)

    async def update_statement(
        self,
        litmos_domain: str,
        db_instance: str,
        statement: XapiStatement,
        **options: Unpack[CallOptions],
    ) -> None:
        """Write a statement, whole.

        `PUT /{litmos_domain}/{db_instance}/statements/statementID={statement_id}`

        The equals sign stands in the path, as the source prints it; a query is likely meant.

        Args:
            litmos_domain: First part of the path.
            db_instance: Second part of the path.
            statement: The statement, with its id.
            options: The options of every call.

        Source: openapi.
        """
        check_class(statement, XapiStatement)
        where = litmos_domain, db_instance
        await self._do(UPDATE_STATEMENT, *where, statement, body=statement, options=options)

    async def get_statement(
        self, litmos_domain: str, db_instance: str, statement_id: Ref, **options: Unpack[CallOptions]
    ) -> XapiStatement:
        """Return a statement.

        `GET /{litmos_domain}/{db_instance}/statementID={statement_id}`

        Source: openapi.
        """
        return await self._call(GET_STATEMENT, litmos_domain, db_instance, statement_id, options=options)
