"""Runs a module as a program whose clocks are wrong: `python -m tests.support.shifted WALL MONOTONIC MODULE …`.

WALL and MONOTONIC are seconds. Everything is imported afterwards, so what keeps a reference to a clock keeps the
wrong one.
"""

from __future__ import annotations

import runpy
import sys
import time


def shift(clock: str, by: float) -> None:
    """Let a clock of the module `time` be wrong, in seconds and in nanoseconds."""
    seconds, nanoseconds = getattr(time, clock), getattr(time, f"{clock}_ns")
    setattr(time, clock, lambda: seconds() + by)
    setattr(time, f"{clock}_ns", lambda: nanoseconds() + int(by * 1e9))


if __name__ == "__main__":
    _, wall, monotonic, module, *arguments = sys.argv
    shift("time", float(wall))
    shift("monotonic", float(monotonic))
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
