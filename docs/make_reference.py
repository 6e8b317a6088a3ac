"""Writes `docs/reference.md` and `docs/reference/` from the docstrings.

Run with `python docs/make_reference.py`; with `--check` it only tells which pages are stale.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from attrs import frozen

import litmos_async.resources
from litmos_async import LitmosClient, bulk, errors, models
from litmos_async.bulk import Bulk
from litmos_async.config import CallOptions
from litmos_async.resources.base import ListOptions, Resource
from litmos_async.resources.xapi import Xapi
from litmos_async.wire.operation import Operation

HERE = Path(__file__).parent
CONSTRUCTED = {"MemoryLimiter", "RateLimit", "RedisLimiter", "RetryPolicy", "SqliteLimiter", "XapiStore"}
"""Classes that callers make themselves; of the others the signature of the constructor says nothing."""

OPTIONS = re.compile(r"`(\w+Options)`")
CALL = re.compile(r"^`(GET|POST|PUT|DELETE) ((?:/|\{endpoint\})[^`]*)`", re.MULTILINE)
SOURCE = re.compile(r"^( *)Source: ", re.MULTILINE)
FACT = re.compile(r"api-facts (\d+)")


class Bare(str):
    """A text that a signature shows without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@frozen
class Method:
    """One public method."""

    family: str
    name: str
    function: Any
    operation: Operation[Any] | None

    @property
    def id(self) -> str:
        """Its name in the catalogue."""
        return f"{self.family}.{self.name}"

    @property
    def summary(self) -> str:
        """The first sentence of its docstring."""
        return re.split(r"(?<=\.)\s", inspect.getdoc(self.function) or "", maxsplit=1)[0].replace("\n", " ")

    @property
    def calls(self) -> str:
        """The requests that it makes, as its docstring says."""
        return "<br>".join(
            f"`{verb} {path}`" for verb, path in CALL.findall(inspect.getdoc(self.function) or "")
        )

    @property
    def signature(self) -> str:
        """Its signature, without self, one line."""
        return signature_of(self.function)

    def row(self) -> str:
        """Return its row in the table of all methods."""
        text = str(inspect.signature(self.function))
        paged = "yes" if "Pages[" in text else ""
        repeatable = "" if self.operation is None else "yes" if self.operation.repeatable else "no"
        mails = "may" if "send_message" in text else ""
        link = f"[`{self.id}`](reference/{self.family}.md#{self.name})"
        return f"| {link} | {self.calls} | {paged} | {repeatable} | {mails} |"


def operations() -> dict[str, Operation[Any]]:
    """Return all operations by their ids."""
    found: dict[str, Operation[Any]] = {}
    for info in iter_modules(litmos_async.resources.__path__):
        module = import_module(f"litmos_async.resources.{info.name}")
        found |= {value.id: value for value in vars(module).values() if isinstance(value, Operation)}
    return found


def methods() -> Iterator[Method]:
    """Yield all public methods, family by family."""
    known = operations()
    client = LitmosClient("key", "docs")
    for family in sorted(dir(client)):
        resource = getattr(client, family)
        if not isinstance(resource, Resource | Xapi | Bulk) or family.startswith("_"):
            continue
        for name, function in sorted(inspect.getmembers(type(resource), inspect.isfunction)):
            if not name.startswith("_"):
                yield Method(family, name, function, known.get(f"{family}.{name}"))


def signature_of(function: Any) -> str:
    """Return the signature of a method without self, or of a constructor."""
    shown = inspect.signature(function)
    if not inspect.isclass(function):
        shown = shown.replace(parameters=list(shown.parameters.values())[1:])
    # Annotations are texts here, and so quoted; defaults are not.
    plain = [
        parameter.replace(annotation=Bare(parameter.annotation)) for parameter in shown.parameters.values()
    ]
    return str(shown.replace(parameters=plain, return_annotation=Bare(shown.return_annotation)))


def class_section(kind: type, level: int = 2) -> Iterator[str]:
    """Yield the lines about a class: its constructor where callers use it, its docstring, what it can do."""
    name = kind.__name__
    yield from (f"{'#' * level} {name}", "")
    if name in CONSTRUCTED or kind is LitmosClient:
        yield from (f"```python\n{name}{signature_of(kind)}\n```", "")
    yield from (inspect.getdoc(kind) or "", "")
    for attribute, value in vars(kind).items():
        function = getattr(value, "fget", None) or getattr(value, "func", None) or value
        if attribute.startswith("_") or not inspect.isfunction(function) or not function.__doc__:
            continue
        signature = signature_of(function) if function is value else ""
        yield from (f"{'#' * (level + 1)} {name}.{attribute}", "")
        if signature:
            yield from (f"```python\n{name}.{attribute}{signature}\n```", "")
        yield from (inspect.getdoc(function) or "", "")


def classes(module: Any) -> list[type]:
    """Return the classes that a module makes public."""
    found = (getattr(module, name) for name in module.__all__)
    return [each for each in found if inspect.isclass(each)]


def client_page() -> str:
    """Return the page about the client, and about what is given to it and comes back from it."""
    elsewhere = {LitmosClient, *classes(bulk), *classes(models)}
    others = [each for each in classes(litmos_async) if each not in elsewhere]
    lines = [*class_section(LitmosClient, 1)]
    for kind in (CallOptions, ListOptions, *others):
        lines += class_section(kind)
    lines += ["## Errors", "", inspect.getdoc(errors) or "", ""]
    for kind in classes(errors):
        lines += class_section(kind, 3)
    return linked("\n".join(lines), "client")


def linked(text: str, page: str) -> str:
    """Let the names of options lead to the section that says what they are, and facts to the page of the facts."""

    def link(found: re.Match[str]) -> str:
        home = "client" if found[1] in {"CallOptions", "ListOptions"} else "bulk"
        return f"[`{found[1]}`]({'' if home == page else f'{home}.md'}#{found[1].lower()})"

    text = SOURCE.sub(r"\1[Source](../api-facts.md#evidence): ", text)
    return OPTIONS.sub(link, FACT.sub(r"[api-facts \1](../api-facts.md)", text))


def pages() -> dict[Path, str]:
    """Return all pages by their places."""
    every, client = list(methods()), LitmosClient("key", "docs")
    table = [
        "# Reference",
        "",
        "Generated from the docstrings by `python docs/make_reference.py`. Every method also takes `timeout`,",
        "`retry`, `priority` and `wire`; paged ones take `page_size`, `start` and `confirm_end`.",
        "",
        "[The client](reference/client.md): its constructor, options, limits, retries, pages and errors.",
        "[Bulk jobs](reference/bulk.md): their options, and what they say.",
        "",
        "*Repeatable*: sending it again after a lost answer does no harm, so the client does. *Mails*: it may send",
        "e-mails to people, and `send_message` says whether. *Source*, at the end of a method: where that is known",
        "from; [the facts of the API](api-facts.md#evidence) explain the words.",
        "",
        "| method | request | paged | repeatable | mails |",
        "|---|---|---|---|---|",
        *(method.row() for method in every),
        "",
    ]
    found = {HERE / "reference.md": "\n".join(table), HERE / "reference" / "client.md": client_page()}
    for family in sorted({method.family for method in every}):
        lines = [f"# litmos.{family}", "", inspect.getdoc(type(getattr(client, family))) or "", ""]
        for method in every:
            if method.family == family:
                lines += [
                    f"## {method.name}",
                    "",
                    f"```python\nlitmos.{method.id}{method.signature}\n```",
                    "",
                    inspect.getdoc(method.function) or "",
                    "",
                ]
        if family == "bulk":
            lines += [line for kind in classes(bulk) if kind is not Bulk for line in class_section(kind)]
        found[HERE / "reference" / f"{family}.md"] = linked("\n".join(lines), family)
    return found


def stale() -> list[Path]:
    """Return the pages that are not as they would be written now, and those that should not be there."""
    wanted = pages()
    there = {HERE / "reference.md", *(HERE / "reference").glob("*.md")}
    return sorted(
        {
            path
            for path, text in wanted.items()
            if not path.exists() or path.read_text(encoding="utf-8") != text
        }
        | (there - wanted.keys())
    )


def main() -> int:
    """Write the pages, or check them."""
    if "--check" in sys.argv:
        for path in stale():
            print(f"stale: {path.relative_to(HERE.parent)}")
        return 1 if stale() else 0
    (HERE / "reference").mkdir(exist_ok=True)
    for path in stale():
        path.unlink(missing_ok=True)
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
