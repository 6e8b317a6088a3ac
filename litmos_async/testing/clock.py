"""A virtual event loop: hours of traffic in milliseconds.

The loop's clock stands still while anything is ready to run, and jumps to the next timer when nothing is.
So `asyncio.sleep(3600)` costs nothing and every timing is exact and repeatable.

What waits for a real socket or process has no timer, and the clock does not wait for it: mount servers in process.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

__all__ = ["Clock", "VirtualLoop", "run_virtual"]

T = TypeVar("T")


# A real clock moves on while code runs. Without that, code that sleeps for less than the clock can show
# (a rounding error of 1e-17 seconds) would be woken, find that no time has passed, and sleep again, for ever.
TICK: Final = 1e-9


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for `timeout` seconds, moves the loop's clock on by them."""

    def __init__(self, clock: VirtualLoop) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now; if nothing is, jump to the next timer."""
        ready = super().select(0)
        if not ready and not self._clock.busy():
            if timeout is None:
                raise RuntimeError("Deadlock: nothing is ready, no timer is set, and the test still waits")
            self._clock.now += max(timeout, TICK)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is a number that only it moves.

    ```python
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(asyncio.sleep(3600))  # at once
        print(runner.get_loop().time())
    ```

    Args:
        start: What the clock shows at the beginning, in seconds.

    Attributes:
        now: The virtual time, in seconds.
        on_step: Called before each turn of the loop, with the number of turns so far; for tests that do
            something at every single point of a run.
    """

    def __init__(self, start: float = 1_000.0) -> None:
        self.now = start
        self.on_step: Callable[[int], None] | None = None
        self._steps = 0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return the virtual time, in seconds."""
        return self.now

    def run_in_executor(  # type: ignore[override]
        self,
        executor: object,  # noqa: ARG002 - the loop's signature
        func: Callable[..., T],
        *args: Any,
    ) -> asyncio.Future[T]:
        """Do the work of a thread at once: no virtual time may pass while a real thread works.

        Args:
            executor: Not used.
            func: The work.
            args: Its arguments.
        """
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:  # noqa: BLE001 - raised where it is awaited
            done.set_exception(problem)
        return done

    def busy(self) -> bool:
        """Return whether something is ready to run, so that the clock must stand still."""
        return bool(self._ready)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]

    def _run_once(self) -> None:
        if self.on_step is not None:
            self.on_step(self._steps)
        self._steps += 1
        super()._run_once()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def run_virtual(
    main: Coroutine[Any, Any, T], *, on_step: Callable[[int], None] | None = None, start: float = 1_000.0
) -> T:
    """Run `main` to its end on a new virtual loop.

    ```python
    async def main() -> None:
        await asyncio.sleep(3600)


    run_virtual(main())  # at once
    ```

    Args:
        main: What to run.
        on_step: Called before each turn of the loop, with the number of turns so far. None calls nothing.
        start: What the clock shows at the beginning.
    """

    def new_loop() -> VirtualLoop:
        loop = VirtualLoop(start)
        loop.on_step = on_step
        return loop

    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(main)


class Clock:
    """A virtual clock for tests: it runs coroutines, and time goes on from one to the next.

    ```python
    def test_an_hour(litmos_clock: Clock, litmos: LitmosClient) -> None:
        litmos_clock.run(nightly_job(litmos))
        assert litmos_clock.now > 3600
    ```
    """

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=lambda: VirtualLoop(0.0))

    @property
    def now(self) -> float:
        """Seconds that have passed."""
        return self._runner.get_loop().time()

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, and return its result.

        Args:
            main: What to run.
        """
        return self._runner.run(main)

    def close(self) -> None:
        """Cancel what still runs, and close the loop."""
        self._runner.close()
