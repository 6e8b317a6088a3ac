"""The command `litmos`: the bulk jobs of this library, run from a terminal.

It needs the extra `cli`, and `litmos demo` the extra `sandbox` as well. Nothing outside this folder imports
cyclopts or rich, and this file does not either: it can say what is missing.
"""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from litmos_async.cli.extras import missing

__all__ = ["main"]


def _shown(kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
    """Write the traceback of a fault in this program, without what a text in it could do to a terminal."""
    from litmos_async.cli.terminal import Terminal, plain  # noqa: PLC0415 - rich may not be there

    Terminal().err.print(plain("".join(traceback.format_exception(kind, problem, trace))), end="")


def main() -> None:
    """Run the command and exit with its code."""
    if needed := missing("litmos", "cli"):
        print(needed, file=sys.stderr)  # noqa: T201 - rich may not be there
        sys.exit(2)
    try:
        from litmos_async.cli.app import run  # noqa: PLC0415 - only now it is known that it can be imported

        sys.excepthook = _shown
        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # Outside of a job, which sees to Ctrl-C itself.
        code = 130
    sys.exit(code)
