"""The operations on tokens for self-signup.

403 is the answer to nearly everything here: the feature is off, the id unknown, the list too long
(api-facts 5).
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.wire.schema import Record
from litmos_async.sandbox.wire.schema_offers import TOKEN

routes = Routes()

_MOST_TOKENS: Final = 100
_LENGTHS: Final = {"TokenCode": 250, "TokenTypeId": 50}


@routes("GET", "/tokens")
def list_tokens(call: Call) -> Response:
    """Answer the tokens."""
    _require_tokens(call)
    rows = call.matching(call.tenant.offers.tokens.values(), "TokenCode")
    return call.answer_all("Tokens", TOKEN, call.page(rows))


@routes("GET", "/tokens/{token_id}")
def get(call: Call, token_id: str) -> Response:
    """Answer one token; XML wraps it as if it were a list (api-facts 10)."""
    _require_tokens(call)
    token = _token(call, token_id)
    return call.answer(TOKEN, token) if call.wants_json else call.answer_all("Tokens", TOKEN, [token])


@routes("POST", "/tokens")
def create(call: Call) -> Response:
    """Add tokens: all of them or, when one is not acceptable, none."""
    rows = _rows(call)
    taken: set[str] = set()
    for row in rows:
        _check(call, row)
        if row["TokenCode"] in taken or call.tenant.offers.token_with_code(row["TokenCode"]):
            raise Refusal(409, "TokenCode already exists")
        taken.add(row["TokenCode"])
    for row in rows:
        call.tenant.offers.add_token(**{name: row[name] for name in row if name != "TokenId"})
    return done(201)


@routes("PUT", "/tokens")
def update(call: Call) -> Response:
    """Write tokens: which ones, the bodies say."""
    rows = _rows(call)
    for row in rows:
        _token(call, row["TokenId"])
        _check(call, row)
        namesake = call.tenant.offers.token_with_code(row["TokenCode"])
        if namesake and namesake["TokenId"] != row["TokenId"]:
            raise Refusal(409, "TokenCode already exists")
    for row in rows:
        call.tenant.offers.tokens[row["TokenId"]] |= row
    return done()


def _require_tokens(call: Call) -> None:
    if not call.tenant.signup_tokens:
        raise Refusal(403, "Self-signup is not enabled")


def _rows(call: Call) -> list[Record]:
    _require_tokens(call)
    rows = call.records("Tokens", TOKEN)
    if len(rows) > _MOST_TOKENS:
        raise Refusal(403, f"Maximum tokens is {_MOST_TOKENS}")
    return rows


def _token(call: Call, token_id: str) -> Record:
    token = call.tenant.offers.tokens.get(token_id)
    if token is None:
        raise Refusal(403, "Invalid token id")  # not 404 (api-facts 5)
    return token


def _check(call: Call, row: Record) -> None:
    """Refuse a token that leads nowhere; the statuses are choices of the sandbox."""
    if not row["TokenCode"] or row["TokenExpiration"] is None:
        raise Refusal(400, "TokenCode and TokenExpiration are required")
    for name, most in _LENGTHS.items():
        if len(row[name] or "") > most:
            raise Refusal(400, f"{name} is longer than {most} characters")
    if row["TokenTypeId"] not in call.tenant.offers.token_targets(row["TokenType"]):
        raise Refusal(403, "Invalid TokenTypeId")
