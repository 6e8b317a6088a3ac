"""How events reach those who want them, and where they are measured."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final, Protocol

from attrs import define

from litmos_async.checks import called
from litmos_async.errors import ConfigurationError
from litmos_async.events import Attempt, Event, Hook, JobEnded, PageRead, Pause, SlotWait
from litmos_async.limits import Limiter, Priority

logger = logging.getLogger("litmos_async")

_LATER: Final = 0.05
"""Seconds by which a pause must end later to be another one: a shared clock is known no better."""


class Hooks:
    """Calls the hooks, and keeps their errors from the call.

    Args:
        given: A callable, or several; None for none.

    Raises:
        ConfigurationError: One cannot be called, or is a coroutine function, which nothing would await.
    """

    def __init__(self, given: Hook | Iterable[Hook] | None = None) -> None:
        hooks = () if given is None else (given,) if callable(given) else _several(given)
        self._hooks: tuple[Hook, ...] = tuple(called("on_event", hook) for hook in hooks)
        self._warned: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def emit(self, make: Callable[[], Event]) -> None:
        """Make an event and hand it to every hook; nothing that goes wrong with that is raised."""
        if not self._hooks:
            return
        try:
            event = make()
        except Exception as problem:  # noqa: BLE001 - a limiter of the user's own may fail to say how it stands
            self._warn(0, "an event could not be made", problem)
            return
        for number, hook in enumerate(self._hooks, 1):
            try:
                hook(event)
            except (Exception, asyncio.CancelledError) as problem:  # noqa: BLE001 - a hook must not hurt the call
                self._warn(number, f"a hook of on_event raised at {type(event).__name__}", problem)

    def _warn(self, number: int, text: str, problem: BaseException) -> None:
        """Say so the first time only: it would come with every request."""
        if number not in self._warned:
            self._warned.add(number)
            logger.warning("%s; this is logged only once", text, exc_info=problem)

    def page(self, operation: str) -> OnPage:
        """Return what a list of an operation tells of its pages."""

        def tell(start: int, rows: int, total: int | None, taken: float) -> None:
            self.emit(lambda: PageRead(operation=operation, start=start, rows=rows, total=total, taken=taken))

        return tell if self else no_page

    def job_ended(self, job: str, report: JobReport) -> None:
        """Tell how a job ended."""
        self.emit(
            lambda: JobEnded(
                job=job,
                done=report.done,
                failed=report.failed,
                skipped=report.skipped,
                unknown=report.unknown,
                requests=report.requests,
                reads=report.reads,
                taken=report.seconds,
                complete=not report.stopped,
            )
        )


class OnPage(Protocol):
    """Is told of a page: its offset, its new rows, the total where that is known, and the seconds it took."""

    def __call__(self, start: int, rows: int, total: int | None, taken: float, /) -> None:
        """Report a page."""


def no_page(start: int, rows: int, total: int | None, taken: float, /) -> None:
    """Do nothing."""


class JobReport(Protocol):
    """What is read of a job's report."""

    done: int
    failed: int
    skipped: int
    unknown: int
    requests: int
    reads: int
    seconds: float
    stopped: str


@define
class Ending:
    """How an attempt ended.

    Attributes:
        sent: Whether anything was sent.
        status: The HTTP status, if an answer came.
        error: Name of the class of the error.
        size: Bytes of the answer.
        rejected: Whether the limit was the reason.
    """

    sent: bool = True
    status: int | None = None
    error: str = ""
    size: int = 0
    rejected: bool = False


class Watch:
    """Measures the calls of one sender.

    Args:
        hooks: Who is told.
        limiter: Whose slots the calls use.
        host: The host that is asked.
        port: Its port.
    """

    def __init__(self, hooks: Hooks, limiter: Limiter, host: str, port: int) -> None:
        self.hooks = hooks
        self.limiter = limiter
        self.host = host
        self.port = port
        self._paused: tuple[asyncio.AbstractEventLoop | None, float] = None, 0.0

    def call(self, operation: str, method: str, lane: Priority) -> CallWatch | Unwatched:
        """Return what measures one call."""
        return CallWatch(self, operation, method, lane) if self.hooks else _UNWATCHED

    def look_for_pause(self, operation: str, lane: Priority) -> None:
        """Tell of a pause that was not known."""
        loop = asyncio.get_running_loop()
        quota = self.limiter.quota
        ends = loop.time() + quota.paused_for
        known = self._paused[1] if self._paused[0] is loop else 0.0
        if quota.paused_for > 0 and ends > known + _LATER:
            self._paused = loop, ends
            pause = Pause(operation=operation, lane=lane, seconds=quota.paused_for, slots_used=quota.used)
            self.hooks.emit(lambda: pause)


@define
class CallWatch:
    """Measures one call."""

    _watch: Watch
    _operation: str
    _method: str
    _lane: Priority
    _waited: float = 0.0

    @contextmanager
    def slot(self, attempt: int) -> Iterator[None]:
        """Measure the wait for a slot."""
        loop, error = asyncio.get_running_loop(), ""
        self._look_for_pause()
        begun = loop.time()
        try:
            yield
        except BaseException as problem:
            error = type(problem).__name__
            raise
        finally:
            self._waited = loop.time() - begun
            self._watch.hooks.emit(
                lambda: SlotWait(
                    operation=self._operation,
                    lane=self._lane,
                    attempt=attempt,
                    waited=self._waited,
                    slots_used=self._watch.limiter.quota.used,
                    error=error,
                )
            )
            if error:
                self._look_for_pause()

    @contextmanager
    def attempt(self, attempt: int) -> Iterator[Ending]:
        """Measure an attempt, which says how it ended."""
        loop, ending = asyncio.get_running_loop(), Ending()
        begun = loop.time()
        try:
            yield ending
        except BaseException as problem:
            # What is refused here and now was never sent.
            ending.sent = not isinstance(problem, ConfigurationError)
            ending.error = type(problem).__name__
            raise
        finally:
            if ending.sent:
                self._tell(attempt, loop.time() - begun, ending)
            if ending.rejected:
                self._look_for_pause()

    def _tell(self, attempt: int, taken: float, ending: Ending) -> None:
        self._watch.hooks.emit(
            lambda: Attempt(
                operation=self._operation,
                method=self._method,
                lane=self._lane,
                attempt=attempt,
                waited=self._waited,
                taken=taken,
                slots_used=self._watch.limiter.quota.used,
                host=self._watch.host,
                port=self._watch.port,
                status=ending.status,
                error=ending.error,
                size=ending.size,
            )
        )

    def _look_for_pause(self) -> None:
        try:
            self._watch.look_for_pause(self._operation, self._lane)
        except Exception:
            logger.debug("the limiter cannot report its quota", exc_info=True)


class Unwatched:
    """Measures nothing: no hook wants to know."""

    def slot(self, _attempt: int) -> AbstractContextManager[None]:
        """Return what does nothing."""
        return _NOTHING

    def attempt(self, _attempt: int) -> AbstractContextManager[Ending]:
        """Return what does nothing."""
        return _NO_ENDING


_UNWATCHED: Final = Unwatched()
_NOTHING: Final = nullcontext()
_NO_ENDING: Final = nullcontext(Ending())

NO_HOOKS: Final = Hooks()
"""Events go nowhere."""


def _several(given: Any) -> tuple[Any, ...]:
    if not isinstance(given, Iterable) or isinstance(given, str | bytes):
        raise ConfigurationError(f"on_event must be callable, or several, not {type(given).__name__}")
    return tuple(given)
