"""One bulk import of people: cut to size, started once, followed to its end, its errors matched to its rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

import attrs
from attrs import define, field, frozen

from litmos_async.bulk.inputs import check_types
from litmos_async.bulk.results import Status
from litmos_async.bulk.run import NotSent, Run
from litmos_async.bulk.write import JournaledWrite, certainly_not_done
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    ConnectError,
    DecodeError,
    Forbidden,
    JournalError,
    LitmosError,
    RateLimited,
    ServerError,
    Unauthorized,
)
from litmos_async.models import UserBulkImport, UserImport
from litmos_async.names import fold, rewritten
from litmos_async.redaction import redact
from litmos_async.resources import Resources
from litmos_async.resources.arguments import complete
from litmos_async.resources.bulk_imports import CREATE_USERS, LARGEST_BODY, MOST_USERS
from litmos_async.retry import RetryPolicy
from litmos_async.retyped import grouped, retyped
from litmos_async.wire import codec
from litmos_async.wire.converter import secrets_of

POST: Final = "POST /bulkimports"

NOTIFIES: Final = "the import turns message notifications on for everyone it touches"

WAIT_TIMEOUT: Final = 1_800.0
"""Seconds that an import may take. How long the server needs is not documented."""

_FIRST_WAIT, _GROWTH, _LONGEST_WAIT = 2.0, 1.5, 30.0
"""Seconds between two polls of an import: at first, growing by, and at most."""

_TRIES: Final = 3
"""How often an import is sent whose answer was lost, and of which the server knows nothing."""

_LONGEST: Final = {"username": 50, "company_name": 100}
_SHORTEST_PASSWORD: Final = 6
"""What is known of the texts of a row (records.yaml, UserImport)."""

AMBIGUOUS: Final = "it may be one of several imports, or cannot be looked up"

_WIRES: Final[tuple[codec.Wire, ...]] = ("json", "xml")

T = TypeVar("T")


@frozen
class RowResult:
    """The outcome of one row."""

    status: Status
    problem: LitmosError | None = None
    reason: str = ""


@frozen
class Trace:
    """What is known of an import that was sent, for a run that has to find it again.

    Attributes:
        rows: How many rows it has.
        known: Ids of imports that were there before: it is none of them.
        id: Its own id, once the server has said it.
    """

    rows: int
    known: frozenset[str] = frozenset()
    id: str = ""

    def to_text(self) -> str:
        """Return it for a journal."""
        found = {"id": self.id} if self.id else {"known": sorted(self.known)}
        return json.dumps({"rows": self.rows, **found})

    @classmethod
    def of(cls, text: str) -> Trace:
        """Return what `to_text` has written down."""
        try:
            found = json.loads(text)
            return cls(found["rows"], frozenset(found.get("known", ())), found.get("id", ""))
        except (ValueError, LookupError, TypeError, AttributeError) as problem:
            raise JournalError("the journal is damaged: an import that cannot be found again") from problem


class _NoEffect(Exception):
    """An import was sent, failed, and is not there."""

    def __init__(self, problem: LitmosError) -> None:
        super().__init__()
        self.problem = problem


class ImportNotFinished(Exception):
    """The server did not come to the end of an import in time: more of them would only queue up behind it."""


def check(row: UserImport) -> int:
    """Return how many bytes a row takes, over either wire.

    Raises:
        ConfigurationError: The server cannot take it: something is missing or too long, or cannot be written.
    """
    complete(row)
    check_types(row)
    try:
        for name, most in _LONGEST.items():
            length = len(getattr(row, name) or "")
            if length > most:
                raise ConfigurationError(f"{name} has {length} characters; the server accepts {most}")
        for name in ("username", "external_employee_id"):
            text = getattr(row, name)
            if problem := rewritten(text) or retyped(text) or grouped(text):
                raise ConfigurationError(f"{name}: {problem}")
        if row.password and len(row.password) < _SHORTEST_PASSWORD:
            raise ConfigurationError(f"password must have {_SHORTEST_PASSWORD} characters or more")
        bodies = [codec.encode(CREATE_USERS, {}, None, [row], wire=wire).body for wire in _WIRES]
    except (TypeError, AttributeError):
        # Where it has to do with more than one value, or with what is in a list.
        raise ConfigurationError("a value is of the wrong kind") from None
    return max(len(body or b"") for body in bodies)


def cut(rows: Iterable[tuple[T, int]]) -> Iterator[list[T]]:
    """Yield rows in imports that the server takes: 2,000 rows and 2,000 KB at most (api-facts 12).

    Args:
        rows: The rows, each with its bytes as `check` says. Each of them was measured in a body of its own, so
            what they take together is a little less.
    """
    part: list[T] = []
    size = 0
    for row, bytes_of_row in rows:
        if part and (len(part) == MOST_USERS or size + bytes_of_row > LARGEST_BODY):
            yield part
            part, size = [], 0
        part.append(row)
        size += bytes_of_row
    if part:
        yield part


@define
class Importer:
    """Sends imports, one after another, and returns the outcome of each row.

    A repeat has the same effect, but is a second job of the server: so a lost answer is looked up in the list of
    imports before anything is sent again.

    Args:
        run: The job that they belong to.
        retry: The retries of the caller.
        wait_timeout: Seconds to wait for one import.
        send_message: Whether new people get the login e-mail.
        skip_first_login: Whether new people are asked for no password.
    """

    run: Run
    retry: RetryPolicy
    wait_timeout: float = WAIT_TIMEOUT
    send_message: bool = False
    skip_first_login: bool = False
    _known: set[str] = field(factory=set[str], init=False)
    _listed: bool = field(default=False, init=False)

    async def carry_out(self, rows: Sequence[UserImport], write: JournaledWrite) -> list[RowResult]:
        """Import rows that fit into one import, and return the outcome of each.

        Args:
            rows: The rows.
            write: The write that sends them; the caller settles it with the outcomes.

        Raises:
            NotSent: The job was stopped before it left.
            ImportNotFinished: It takes too long.
            Unauthorized: The key does not work.
            Forbidden: The same, where the first answer says so.
        """
        try:
            if not self._listed:
                # Before the first one: what is new afterwards can be ours.
                self._known |= {job.id async for job in self.run.litmos.bulk_imports.list()}
                self._listed = True
                self.run.note_key_works()
        except LitmosError as problem:
            return self._all(rows, "failed", problem, "nothing was sent, since the imports cannot be listed")
        try:
            job = await self._start(rows, write)
        except _NoEffect as lost:
            return self._all(rows, "failed", lost.problem, "the server has no such import")
        except LitmosError as problem:
            return self._all(rows, "failed" if certainly_not_done(problem) else "unknown", problem)
        return await self._to_its_end(job, rows)

    async def go_on(self, trace: Trace, rows: Sequence[UserImport]) -> list[RowResult] | None:
        """Find an import that an earlier run has sent, follow it, and return the outcomes of its rows.

        Returns:
            None if the server knows nothing of it: then it can be sent once more.

        Raises:
            ImportNotFinished: It takes too long.
        """
        job: UserBulkImport | None = UserBulkImport(id=trace.id)
        if not trace.id:
            self._known |= trace.known
            try:
                job = await self._look_for(trace.rows, DecodeError(AMBIGUOUS))
            except LitmosError as problem:
                return self._all(rows, "unknown", problem)
        return None if job is None else await self._to_its_end(job, rows)

    async def _to_its_end(self, job: UserBulkImport, rows: Sequence[UserImport]) -> list[RowResult]:
        try:
            job = await self._follow(job)
            return _sort_out(job, rows, await _errors(job, self.run.litmos))
        except LitmosError as problem:
            return self._all(rows, "unknown", problem, "sent, but its outcome cannot be read")

    def _all(
        self, rows: Sequence[UserImport], status: Status, problem: LitmosError, reason: str = ""
    ) -> list[RowResult]:
        """Return the same outcome for all rows, unless the key itself is rejected."""
        if isinstance(problem, Unauthorized) or (isinstance(problem, Forbidden) and not self._listed):
            raise problem
        return [RowResult(status, problem, f"{reason}: {problem}" if reason else str(problem))] * len(rows)

    async def _start(self, rows: Sequence[UserImport], write: JournaledWrite) -> UserBulkImport:
        """Start an import, once, and return the server's job.

        Raises:
            LitmosError: It was rejected, or that is not known.
            _NoEffect: It failed, and the server has no such import.
        """

        async def start(litmos: Resources) -> UserBulkImport:
            job = await litmos.bulk_imports.create_users(
                rows,
                send_message=self.send_message,
                skip_first_login=self.skip_first_login,
                # A rejection by the rate limit is repeated as ever; nothing else before the list was read.
                retry=attrs.evolve(self.retry, max_attempts=1),
            )
            if not job.id:
                raise DecodeError("the server gave no id for the import")
            return job

        lost: LitmosError | None = None
        for tries in range(1, _TRIES + 1):
            if lost is not None:
                self.run.expect(1)
                await asyncio.sleep(_FIRST_WAIT * _GROWTH ** (tries - 1))
            try:
                answer = await write.send(start, Trace(len(rows), frozenset(self._known)).to_text())
            except NotSent:
                if lost is None:
                    raise
                break
            lost = answer.problem
            job = answer.value if lost is None else await self._recover(len(rows), lost, write)
            if job is not None:
                self._known.add(job.id)
                await write.learn(Trace(len(rows), id=job.id).to_text())
                return job
        raise _NoEffect(lost or DecodeError(AMBIGUOUS))

    async def _recover(self, rows: int, problem: LitmosError, write: JournaledWrite) -> UserBulkImport | None:
        """Return the job of an import that got no answer, or None where it can be sent again.

        Raises:
            LitmosError: It was rejected, or that is not known.
        """
        if isinstance(problem, ConnectError):
            return None
        if certainly_not_done(problem):
            raise problem
        found: UserBulkImport | None = None

        async def is_done() -> bool:
            nonlocal found
            found = await self._look_for(rows, problem)
            return found is not None

        await write.read_effect(problem, is_done)
        return found

    async def _look_for(self, rows: int, lost: LitmosError) -> UserBulkImport | None:
        """Return the job of an import whose answer was lost, or None where the server has no such job.

        Raises:
            LitmosError: That cannot be read, or it may be one of several.
        """
        try:
            jobs = await self.run.litmos.bulk_imports.list().collect()
        except LitmosError:
            raise lost from None
        # That a job which waits says how many rows it has is likely, and not documented.
        mine = [job for job in jobs if job.id not in self._known and job.total_records in {rows, 0, None}]
        if len(mine) > 1:
            # Another client imports as many rows at the same time.
            raise lost
        self._known.update(job.id for job in jobs)
        return mine[0] if mine else None

    async def _follow(self, job: UserBulkImport) -> UserBulkImport:
        """Look at a job, less and less often, until the server is through with it."""
        clock = asyncio.get_running_loop()
        end = clock.time() + self.wait_timeout
        wait = _FIRST_WAIT
        while not _is_over(job):
            left = end - clock.time()
            if left <= 0:
                raise ImportNotFinished(f"an import had not finished after {self.wait_timeout:,.0f} s")
            await asyncio.sleep(min(wait, left))
            wait = min(wait * _GROWTH, _LONGEST_WAIT)
            try:
                job = (await self.run.litmos.bulk_imports.get(job)).replace(id=job.id)
            except LitmosError as problem:
                if _is_final(problem):
                    raise
        return job


async def _errors(job: UserBulkImport, litmos: Resources) -> dict[str, str]:
    """Return the user names of rows that failed, with the reasons; not asked for where there are none."""
    if job.failed == 0 and not job.invalid_email:
        return {}
    return {
        fold(error.username): error.import_status or "failed"
        async for error in litmos.bulk_imports.list_user_errors(job)
    }


def _sort_out(job: UserBulkImport, rows: Sequence[UserImport], errors: dict[str, str]) -> list[RowResult]:
    """Return the outcome of each row of a job that is over."""
    unnamed = (job.failed or 0) - sum(1 for row in rows if fold(row.username) in errors)
    rest = RowResult("done")
    if not _is_through(job):
        rest = RowResult("unknown", None, f"the import ended as {job.status!r}")
    elif unnamed > 0:
        rest = RowResult("unknown", None, f"{unnamed:,} rows failed, and the server does not name them")
    return [
        # The server may quote the row, and the reason goes to the outcomes.
        RowResult("failed", None, redact(errors[fold(row.username)], secrets_of(row)))
        if fold(row.username) in errors
        else rest
        for row in rows
    ]


def _is_through(job: UserBulkImport) -> bool:
    """Return whether a job came to its end. "Completed" is the one status on record."""
    return (job.status or "").strip().lower().startswith("complete")


def _is_over(job: UserBulkImport) -> bool:
    """Return whether nothing more will come of a job. What else it can be called is a guess."""
    text = (job.status or "").lower()
    return _is_through(job) or any(word in text for word in ("fail", "error", "cancel", "abort"))


def _is_final(problem: LitmosError) -> bool:
    """Return whether another poll of a job will fail, too."""
    return isinstance(problem, APIError) and not isinstance(problem, RateLimited | ServerError)
