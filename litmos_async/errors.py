"""The exception tree.

Everything this library raises on purpose is a `LitmosError`. The branch tells what is known of the effect:

- `ConfigurationError`: refused before anything was sent.
- `NetworkError`: no answer; for a write that was sent and may not be repeated it is `OutcomeUnknown` instead.
- `DecodeError`: an answer came, and it could not be understood.
- `APIError`: an error status.
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
    "IncompleteInput",
    "IncompleteListing",
    "JournalError",
    "JournalMismatch",
    "LimiterUnavailable",
    "LitmosError",
    "MissingOption",
    "NetworkError",
    "NotAcceptable",
    "NotFound",
    "OutcomeUnknown",
    "RateLimited",
    "RequestTimeout",
    "ServerError",
    "TooManyRemovals",
    "Unauthorized",
    "api_error",
]


class LitmosError(Exception):
    """The root of all errors of this library.

    ```python
    try:
        await litmos.users.get("ghost@example.com")
    except NotFound:
        print("no such user")
    except LitmosError as problem:  # all that this library raises on purpose
        print(problem.resume)
    ```

    Attributes:
        resume: Where to resume, or None. After a listing that failed, pass it to `by_page(resume=...)`; after a
            bulk job, it is the path of the journal.
        after_lost: Whether an earlier attempt of the call got no usable answer, and may have been carried out. A
            404 to a repeated removal, for example, can then mean that the first request succeeded.
    """

    resume: str | None = None
    after_lost: bool = False

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
    """An option or argument is invalid; nothing was sent.

    ```python
    try:
        LitmosClient(region="mars")
    except ConfigurationError as problem:
        print(problem.option, problem.value)  # region mars
    ```

    Attributes:
        option: The name of the option or argument in Python, such as "api_key"; empty if it is not a single
            one.
        value: The value given; None if there was none, or if it is a secret.
        line: The line of a file, or the number of an item, that caused the error; None if there is none.
    """

    option: str = ""
    value: Any = None
    line: int | None = None


class MissingOption(ConfigurationError):
    """A required option was given neither as an argument nor in the environment; `option` names it."""


class JournalMismatch(ConfigurationError):
    """A journal was begun by another job, with other options, or with another input; nothing was sent.

    ```python
    await litmos.bulk.remove_courses_from_users(pairs, journal="night.db").run()
    try:
        await litmos.bulk.remove_courses_from_users(pairs, journal="night.db", verify=True).run()
    except JournalMismatch as problem:
        print(problem.path, problem.option, problem.then, problem.now)
    ```

    Attributes:
        path: The file.
        option: What differs: the name of an option of the helper, "job" (the helper itself), or "input".
        then: What it was when the journal was begun; of an input, how many items it had.
        now: What it is now.
    """

    path: str = ""
    option: str = ""
    then: Any = None
    now: Any = None


class TooManyRemovals(ConfigurationError):
    """A sync would remove more than `max_removals` allows; nothing was changed.

    ```python
    job = litmos.bulk.sync_team_members({team_id: []}, remove=True, send_message=False)
    try:
        await job.run()
    except TooManyRemovals as problem:
        print(f"{problem.removals} of {problem.total} {problem.label} would be removed")
    ```

    Attributes:
        removals: How many would be removed.
        total: Of how many.
        label: What they are: "active members" or "active people".
        max_removals: What was allowed: a fraction, 0.0 to 1.0, if it is a float, else a number.
    """

    removals: int = 0
    total: int = 0
    label: str = ""
    max_removals: float = 0


class IncompleteInput(ConfigurationError):
    """A sync would remove what its input does not name, and cannot use all of the input; nothing was changed.

    What an item names that cannot be used would be taken for missing, and be removed.

    ```python
    nameless = {"user_name": "new@example.com"}  # a new person needs a first and a last name
    job = litmos.bulk.sync_users([nameless], deactivate=True, max_removals=1.0, send_message=False)
    try:
        await job.run()
    except IncompleteInput as problem:
        print(problem.unusable, [outcome.reason for outcome in job.outcomes_so_far()])
    ```

    Attributes:
        unusable: How many items cannot be used. Their outcomes are "failed", and say why.
    """

    unusable: int = 0


class JournalError(LitmosError):
    """A journal could not be read or written while a job used it: the disk is full, or the file is damaged.

    Answers that had arrived by then may be missing from the journal; the next run settles them by reading.
    """


class DecodeError(LitmosError):
    """An answer could not be understood: damaged, truncated, too large, or not from the API at all.

    Attributes:
        host: The host that answered.
        region: The region of that host; empty if `base_url` is another address.
    """

    host: str = ""
    region: str = ""


class IncompleteListing(LitmosError):
    """A list could not be proven complete, so its rows must not be taken for all there are.

    ```python
    try:
        everyone = await litmos.users.list().collect()
    except IncompleteListing as problem:
        print(problem, problem.resume)  # do not take what was read for all there is
    ```
    """


class LimiterUnavailable(LitmosError):
    """The store of a shared limit cannot be reached, so it is not known whether a request may be sent."""


class _RequestError(LitmosError):
    """What is known of the call that failed.

    Attributes:
        operation: Id of the operation, such as `users.get`; "request" for `client.request`.
        method: The HTTP verb.
        path: The path below the base URL, without the query.
        attempts: Requests that were sent for this call.
        host: The host that the request went to, such as "api.litmoseu.com".
        region: The region of that host; empty for any other host.
    """

    operation: str = ""
    method: str = ""
    path: str = ""
    attempts: int = 0
    host: str = ""
    region: str = ""

    def __str__(self) -> str:
        message = super().__str__()
        if not self.operation:
            return message
        tries = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        where = f", host {self.host}" if self.host else ""
        where += f", region {self.region}" if self.region else ""
        return f"{message} ({self.operation}: {self.method} {self.path}, {tries}{where})"


class NetworkError(_RequestError):
    """No answer came; either nothing was changed, or a repeat is safe.

    Attributes:
        obstacle: The cause: "proxy", "certificate" (the host's is not trusted), "tls" (another failure of the
            secure connection), "name" (the host is unknown), "refused" or "timeout"; empty if unknown.
    """

    obstacle: str = ""


class ConnectError(NetworkError):
    """No connection could be made: the request never left."""


class RequestTimeout(NetworkError, TimeoutError):
    """No answer in time."""


class OutcomeUnknown(_RequestError):
    """A write was sent, no usable answer came, and a repeat could carry it out twice.

    It may or may not have been carried out. Read the state before you send it again; `__cause__` says what
    happened.

    ```python
    try:
        await litmos.users.create(user, send_message=False)
    except OutcomeUnknown:  # look before it is sent again
        print(await litmos.users.list(search=user.user_name).collect())
    ```
    """


class APIError(_RequestError):
    """The server answered with an error.

    Attributes:
        status: The HTTP status.
        detail: The server's explanation, from the body or the reason phrase.
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
    """403: often the same as 401, but also a feature that is off, an unknown id, or a list that is too long.

    The meaning differs between operations (api-facts 5): read `detail`.
    """


class NotFound(APIError):
    """404: no such thing; for some lists also "nothing in it" (api-facts 5)."""


class NotAcceptable(APIError):
    """406: a date or limit out of range, or removal of what a team or learning path assigned."""


class Conflict(APIError):
    """409: a duplicate; also an invalid culture, job role or e-mail, or ids that do not match."""


class RateLimited(APIError):
    """503 or 429: rejected by the rate limit, and not carried out."""


class ServerError(APIError):
    """500, 502, 504, and every other status that is not a success."""


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
    """Return the error for a status, without the facts of the call.

    Args:
        status: The HTTP status.
        detail: What the server said of it.
    """
    kind = _BY_STATUS.get(status)
    if kind is None:
        kind = BadRequest if 400 <= status < 500 else ServerError
    return kind(f"{status}: {detail}" if detail else str(status), status=status, detail=detail)
