"""A few people found one by one, where that takes fewer requests than the list of all of them."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from litmos_async.bulk import resolve as rows
from litmos_async.bulk.resolve import Resolver
from litmos_async.bulk.workers import run_concurrently
from litmos_async.config import CallOptions
from litmos_async.errors import APIError, ConfigurationError, NotFound, RateLimited, ServerError, Unauthorized
from litmos_async.models import UserSummary
from litmos_async.names import clean, if_in_capitals
from litmos_async.reader import LARGEST_PAGE
from litmos_async.resources import Resources
from litmos_async.wire.codec import SEARCH_LIMIT

_EACH: Final = 2
"""Requests for a name at most: by user name, then by a search, which finds e-mail addresses."""

_FEW: Final = 50
"""Names that may be looked up one by one: more may cost over 100 requests, which read a list of 100,000 people."""

_AT_ONCE: Final = 10

_CAPITALS_OF_OTHERS: Final = re.compile("SS|I|F[FIL]|ST")
"""What letters beyond ASCII become in capitals: ß, an i without its dot, and ligatures."""


async def read_people(
    litmos: Resources,
    resolver: Resolver,
    options: CallOptions,
    *,
    addresses: bool = False,
) -> None:
    """Give a resolver what it needs of the people of an account, by the fewest requests.

    One name is looked up. Of a few names, the first page of the list decides, or the second one where the server
    gives short ones: where the account is large, those that it does not settle are looked up, if that takes fewer
    requests than the other pages. A name is looked up by `GET /users/{user_name}`, and where that is not it by
    `GET /users/paginated` with a search, which goes by e-mail address, too (api-facts 4); what both do not know is
    not there. An e-mail address is searched for first, since it may be the user name of another person. Only a name
    in capitals may still be one that is written with other letters, such as ß: then the list decides.

    Args:
        litmos: Makes the requests.
        resolver: Compares the rows.
        options: The options of every call.
        addresses: Whether all names are e-mail addresses.
    """
    wanted = resolver.usable
    if len(wanted) > _FEW or not all(map(_can_be_looked_up, wanted)):
        await resolver.read(litmos.users.list(**options), rows.names_of_user)
    elif len(wanted) == 1:
        await _look_up(litmos, resolver, wanted, options, addresses=addresses)
    elif wanted:
        await _read_or_look_up(litmos, resolver, wanted, options, addresses=addresses)


def _can_be_looked_up(name: str) -> bool:
    """Return whether a look-up finds what the list would: not by other letters, nor by an OriginalId."""
    text = clean(name)
    return text.isascii() and text.isprintable() and not text.isdigit() and len(text) <= SEARCH_LIMIT


async def _read_or_look_up(
    litmos: Resources, resolver: Resolver, wanted: list[str], options: CallOptions, *, addresses: bool
) -> None:
    decided, read, largest = False, 0, 0
    async with aclosing(litmos.users.list(**options).by_page()) as pages:
        async for page in pages:
            for row in page.items:
                resolver.take(row, rows.names_of_user)
            more = len(page.items) >= LARGEST_PAGE or (read > 0 and bool(page.items))
            read, largest = read + len(page.items), max(largest, len(page.items))
            if more and not decided:
                decided = True
                left = [name for name in wanted if not resolver.is_settled(name)]
                if not left:
                    return
                if _EACH * len(left) < await _requests_left(litmos, read, largest, options):
                    await _look_up(litmos, resolver, left, options, addresses=addresses)
                    return


async def _requests_left(litmos: Resources, read: int, page: int, options: CallOptions) -> int:
    """Return how many requests the rest of the list takes; 0 where the server does not say that.

    Args:
        litmos: Makes the request.
        read: How many rows were read.
        page: How many the server gives in one answer.
        options: The options of every call.
    """
    try:
        counted = await litmos.users.list_paginated(page_size=1, **options)
    except NotFound:
        return 0
    # Each begins with a row that is known; the last one proves the end.
    return math.ceil(max(0, (counted.total or 0) - read) / max(1, page - 1)) + 1


async def _search(litmos: Resources, resolver: Resolver, text: str, options: CallOptions) -> None:
    """Search for a name. The list with a total takes no request more to prove that it is complete."""
    try:
        found = await litmos.users.list_paginated(search=text, **options).collect()
    except NotFound:
        found = await litmos.users.list(search=text, **options).collect()
    for row in found:
        resolver.take(row, rows.names_of_user)


async def _take_named(litmos: Resources, resolver: Resolver, user_name: str, options: CallOptions) -> None:
    try:
        user = await litmos.users.get(user_name, **options)
    except (APIError, ConfigurationError) as problem:
        # 404, or a name that cannot travel in a path (api-facts 7).
        if isinstance(problem, Unauthorized | RateLimited | ServerError):
            raise
    else:
        row = UserSummary(id=user.id, user_name=user.user_name, email=user.email, active=user.active)
        resolver.take(row, rows.names_of_user)


async def _look_up(
    litmos: Resources, resolver: Resolver, names: list[str], options: CallOptions, *, addresses: bool
) -> None:
    async def one(name: str) -> AsyncGenerator[None, None]:
        text = clean(name)
        search_first = addresses and "@" in text
        if not search_first:
            await _take_named(litmos, resolver, text, options)
        if not resolver.is_settled(name):
            await _search(litmos, resolver, text, options)
        if search_first and not resolver.is_found(name):
            await _take_named(litmos, resolver, text, options)
        yield None

    async with aclosing(run_concurrently(one, names, min(_AT_ONCE, len(names)))) as looked_up:
        async for _ in looked_up:
            pass
    if any(_may_be_of_other_letters(name) and not resolver.is_found(name) for name in names):
        await resolver.read(litmos.users.list(**options), rows.names_of_user)


def _may_be_of_other_letters(name: str) -> bool:
    """Return whether a name may be the capitals of letters that no look-up by it finds: WEISS is weiß, too."""
    return bool(if_in_capitals(name)) and _CAPITALS_OF_OTHERS.search(name) is not None
