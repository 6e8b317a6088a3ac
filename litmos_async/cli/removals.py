"""How much a comparison with a file may take away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeAlias

from cyclopts import Parameter, Token

from litmos_async.cli.ledger import Ledger
from litmos_async.errors import ConfigurationError, IncompleteInput

__all__ = ["TENTH", "MaxRemovals", "complete", "parse_removals"]


def parse_removals(_type: Any, tokens: Sequence[Token]) -> float:
    """Read how many may go: `10%`, or a number such as `25`."""
    text = tokens[0].value
    try:
        # Not divided by 100: 14.1 / 100 is a little more than 0.141.
        most = float(f"{text[:-1].strip()}e-2") if text.endswith("%") else int(text)
    except ValueError:
        most = -1
    if (isinstance(most, int) and most >= 0) or (isinstance(most, float) and 0 <= most <= 1):
        return most
    raise ValueError("expected a number or a percentage up to 100%, such as 25 or 10%")


MaxRemovals: TypeAlias = Annotated[
    float,
    Parameter(
        help="The most that may be removed: a number, or a percentage of those there are. If it would be "
        "more, nothing is done.",
        metavar="NUMBER|PERCENT%",
        converter=parse_removals,
        n_tokens=1,
        accepts_keys=False,
        show_default=lambda part: f"{part:.0%}",
    ),
]
TENTH: Final = 0.10


def complete(given: Callable[[Ledger], Any]) -> Callable[[Ledger], Any]:
    """Refuse to take anything away where a line cannot be used: whom it means would be taken for missing."""

    def checked(ledger: Ledger) -> Any:
        """Return the input, unless it has gaps."""
        if bad := ledger.counts()["failed"]:
            raise IncompleteInput("lines that cannot be used", unusable=bad)
        if not ledger.items:
            raise ConfigurationError("there is no one in the file, so everyone would be removed")
        return given(ledger)

    return checked
