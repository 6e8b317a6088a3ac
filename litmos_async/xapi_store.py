"""`XapiStore`: where the learning record store of an account is, and how to log in there."""

from __future__ import annotations

import base64
from typing import Any, Final, Self
from urllib.parse import quote, urlsplit

from attrs import field, frozen

from litmos_async.config import Service, account_of, checked_address
from litmos_async.errors import ConfigurationError
from litmos_async.limits import RateLimit

_STATEMENTS: Final = "/statements"
_FIELDS: Final = ("endpoint", "username", "password", "rate_limit")
_IN_A_PATH: Final = "/%:@!$&'()*+,;=~"

VERSION: Final = "1.0.3"
"""The version of xAPI that is spoken: without it a store answers 400 (api-facts 14)."""


@frozen(init=False)
class XapiStore:
    """A learning record store: a service of its own, on another host, with credentials of its own.

    The account's owner finds all three under Account > Features > Learning Record Store.

    ```python
    store = XapiStore("https://lrs.litmos.com/TCAPI/acme/db1/statements", "name", "password")
    async with LitmosClient(xapi=store) as litmos:
        async for statement in litmos.xapi.list_statements():
            print(statement.id)
    ```

    It cannot be pickled, for a pickle would hold the password.

    Attributes:
        endpoint: The address of its statements, in HTTPS; `/statements` is added where it is missing.
        username: The user name. It has no colon.
        password: The password. It is in no repr.
        rate_limit: How many requests the store is sent at most. No limit of it is known, and nothing says that the
            100 a minute of the API count there: the default is the same number, kept apart, in this process.

    Raises:
        ConfigurationError: Something is missing or cannot work.
    """

    endpoint: str
    username: str
    password: str = field(repr=False)
    rate_limit: RateLimit

    def __init__(
        self, endpoint: str, username: str, password: str, *, rate_limit: RateLimit | None = None
    ) -> None:
        problem, address, rate = _problem_of(username, password), "", RateLimit()
        try:
            address = _statements_at(endpoint)
            rate = rate if rate_limit is None else RateLimit.checked(rate_limit)
        except ConfigurationError as error:
            problem = problem or str(error)
        if problem:
            # Some tools show an error with the local variables of its frames; of a half-made object they cannot.
            del password, self
            raise ConfigurationError(problem)
        for name, value in zip(_FIELDS, (address, username, password, rate), strict=True):
            object.__setattr__(self, name, value)

    @property
    def path(self) -> str:
        """The path of the endpoint, percent-encoded."""
        return quote(urlsplit(self.endpoint).path, safe=_IN_A_PATH)

    @property
    def account(self) -> str:
        """What tells this store from others where budgets are kept: a hash."""
        return account_of(self.endpoint, self.username)

    @property
    def service(self) -> Service:
        """The store as requests reach it: paths begin at the root of its host, for so do the links to more."""
        parts = urlsplit(self.endpoint)
        token = base64.b64encode(f"{self.username}:{self.password}".encode()).decode()
        return Service(
            f"{parts.scheme}://{parts.netloc}",
            headers={"X-Experience-API-Version": VERSION},
            credentials={"Authorization": f"Basic {token}"},
            secrets=(self.password, quote(self.password, safe=""), token),
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a XapiStore holds a password and cannot be pickled")


def _problem_of(username: object, password: object) -> str:
    """Return why these cannot be sent in HTTP Basic (RFC 7617), or nothing."""
    for name, value in (("username", username), ("password", password)):
        if not isinstance(value, str) or not value:
            return f"XapiStore.{name} is missing"
        if not value.isprintable():
            # A newline from a file is the usual case; half a character cannot be encoded.
            return f"XapiStore.{name} has a line break or another character that cannot be sent"
    return "XapiStore.username has a colon, which cannot be sent" if ":" in str(username) else ""


def _statements_at(endpoint: object) -> str:
    """Return the address of the statements; some show the root of the store, some this."""
    if not isinstance(endpoint, str) or not endpoint.strip():
        raise ConfigurationError("XapiStore.endpoint is missing")
    if any(each.isspace() or not each.isprintable() for each in endpoint.strip()):
        raise ConfigurationError("XapiStore.endpoint has a blank or a character that cannot be sent")
    address = checked_address(endpoint.strip(), "XapiStore.endpoint")
    return address if address.endswith(_STATEMENTS) else address + _STATEMENTS
