"""Every public function, method and class says what each of its parameters is, and what it raises."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final, Protocol

import pytest

from litmos_async.bulk import Bulk, BulkJob
from litmos_async.errors import LitmosError
from litmos_async.models.record import Record
from litmos_async.resources.base import Resource
from litmos_async.resources.xapi import Xapi
from tests.support.public_names import Public, public

SECTION: Final = re.compile(r"^(?:Args|Attributes):\n((?: .*\n|\n)*)", re.MULTILINE)
ENTRY: Final = re.compile(r"^(\w+): (.*(?:\n .*)*)", re.MULTILINE)
ELSEWHERE: Final = re.compile(r"see (`[\w.]+`|the asynchronous client)")

MADE_BY_THE_LIBRARY: Final = {
    "Bulk",
    "BulkJob",
    "Export",
    "Jobs",
    "Pages",
    "Reports",
    "SyncJob",
    "SyncPages",
}
"""Callers get these from a client; what makes them is no business of theirs."""

FAMILIES: Final = (Record, LitmosError, Resource, Xapi, Enum)
"""Records and errors are told of by their fields, which the reference lists; a client makes its families."""


def needs_no_arguments(each: Public) -> bool:
    """Say whether something is no call that a caller makes with arguments of its own."""
    value = each.value
    if not inspect.isclass(value):
        return not inspect.isroutine(value)
    return (
        value.__name__ in MADE_BY_THE_LIBRARY
        or issubclass(value, FAMILIES)
        or Protocol in value.__bases__
        or value.__init__ in {Exception.__init__, dict.__init__}
    )


def parameters(value: Any) -> list[str]:
    """Return the names of parameters, without `self` and those that ASGI wants and nothing looks at."""
    names = inspect.signature(value).parameters
    return [name for name in names if name not in {"self", "cls"} and not name.startswith("_")]


def explained(value: Any) -> dict[str, str]:
    """Return what a docstring says of each parameter."""
    text = inspect.cleandoc(value.__doc__ or "") + "\n"
    told: dict[str, str] = {}
    for section in SECTION.findall(text):
        for entry in ENTRY.finditer(textwrap.dedent(section)):
            told.setdefault(entry[1], entry[2])  # Args go before Attributes
    return told


def without_a_word(value: Any) -> list[str]:
    """Return the parameters that a docstring does not explain, or of which it does not say what None means."""
    told = explained(value)
    silent = [name for name in parameters(value) if name not in told]
    for name, parameter in inspect.signature(value).parameters.items():
        if parameter.default is None and name in told and not re.search("None|default", told[name]):
            silent.append(f"{name}=None")
    return silent


def test_every_parameter_is_explained() -> None:
    """In Args, or in the Attributes of its class; or the docstring names the method that says it."""
    silent = {
        each.id: missing
        for each in public()
        if not needs_no_arguments(each)
        and not ELSEWHERE.search(each.value.__doc__ or "")
        and (missing := without_a_word(each.value))
    }
    assert silent == {}


def test_what_is_not_explained_is_found() -> None:
    """The rule above finds what it is for."""

    def act(first: int, second: int | None = None, third: int | None = None, fourth: int = 0) -> None:
        pass

    act.__doc__ = """Do something.

    Args:
        first: What it is.
        second: None is
            nothing.
        third: What it is.
    """
    assert without_a_word(act) == ["fourth", "third=None"]


@pytest.mark.parametrize(
    "place",
    [each for each in public() if each.name.endswith((".acquire", ".bind"))],
    ids=lambda each: each.id,
)
def test_what_stands_elsewhere_is_there(place: Public) -> None:
    """A limiter's methods are those of `Limiter`, where their arguments are explained."""
    (limiter,) = [each.value for each in public() if each.id == "litmos_async:Limiter"]
    told = getattr(limiter, place.name.rpartition(".")[2])
    assert without_a_word(told) == []
    assert parameters(told) == parameters(place.value)


def raised(tree: ast.AST) -> Iterator[str]:
    """Yield the names of the classes that a function raises by itself, without those that it catches."""
    for node in ast.iter_child_nodes(tree):
        kinds = set(raised(node))
        if isinstance(node, ast.Try):
            kinds -= {ast.unparse(handler.type) for handler in node.handlers if handler.type is not None}
        elif isinstance(node, ast.Raise):
            made = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            kinds |= {made.id} if isinstance(made, ast.Name) and made.id[0].isupper() else set()
        yield from kinds


def unsaid(function: Any) -> list[str]:
    """Return what a function raises and its docstring does not name."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    told = inspect.cleandoc(function.__doc__ or "").partition("Raises:\n")[2]
    return sorted({kind for kind in raised(tree) if f"{kind}:" not in told})


def test_what_is_raised_is_said() -> None:
    """Whatever a public function raises by itself stands in its Raises."""
    calls = {each.id: inspect.unwrap(each.value) for each in public() if inspect.isroutine(each.value)}
    assert {name: kinds for name, call in calls.items() if (kinds := unsaid(call))} == {}


def test_what_is_raised_and_not_said_is_found() -> None:
    """The rule above finds what it is for."""

    def act(number: int) -> None:
        """Do something."""
        try:
            if number > 1:
                raise KeyError(number)
        except KeyError:
            raise ValueError("too much") from None

    assert unsaid(act) == ["ValueError"]


def test_every_helper_of_bulk_says_what_it_raises() -> None:
    """It leads to what a job raises, and so does iterating one."""
    helpers = {name: each for name, each in inspect.getmembers(Bulk, inspect.isfunction) if name[0] != "_"}
    assert [name for name, each in helpers.items() if "Raises:\n" not in (each.__doc__ or "")] == []
    for iterating in (BulkJob.__doc__, BulkJob.__aiter__.__doc__):
        assert re.search(r"[Rr]aises what `run`\s+raises|What `run` raises", iterating or "")
