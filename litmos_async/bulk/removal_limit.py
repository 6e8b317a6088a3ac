"""How much a comparison of what should be with what is may take away."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from litmos_async.checks import is_whole
from litmos_async.errors import ConfigurationError, IncompleteInput, TooManyRemovals


@frozen(kw_only=True)
class RemovalLimit:
    """How much may be taken away.

    Attributes:
        allowed: Whether anything may.
        most: A fraction, if it is a float, or a number, if it is an int.
    """

    allowed: bool
    most: float

    def __attrs_post_init__(self) -> None:
        most: object = self.most
        whole = isinstance(most, int) and is_whole(most) and most >= 0
        if not whole and not (isinstance(most, float) and 0 <= most <= 1):
            raise ConfigurationError(
                f"max_removals must be a fraction, 0.0 to 1.0, or a whole number, not {self.most!r}"
            )

    def incomplete(self, unusable: int, going: int) -> IncompleteInput | None:
        """Return the error that says why nothing must go while the input has gaps; None if it has none.

        Args:
            unusable: How many items of the input cannot be used: what they mean may be among what would go.
            going: How much would go because the input does not name it; where that is nothing, gaps do no harm.
        """
        if not (unusable and going):
            return None
        return IncompleteInput(
            f"items that cannot be used: {unusable:,}. What they name would be taken for missing, and be removed. "
            "Correct them, or run without removals",
            unusable=unusable,
        )

    def refusal(self, going: int, total: int, label: str) -> TooManyRemovals | None:
        """Return the error that says why so many must not go; None if they may."""
        # As it is written: in binary fractions, 0.29 of 100 is less than 29.
        most = self.most if isinstance(self.most, int) else Fraction(str(self.most)) * total
        if going <= most:
            return None
        return TooManyRemovals(
            f"{going:,} of {total:,} {label} would be removed: max_removals={self.most!r} does not allow that",
            removals=going,
            total=total,
            label=label,
            max_removals=self.most,
        )
