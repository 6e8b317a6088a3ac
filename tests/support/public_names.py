"""What is public: the names of the modules that say so, and their methods."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, Final

from attrs import frozen

from litmos_async import LitmosClient
from litmos_async.models.record import Record
from litmos_async.resources.base import Resource
from litmos_async.resources.xapi import Xapi

MODULES: Final[dict[str, ModuleType]] = {
    name: import_module(name)
    for name in (
        "litmos_async",
        "litmos_async.bulk",
        "litmos_async.errors",
        "litmos_async.event_log",
        "litmos_async.events",
        "litmos_async.export",
        "litmos_async.jobs",
        "litmos_async.limits",
        "litmos_async.models",
        "litmos_async.report",
        "litmos_async.sandbox",
        "litmos_async.sync",
        "litmos_async.telemetry",
        "litmos_async.testing",
        "litmos_async.webhooks",
    )
}


@frozen
class Public:
    """Something public.

    Attributes:
        home: The module that makes it public.
        name: Its name there, a method's behind that of its class; empty for the module itself.
        value: The class, function or module.
    """

    home: str
    name: str
    value: Any

    @property
    def id(self) -> str:
        """Home and name."""
        return f"{self.home}:{self.name}"


def public() -> Iterator[Public]:
    """Yield all that is public, once each."""
    seen = set[tuple[str, str]]()
    for each in _all():
        key = (getattr(each.value, "__module__", ""), getattr(each.value, "__qualname__", each.id))
        if key not in seen:
            seen.add(key)
            yield each


def _all() -> Iterator[Public]:
    for home, module in MODULES.items():
        yield Public(home, "", module)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                yield Public(home, name, value)
                yield from _methods(home, name, value)
    yield Public("litmos_async.models", "Record", Record)
    yield from _methods("litmos_async.models", "Record", Record)
    litmos = LitmosClient("key", "tests")
    for family in dir(litmos):
        kind = type(getattr(litmos, family))
        if issubclass(kind, Resource | Xapi):
            yield Public("litmos_async", f"LitmosClient.{family}", kind)
            yield from _methods("litmos_async", f"LitmosClient.{family}", kind)


def _is_method(value: object) -> bool:
    """Return whether a value is a routine, and no cached property: Python 3.13.0 takes that for one."""
    return not isinstance(value, cached_property) and inspect.isroutine(value)


def _methods(home: str, name: str, kind: Any) -> Iterator[Public]:
    for method, function in inspect.getmembers(kind, _is_method) if inspect.isclass(kind) else ():
        if not method.startswith("_") and (getattr(function, "__module__", "") or "").startswith(
            "litmos_async"
        ):
            yield Public(home, f"{name}.{method}", function)
