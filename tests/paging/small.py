"""A list on a server, and what reads it."""

from __future__ import annotations

from litmos_async.models import UserSummary
from litmos_async.reader import Reader


class Server:
    """A list on a server, which may cap the page size or ignore `start`."""

    def __init__(
        self,
        ids: list[str],
        *,
        cap: int = 1000,
        ignores_start: bool = False,
        more: int = 0,
        hidden: set[str] | None = None,
    ) -> None:
        self.ids = ids
        self.asked: list[tuple[int, int]] = []
        self._cap, self._ignores_start, self._more = cap, ignores_start, more
        self._hidden = hidden or set()

    def answer(self, start: int, limit: int) -> list[UserSummary]:
        """Return the rows of one request."""
        self.asked.append((start, limit))
        start = 0 if self._ignores_start else start
        page = self.ids[start : start + min(limit, self._cap) + self._more]
        return [UserSummary(id=name) for name in page if name not in self._hidden]


def read(server: Server, **options) -> list[str]:
    """Read a list to its end."""
    reader: Reader[UserSummary] = Reader("list", **options)
    found: list[str] = []
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    return found


def ids(count: int) -> list[str]:
    """Return so many ids."""
    return [f"u{number}" for number in range(count)]


def feed_each(reader: Reader[UserSummary], pages: list[list[str]]) -> None:
    """Answer one request after the other."""
    for page in pages:
        reader.next_request()
        reader.feed([UserSummary(id=name) for name in page])
