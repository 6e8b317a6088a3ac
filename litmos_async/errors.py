"""The exception tree.

Everything this library raises on purpose is a `LitmosError`. Which branch tells what is known of the effect:

- `ConfigurationError`: refused before anything was sent.
- `NetworkError`: no answer; for a write that was sent and may not be repeated it is `OutcomeUnknown` instead.
- `DecodeError`: an answer came, and it could not be understood.
- `APIError`: the server said no.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = [
    "APIError",
    "BadRequest",
    "ConfigurationError",
    "Conflict",
    "ConnectError",
    "DecodeError",
    "Forbidden",
    "IncompleteListing",
    "LimiterUnavailable",
    "LitmosError",
    "NetworkError",
    "NotAcceptable",
    "NotFound",
    "OutcomeUnknown",
    "RateLimited",
    "RequestTimeout",
    "ServerError",
    "Unauthorized",
    "api_error",
]


class LitmosError(Exception):
    """The root of all errors of this library.

    Attributes:
        resume: Where to go on, or None. Of a listing that broke off: pass it to `by_page(resume=...)`. Of a bulk
            job: the path of its journal.
    """

    resume: str | None = None

    def __init__(self, message: str = "", **known: Any) -> None:
        super().__init__(message)
        self.__dict__.update(known)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are pickled by their positional arguments alone; the named ones would be lost on the
        # way to another process.
        return _rebuild, (type(self), self.args, self.__dict__.copy())


def _rebuild(kind: type[LitmosError], args: tuple[Any, ...], known: dict[str, Any]) -> LitmosError:
    return kind(*args, **known)


class ConfigurationError(LitmosError, ValueError):
    """An option or argument cannot work; nothing was sent."""


class DecodeError(LitmosError):
    """An answer could not be understood: damaged, truncated, too large, or not from the API at all.

    Attributes:
        host: The host that answered.
        region: The region of that host; empty where `base_url` is another address.
    """

    host: str = ""
    region: str = ""


class IncompleteListing(LitmosError):
    """A list could not be proven complete, so its rows must not be taken for all there are."""


class LimiterUnavailable(LitmosError):
    """Where a shared limit is kept cannot be reached, so nobody knows whether a request may be sent."""


class _RequestError(LitmosError):
    """What is known of the call that failed.

    Attributes:
        operation: Id of the operation, such as `users.get`; "request" for `client.request`.
        method: The HTTP verb.
        path: The path below the base URL, without the query.
        host: The host that was asked: a key works in its own region only.
        region: The region of that host; empty where `base_url` is another address.
        attempts: Requests that were sent for this call.
        after_lost: Whether an earlier one of them got no usable answer, and may have been carried out: then a 404
            to a repeated removal, say, can mean that the first one removed it.
    """

    operation: str = ""
    method: str = ""
    path: str = ""
    host: str = ""
    region: str = ""
    attempts: int = 0
    after_lost: bool = False

    def __str__(self) -> str:
        message = super().__str__()
        if not self.operation:
            return message
        tries = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return f"{message} ({self.operation}: {self.method} {self.path}{_asked(self.host, self.region)}, {tries})"


def _asked(host: str, region: str) -> str:
    return (f" at {host}" if host else "") + (f", region {region}" if region else "")


class NetworkError(_RequestError):
    """No answer came, and nothing was changed or the operation may be repeated."""


class ConnectError(NetworkError):
    """No connection could be made: the request never left."""


class RequestTimeout(NetworkError, TimeoutError):
    """No answer in time."""


class OutcomeUnknown(_RequestError):
    """A write left, no usable answer came, and a repeat could do it twice.

    It may or may not have been carried out. Read the state before sending it again; `__cause__` tells what
    happened.
    """


class APIError(_RequestError):
    """The server answered with an error.

    Attributes:
        status: The HTTP status.
        detail: What the server said of it, from the body or the reason phrase.
        retry_after: Seconds that the server or the limiter asks to wait, or None.
    """

    status: int = 0
    detail: str = ""
    retry_after: float | None = None


class BadRequest(APIError):
    """400: the server could not use the values."""


class Unauthorized(APIError):
    """401: the key is wrong, for another region, or the API is off for this account."""


class Forbidden(APIError):
    """403: often the same as 401, but also a feature that is off, an unknown id, or a list too long.

    The meaning drifts from operation to operation (quirks.md 5): read `detail`.
    """


class NotFound(APIError):
    """404: no such thing; for some lists also "nothing in it" (quirks.md 5)."""


class NotAcceptable(APIError):
    """406: a date or limit out of range, or removal of what a team or learning path assigned."""


class Conflict(APIError):
    """409: a duplicate; also an invalid culture, job role or e-mail, or ids that do not match."""


class RateLimited(APIError):
    """503 or 429: refused by the rate limit, and not carried out."""


class ServerError(APIError):
    """500, 502, 504 and all other statuses that are no success."""


_BY_STATUS: Final[dict[int, type[APIError]]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    406: NotAcceptable,
    409: Conflict,
    429: RateLimited,
    503: RateLimited,
}


def api_error(status: int, detail: str) -> APIError:
    """Return the error for a status, without the facts of the call."""
    kind = _BY_STATUS.get(status)
    if kind is None:
        kind = BadRequest if 400 <= status < 500 else ServerError
    return kind(f"{status}: {detail}" if detail else str(status), status=status, detail=detail)
