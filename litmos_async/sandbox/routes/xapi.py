"""The operations on xAPI statements, at the paths that openapi prints (quirks.md 10 knows no others).

They belong to a service of its own whose address and credential are not documented; here they stand below the
base URI and take the key. JSON only, and a statement is passed through as it is.
"""

from __future__ import annotations

import uuid

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.wire.read import read_object
from litmos_async.sandbox.wire.render import json_text
from litmos_async.sandbox.wire.schema import Record

routes = Routes()

_STORE = "/{domain}/{instance}"


@routes("POST", f"{_STORE}/statements")
def add_statement(call: Call, domain: str, instance: str) -> Response:
    """Keep a statement; one without an id gets one."""
    statement = read_object(call.body)
    statement.setdefault("id", str(uuid.uuid4()))
    call.tenant.statements[_key(domain, instance, statement["id"])] = statement
    return _answer(statement)


@routes("PUT", f"{_STORE}/statements/statementID={{statement_id}}")
def update_statement(call: Call, domain: str, instance: str, statement_id: str) -> Response:
    """Keep a statement under the id of the path."""
    call.tenant.statements[_key(domain, instance, statement_id)] = read_object(call.body) | {
        "id": statement_id
    }
    return done(204)


@routes("GET", f"{_STORE}/statementID={{statement_id}}")
def get_statement(call: Call, domain: str, instance: str, statement_id: str) -> Response:
    """Answer one statement."""
    statement = call.tenant.statements.get(_key(domain, instance, statement_id))
    if statement is None:
        raise Refusal(404, "Statement not found")
    return _answer(statement)


def _key(*parts: str) -> str:
    return "/".join(parts)


def _answer(statement: Record) -> Response:
    return Response(json_text(statement), headers={"content-type": "application/json; charset=utf-8"})
