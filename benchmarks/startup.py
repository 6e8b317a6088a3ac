"""How long a command line takes to start: CPU seconds of `--version` and `--help`, the best of some runs.

Run with `python -m benchmarks.startup`. Beside `litmos` stand `gitlab` (python-gitlab) and `dap`
(instructure-dap-client) where they are installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

RUNS = 5
BAR = 0.35
OTHERS = ("gitlab", "dap")


def cpu_seconds(words: list[str]) -> float:
    """Return the least CPU time that a command took."""
    found = list[float]()
    for _ in range(RUNS):
        before = os.times()
        subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        after = os.times()
        spent = (after.children_user, after.children_system)
        found.append(sum(spent) - before.children_user - before.children_system)
    return min(found)


def main() -> None:
    """Print a table."""
    litmos = [sys.executable, "-m", "litmos_async.cli"]
    rows = [("litmos", litmos), *((name, [name]) for name in OTHERS if shutil.which(name))]
    print(f"{'command':<10}{'--version':>12}{'--help':>12}   CPU s, at most {BAR} for litmos")
    for name, words in rows:
        version, help_text = (cpu_seconds([*words, option]) for option in ("--version", "--help"))
        print(f"{name:<10}{version:>12.2f}{help_text:>12.2f}")
    for name in OTHERS:
        if not shutil.which(name):
            print(f"{name} is not installed in {Path(sys.executable).parent}")


if __name__ == "__main__":
    main()
