"""Single sign-on: recipes of other calls that lead a person into Litmos without a password."""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import Unpack, cast

from attrs import field, frozen

from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError, DecodeError, NotFound
from litmos_async.models.record import Record
from litmos_async.names import SAME_PERSON, closeness, identifier
from litmos_async.resources import courses, users
from litmos_async.resources.arguments import Ref
from litmos_async.resources.base import ListOptions, Resource
from litmos_async.wire.codec import SEARCH_LIMIT


@frozen
class LoginUrl:
    """A link that logs a person in, once. Redirect the browser to `url`, and store it nowhere.

    Not in its repr: anyone with it can act as that person.

    ```python
    link = await litmos.sso.get_login_key(user_id)
    response = RedirectResponse(link.url)  # Starlette's, and so FastAPI's
    ```

    Attributes:
        url: The link. It is in no repr.
    """

    url: str = field(repr=False)


class Sso(Resource):
    """Recipes for single sign-on."""

    async def find_user_id(self, user_name: str, **options: Unpack[CallOptions]) -> str:
        """Return the id of the person with this user name. It never changes: store it.

        `GET /users`

        The search of the server finds parts of names and e-mail addresses; of what it finds, the user name counts
        that is the same but for upper and lower case, for how an umlaut is put together, and for what cannot be
        seen. Nothing else: ß is not ss, for a login is no place for a guess.

        Args:
            user_name: The user name.
            options: The options of every call.

        Raises:
            ConfigurationError: The user name is empty, or holds what cannot be seen and cannot be left out with
                certainty, such as a no-break space between letters.
            NotFound: There is no such person. Raised here: the server said 200, and no row fits.

        Source: seed, vendor page, a peer.
        """
        wanted = identifier(user_name, "user_name")
        if not wanted:
            raise ConfigurationError("user_name is empty")
        # The server takes 50 characters; the first ones of a longer name find it too.
        query = {"search": wanted[:SEARCH_LIMIT], "sort": "UserName"}
        listing = cast(ListOptions, options)
        requests = 0
        doubles: list[str] = []
        async with aclosing(self._list(users.LIST, query=query, options=listing).by_page()) as pages:
            async for page in pages:
                requests += 1
                for user in page.items:
                    way = closeness(wanted, user.user_name, SAME_PERSON)
                    if way == 0:
                        return user.id
                    if way is not None:
                        doubles.append(user.id)
        if len(doubles) == 1:
            return doubles[0]
        detail = f"no one has the user name {user_name!r}"
        raise NotFound(
            detail,
            status=404,
            detail=detail,
            operation="sso.find_user_id",
            method=users.LIST.method,
            path=users.LIST.path,
            attempts=requests,
        )

    async def get_login_key(self, user_id: Ref, **options: Unpack[CallOptions]) -> LoginUrl:
        """Return a link that logs a person in, once: fetch it for every login anew.

        `GET /users/{user_id}`

        The link changes each time it is used; nothing says that reading it changes it.

        Args:
            user_id: The person; the user name works too.
            options: The options of every call.

        Raises:
            NotFound: There is no such person.
            DecodeError: The answer holds no link.

        Source: seed, vendor page, a peer.
        """
        user = await self._call(users.GET, user_id, options=options)
        if not user.login_key:
            raise DecodeError("sso.get_login_key: the server gave no LoginKey for this person")
        return LoginUrl(_single_slashes(user.login_key))

    async def course_login_url(
        self, user_id: Ref, course_id: Ref, **options: Unpack[CallOptions]
    ) -> LoginUrl:
        """Return a link that logs a person in, once, and shows a course.

        `GET /users/{user_id}`
        `GET /courses/{course_id}`

        No call of its own: the link is that of `get_login_key` with the number of the course, `original_id`. A
        course record that has the number saves the second request.

        Args:
            user_id: The person; the user name works too.
            course_id: The course.
            options: The options of every call.

        Raises:
            NotFound: There is no such person or course.
            DecodeError: The answers hold no link or no number.

        Source: seed, peers.
        """
        number = getattr(course_id, "original_id", None) if isinstance(course_id, Record) else None
        if number is None:
            number = (await self._call(courses.GET, course_id, options=options)).original_id
        if number is None:
            raise DecodeError("sso.course_login_url: the server gave no OriginalId for this course")
        login = await self.get_login_key(user_id, **options)
        return LoginUrl(f"{login.url}{'&' if '?' in login.url else '?'}c={number}")


def _single_slashes(url: str) -> str:
    """Return a link without doubled slashes in its path, as they were recorded in 2016 (api-facts 2)."""
    scheme, mark, rest = url.partition("://")
    path, question, query = rest.partition("?")
    return f"{scheme}{mark}{re.sub('/{2,}', '/', path)}{question}{query}"
