"""What a job over a million pairs takes, measured from outside."""

from __future__ import annotations

import pytest


@pytest.mark.slow
def test_a_million_pairs_from_a_generator() -> None:
    """The plan and the first outcomes of a million pairs fit into 200 MB, the interpreter included."""
    pytest.importorskip("resource", reason="Windows does not tell the peak")
    from benchmarks.memory import MOST, SHAPES, in_a_child  # noqa: PLC0415 - it needs that module

    name, shape = next(iter(SHAPES.items()))
    assert shape.people * shape.each == 1_000_000
    assert in_a_child(name) < MOST
