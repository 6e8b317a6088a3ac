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
from litmos_async import LitmosClient
from litmos_async.bulk import Bulk
from litmos_async.resources.base import Resource
from litmos_async.wire.operation import Operation

HERE = Path(__file__).parent
CALL = re.compile(r"^`(GET|POST|PUT|DELETE) (/[^`]*)`", re.MULTILINE)


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
        parameters = list(inspect.signature(self.function).parameters.values())[1:]
        shown = inspect.Signature(
            parameters, return_annotation=inspect.signature(self.function).return_annotation
        )
        return str(shown).replace("'", "")

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
        if not isinstance(resource, Resource | Bulk) or family.startswith("_"):
            continue
        for name, function in sorted(inspect.getmembers(type(resource), inspect.isfunction)):
            if not name.startswith("_"):
                yield Method(family, name, function, known.get(f"{family}.{name}"))


def pages() -> dict[Path, str]:
    """Return all pages by their places."""
    every = list(methods())
    table = [
        "# Reference",
        "",
        "Generated from the docstrings by `python docs/make_reference.py`. Every method also takes `timeout`,",
        "`retry`, `priority` and `wire`; paged ones take `page_size`, `start` and `confirm_end`.",
        "",
        "*Repeatable*: sending it again after a lost answer does no harm, so the client does. *Mails*: it may send",
        "e-mails to people, and `send_message` says whether.",
        "",
        "| method | request | paged | repeatable | mails |",
        "|---|---|---|---|---|",
        *(method.row() for method in every),
        "",
    ]
    found = {HERE / "reference.md": "\n".join(table)}
    for family in sorted({method.family for method in every}):
        lines = [f"# litmos.{family}", ""]
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
        found[HERE / "reference" / f"{family}.md"] = "\n".join(lines)
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
