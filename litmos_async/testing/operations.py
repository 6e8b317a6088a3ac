"""The operations that the library knows."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import litmos_async.resources
from litmos_async.wire.operation import Operation

__all__ = ["fixed_segments", "operations"]


@cache
def operations() -> tuple[Operation[Any], ...]:
    """Return all operations, by their ids."""
    found: dict[str, Operation[Any]] = {}
    for info in iter_modules(litmos_async.resources.__path__):
        module = import_module(f"litmos_async.resources.{info.name}")
        found |= {value.id: value for value in vars(module).values() if isinstance(value, Operation)}
    return tuple(found[id] for id in sorted(found))


@cache
def fixed_segments() -> frozenset[str]:
    """Return the parts of paths that are the same in each account."""
    return frozenset(
        part for operation in operations() for part in operation.path.split("/") if part and "{" not in part
    )
