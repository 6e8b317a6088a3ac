"""The rolling window of the service: so many requests in any 60 seconds, then 503 (api-facts 6)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class RequestLog:
    """Admits at most `requests` in any rolling `period`, and keeps a log for tests to judge by.

    Pure: the time is handed in, in seconds of any clock that does not go back.

    ```python
    log = RequestLog(requests=2, period=60.0)
    print([log.admit(now) for now in (0.0, 1.0, 2.0, 61.0)])  # [True, True, False, True]
    ```

    Args:
        requests: How many requests any window holds.
        period: Length of the window in seconds.
        counts_rejected: Whether refused requests fill the window too; what the service does is not known.

    Attributes:
        arrivals: When each request came, refused ones included.
        rejections: When each refused request came.
    """

    def __init__(self, requests: int = 100, period: float = 60.0, *, counts_rejected: bool = False) -> None:
        self.requests = requests
        self.period = period
        self.counts_rejected = counts_rejected
        self.arrivals: list[float] = []
        self.rejections: list[float] = []
        self._window: deque[float] = deque()

    def admit(self, now: float) -> bool:
        """Note a request that arrives now and return whether it is served.

        Args:
            now: When it comes, in seconds.
        """
        self.arrivals.append(now)
        while self._window and self._window[0] <= now - self.period:
            self._window.popleft()
        admitted = len(self._window) < self.requests
        if admitted or self.counts_rejected:
            self._window.append(now)
        if not admitted:
            self.rejections.append(now)
        return admitted

    def most_in_any_window(self) -> int:
        """Return the largest number of arrivals that fell into one window, wherever it is laid."""
        return most_in_any_window(self.arrivals, self.period)


def most_in_any_window(times: Iterable[float], period: float) -> int:
    """Return how many of the times lie, at most, within `period` of one another."""
    window: deque[float] = deque()
    most = 0
    for time in sorted(times):
        window.append(time)
        while window[0] <= time - period:
            window.popleft()
        most = max(most, len(window))
    return most
