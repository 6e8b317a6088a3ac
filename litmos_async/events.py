"""What a client reports: one frozen record per attempt, wait for a slot, pause, page and job.

Pass a hook to `LitmosClient(on_event=...)`:

```python
def slow(event: Event) -> None:
    if isinstance(event, SlotWait) and event.waited > 5:
        print(f"{event.operation} waited {event.waited:.0f} s for a slot")


async with LitmosClient(on_event=slow) as litmos:
    ...
```

No record holds a key, an id, a name, a path with either, or a query: they may go into logs and metrics as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from litmos_async.limits import Priority

__all__ = ["Attempt", "Event", "Hook", "JobEnded", "PageRead", "Pause", "SlotWait"]


@frozen(kw_only=True)
class SlotWait:
    """A call got a slot, or stopped waiting for one.

    ```python
    def long_waits(event: Event) -> None:
        if isinstance(event, SlotWait) and event.waited > 5.0:
            print(event.operation, event.lane, f"{event.waited:.0f} s")


    litmos = LitmosClient(on_event=long_waits)
    ```

    Attributes:
        operation: Id of the operation, such as "users.get"; "request" for `LitmosClient.request`.
        lane: "interactive" or "bulk".
        attempt: The attempt that the slot is for, from 1.
        waited: Seconds of waiting; 0.0 where a slot was free.
        slots_used: Slots of the window that are taken now, by all that this limiter knows of.
        error: Name of the class of the error that ended the wait, such as "RateLimited" or "CancelledError";
            empty where there is a slot.
    """

    operation: str
    lane: Priority
    attempt: int
    waited: float
    slots_used: int
    error: str = ""


@frozen(kw_only=True)
class Attempt:
    """A request has ended: in an answer or an error, or given up by its caller.

    ```python
    def failures(event: Event) -> None:
        if isinstance(event, Attempt) and event.error:
            print(event.operation, event.status, event.error, f"{event.taken:.1f} s")


    litmos = LitmosClient(on_event=failures)
    ```

    Attributes:
        operation: Id of the operation.
        method: The HTTP verb.
        lane: "interactive" or "bulk".
        attempt: Which attempt of its call it was, from 1.
        waited: Seconds that it waited for its slot.
        taken: Seconds from its start to the last byte of its answer.
        slots_used: Slots of the window that are taken now, by all that this limiter knows of.
        host: The host that was asked.
        port: Its port.
        status: The HTTP status; None where no answer came.
        error: Name of the class of the error, such as "NotFound" or "RequestTimeout"; empty for a success. The call
            may be repeated and end well.
        size: Decoded bytes of the answer.
    """

    operation: str
    method: str
    lane: Priority
    attempt: int
    waited: float
    taken: float
    slots_used: int
    host: str
    port: int
    status: int | None = None
    error: str = ""
    size: int = 0


@frozen(kw_only=True)
class Pause:
    """The server rejected a request, here or in another process, and all calls wait: once per pause.

    A pause that is extended counts as another one.

    ```python
    def pauses(event: Event) -> None:
        if isinstance(event, Pause):
            print(f"rejected at {event.slots_used} slots, all wait {event.seconds:.0f} s")


    litmos = LitmosClient(on_event=pauses)
    ```

    Attributes:
        operation: Id of the operation whose call met it first here.
        lane: The lane of that call.
        seconds: How long it lasts from now on.
        slots_used: Slots of the window that are taken now, by all that this limiter knows of.
    """

    operation: str
    lane: Priority
    seconds: float
    slots_used: int


@frozen(kw_only=True)
class PageRead:
    """A part of a list was read.

    ```python
    def pages(event: Event) -> None:
        if isinstance(event, PageRead):
            print(event.operation, event.start, event.rows, event.total)


    litmos = LitmosClient(on_event=pages)
    ```

    Attributes:
        operation: Id of the operation.
        start: Offset at which the request began.
        rows: Rows of the answer that were not known before.
        total: How many rows the list has, where the server says so.
        taken: Seconds until it was there, waits and repeats included.
    """

    operation: str
    start: int
    rows: int
    total: int | None
    taken: float


@frozen(kw_only=True)
class JobEnded:
    """A bulk job ended, or was stopped. A part of another job has no event of its own.

    ```python
    def jobs(event: Event) -> None:
        if isinstance(event, JobEnded):
            print(event.job, event.done, event.failed, event.complete)


    litmos = LitmosClient(on_event=jobs)
    ```

    Attributes:
        job: The helper that made it, such as "assign_courses_to_users".
        done: Items that were carried out.
        failed: Items that were not.
        skipped: Items for which there was nothing to do.
        unknown: Items that may or may not have been carried out.
        requests: Requests of the job.
        reads: Requests that only read, beside those.
        taken: Seconds that it took.
        complete: Whether it came to its end.
    """

    job: str
    done: int
    failed: int
    skipped: int
    unknown: int
    requests: int
    reads: int
    taken: float
    complete: bool


Event: TypeAlias = SlotWait | Attempt | Pause | PageRead | JobEnded
"""What `on_event` is called with. More kinds may come: pass over what is not known."""

Hook: TypeAlias = Callable[[Event], object]
"""Called with each event on the event loop, while the call waits: it must be quick, and not raise."""
