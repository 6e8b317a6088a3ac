"""What the library logs, as far as a person at the command line has to know it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from litmos_async.bulk import WAITS_FOR_EARLIER
from litmos_async.cli.terminal import Terminal
from litmos_async.wording import count, duration

__all__ = ["logged"]

_LOGGER: Final = logging.getLogger("litmos_async")


class _Told(logging.Handler):
    """Writes warnings, and what the progress cannot show, between the lines of the progress."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.INFO)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, if it is one of these."""
        if getattr(record, "event", "") == WAITS_FOR_EARLIER:
            requests, seconds = (record.__dict__[name] for name in ("requests", "seconds"))
            self._terminal.tell(
                f"Waiting {duration(max(1.0, seconds))}: {count(requests, 'request')} of an earlier run may still "
                "arrive"
            )
        elif record.levelno >= logging.WARNING:
            self._terminal.complain(record.getMessage())


@contextmanager
def logged(terminal: Terminal) -> Iterator[None]:
    """Write what the library logs to the terminal while the block runs."""
    handler, level = _Told(terminal), _LOGGER.level
    _LOGGER.addHandler(handler)
    if not _LOGGER.isEnabledFor(logging.INFO):
        _LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        _LOGGER.setLevel(level)
        _LOGGER.removeHandler(handler)
