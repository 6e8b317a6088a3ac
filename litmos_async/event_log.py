"""Events as log records, for those who keep structured logs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from litmos_async.events import Attempt, Event, JobEnded, PageRead, Pause, SlotWait

__all__ = ["EventLog"]


class EventLog:
    """Logs each event in a line, with its fields beside it: a hook for `LitmosClient(on_event=...)`.

    ```python
    logging.getLogger("litmos_async.events").setLevel(logging.INFO)
    async with LitmosClient(on_event=EventLog()) as litmos:
        ...
    ```

    The fields stand in `record.litmos`, where a formatter that writes JSON finds them. No record holds a key, an
    id, a name or a query.

    Args:
        logger: Where to; "litmos_async.events" if None.
        level: Of attempts without an error, waits and pages. An attempt that failed, a pause and the end of a job
            are INFO, or `level` where that is higher; a job that was stopped or has failures is a WARNING.
        slow: Waits for a slot that took less than so many seconds are left out.
    """

    def __init__(
        self, logger: logging.Logger | None = None, *, level: int = logging.DEBUG, slow: float = 0.0
    ) -> None:
        self._logger = logger or logging.getLogger("litmos_async.events")
        self._level = level
        self._slow = slow

    def __call__(self, event: Event) -> None:
        """Log an event."""
        level = max(self._level, _level_of(event))
        if not self._logger.isEnabledFor(level):
            return
        if isinstance(event, SlotWait) and not event.error and event.waited < self._slow:
            return
        kind = type(event).__name__
        fields = {"event": kind, **attrs.asdict(event)}
        text = _TEXTS[kind](event) if kind in _TEXTS else kind
        self._logger.log(level, "%s", text, extra={"litmos": fields})


def _level_of(event: Event) -> int:
    match event:
        case JobEnded():
            return logging.INFO if event.complete and not event.failed + event.unknown else logging.WARNING
        case Pause():
            return logging.INFO
        case Attempt() | SlotWait() if event.error:
            return logging.INFO
    return logging.DEBUG


def _attempt(event: Attempt) -> str:
    end = f"{event.status or 'no answer'}{f' ({event.error})' if event.error else ''}"
    return (
        f"{event.operation}: attempt {event.attempt}: {end} in {event.taken:.3f} s after {event.waited:.3f} s"
    )


def _wait(event: SlotWait) -> str:
    end = f"no slot ({event.error})" if event.error else "a slot"
    return f"{event.operation}: {end} after {event.waited:.3f} s; {event.slots_used} are used"


def _pause(event: Pause) -> str:
    return f"paused for {event.seconds:.1f} s; met by {event.operation}"


def _page(event: PageRead) -> str:
    return f"{event.operation}: {event.rows} rows from {event.start} on in {event.taken:.3f} s"


def _job(event: JobEnded) -> str:
    counts = f"{event.done} done, {event.failed} failed, {event.skipped} skipped, {event.unknown} unknown"
    return f"{event.job}: {counts} in {event.taken:.1f} s{'' if event.complete else '; stopped'}"


_TEXTS: Final[Mapping[str, Callable[[Any], str]]] = {
    "Attempt": _attempt,
    "SlotWait": _wait,
    "Pause": _pause,
    "PageRead": _page,
    "JobEnded": _job,
}
