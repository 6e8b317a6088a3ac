"""Self-signup tokens: codes with which people enrol themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Unpack

from litmos_async.config import CallOptions
from litmos_async.models import Token
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Ref, id_of, records
from litmos_async.resources.base import ListOptions, Resource, Rows
from litmos_async.wire.operation import Operation, many, one

MOST_TOKENS: Final = 100

LIST = Operation("tokens.list", "GET", "/tokens", many(Token, "Tokens"))
GET = Operation("tokens.get", "GET", "/tokens/{token_id}", one(Token))
CREATE = Operation("tokens.create", "POST", "/tokens", many(Token, "Tokens"), body=many(Token, "Tokens"))
UPDATE: Operation[Any] = Operation(
    "tokens.update", "PUT", "/tokens", body=many(Token, "Tokens"), repeatable=True
)


class Tokens(Resource):
    """Tokens for self-signup. All answer `Forbidden` where the account does not have the feature."""

    def list(self, *, search: str | None = None, **options: Unpack[ListOptions]) -> Pages[Token]:
        """List the tokens.

        `GET /tokens`

        Args:
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor page.
        """
        return self._list(LIST, query={"search": search}, options=options)

    async def get(self, token_id: Ref, **options: Unpack[CallOptions]) -> Token:
        """Return one token.

        `GET /tokens/{token_id}`

        Args:
            token_id: The token: an id or a record.
            options: The options of every call.

        Raises:
            Forbidden: There is no such token.

        Source: openapi, vendor page.
        """
        return await self._call(GET, token_id, options=options)

    async def create(self, tokens: Iterable[Token], **options: Unpack[CallOptions]) -> Rows[Token]:
        """Create up to 100 tokens.

        `POST /tokens`

        Args:
            tokens: 1 to 100 tokens. Their `token_id` is ignored.
            options: The options of every call.

        Returns:
            The tokens if the server sent them back, else nothing: what it answers is not documented. `list`
            finds them by their code.

        Raises:
            ConfigurationError: The list is empty, longer than 100, or a token lacks what it needs.
            OutcomeUnknown: No answer came. Look at `list` before you try again.

        Source: openapi, vendor page.
        """
        body = [
            token.replace(token_id=None) for token in records(tokens, Token, "tokens", at_most=MOST_TOKENS)
        ]
        return await self._created(CREATE, body=body, options=options)

    async def update(self, tokens: Iterable[Token], **options: Unpack[CallOptions]) -> None:
        """Write up to 100 tokens, whole: change what `list` returned, and give it back.

        `PUT /tokens`

        Args:
            tokens: 1 to 100 tokens, each with its `token_id`.
            options: The options of every call.

        Raises:
            ConfigurationError: The list is empty, longer than 100, or a token lacks its id or what it needs.

        Source: openapi.
        """
        body = records(tokens, Token, "tokens", at_most=MOST_TOKENS, update=True)
        for token in body:
            id_of(token, "tokens")
        await self._do(UPDATE, body=body, options=options)
