"""A few people found one by one, where that takes fewer requests than the list of all of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Final

from litmos_async.bulk import resolve as rows
from litmos_async.bulk.resolve import Resolver
from litmos_async.bulk.workers import run_concurrently
from litmos_async.config import CallOptions
from litmos_async.errors import APIError, ConfigurationError, NotFound, RateLimited, ServerError, Unauthorized
from litmos_async.models import UserSummary
from litmos_async.names import clean
from litmos_async.reader import LARGEST_PAGE, requests_of_list
from litmos_async.resources import Resources
from litmos_async.wire.codec import SEARCH_LIMIT

_EACH: Final = 2
"""Requests for a name at most: by user name, then by a search, which finds e-mail addresses."""

_FEW: Final = 50
"""Names that may be looked up one by one: 50,000 people more would not change that for longer lists of names."""

_AT_ONCE: Final = 10


async def read_people(
    litmos: Resources, resolver: Resolver, names: Iterable[str], options: CallOptions
) -> None:
    """Give a resolver what it needs of the people of an account, by the fewest requests.

    One name is looked up. Of a few names, the first page of the list decides: where the account is large, those
    that it does not settle are looked up, if that takes fewer requests than the other pages. A name is looked up by
    `GET /users/{user_name}`, and where that is not it by `GET /users/paginated` with a search, which goes by e-mail
    address, too (api-facts 4); what both do not know is not there.

    Args:
        litmos: Makes the requests.
        resolver: Compares the rows.
        names: What it looks for.
        options: The options of every call.
    """
    wanted = [name for name in dict.fromkeys(names) if clean(name)]
    if len(wanted) > _FEW or not all(map(_can_be_looked_up, wanted)):
        await resolver.read(litmos.users.list(**options), rows.names_of_user)
    elif len(wanted) == 1:
        await _look_up(litmos, resolver, wanted, options)
    elif wanted:
        await _read_or_look_up(litmos, resolver, wanted, options)


def _can_be_looked_up(name: str) -> bool:
    """Return whether a look-up finds what the list would: not by other letters, nor by an OriginalId."""
    text = clean(name)
    return text.isascii() and text.isprintable() and not text.isdigit() and len(text) <= SEARCH_LIMIT


async def _read_or_look_up(
    litmos: Resources, resolver: Resolver, wanted: list[str], options: CallOptions
) -> None:
    first = True
    async with aclosing(litmos.users.list(**options).by_page()) as pages:
        async for page in pages:
            for row in page.items:
                resolver.take(row, rows.names_of_user)
            if first and len(page.items) >= LARGEST_PAGE:
                left = [name for name in wanted if not resolver.is_settled(name)]
                if _EACH * len(left) < await _requests_left(litmos, options):
                    await _look_up(litmos, resolver, left, options)
                    return
            first = False


async def _requests_left(litmos: Resources, options: CallOptions) -> int:
    """Return how many requests the list takes after its first page; 0 where the server does not say that."""
    try:
        counted = await litmos.users.list_paginated(page_size=1, **options)
    except NotFound:
        return 0
    return requests_of_list(counted.total or 0, top_level=True) - 1


async def _search(litmos: Resources, resolver: Resolver, text: str, options: CallOptions) -> None:
    """Search for a name. The list with a total takes no request more to prove that it is complete."""
    try:
        found = await litmos.users.list_paginated(search=text, **options).collect()
    except NotFound:
        found = await litmos.users.list(search=text, **options).collect()
    for row in found:
        resolver.take(row, rows.names_of_user)


async def _look_up(litmos: Resources, resolver: Resolver, names: list[str], options: CallOptions) -> None:
    async def one(name: str) -> AsyncGenerator[None, None]:
        text = clean(name)
        try:
            user = await litmos.users.get(text, **options)
        except (APIError, ConfigurationError) as problem:
            # 404, or a name that cannot travel in a path (api-facts 7).
            if isinstance(problem, Unauthorized | RateLimited | ServerError):
                raise
        else:
            row = UserSummary(id=user.id, user_name=user.user_name, email=user.email, active=user.active)
            resolver.take(row, rows.names_of_user)
        if not resolver.is_settled(name):
            await _search(litmos, resolver, text, options)
        yield None

    async with aclosing(run_concurrently(one, names, min(_AT_ONCE, len(names)))) as looked_up:
        async for _ in looked_up:
            pass
