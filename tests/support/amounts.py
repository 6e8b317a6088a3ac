"""How much a test tries: all in `nox -s tests`, and a part of it with `--in-part`, as in the other sessions."""

from __future__ import annotations

_in_part = False


def choose(*, in_part: bool) -> None:
    """Say once, before tests are collected, whether parts are enough."""
    global _in_part  # noqa: PLW0603 - one answer for the whole run
    _in_part = in_part


def amount(everything: int, *, quick: int) -> int:
    """Return how many examples, moments or rows to try.

    ```python
    @settings(max_examples=amount(400, quick=80))
    ```
    """
    return quick if _in_part else everything
