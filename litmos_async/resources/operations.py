"""All operations that the library knows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from litmos_async.wire.operation import Operation


@cache
def operations() -> Mapping[str, Operation[Any]]:
    """Return all operations by their ids, in the order of these."""
    found: dict[str, Operation[Any]] = {}
    package = import_module(__name__.rpartition(".")[0])
    for info in iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{info.name}")
        found |= {value.id: value for value in vars(module).values() if isinstance(value, Operation)}
    return MappingProxyType(dict(sorted(found.items())))
