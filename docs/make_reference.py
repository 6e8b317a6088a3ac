"""Writes `docs/reference.md` and `docs/reference/` from the docstrings.

Run with `python docs/make_reference.py`; with `--check` it only tells which pages are stale.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, cast, get_args, get_origin

from attrs import frozen

import litmos_async.resources
from litmos_async import LitmosClient, bulk, errors, export, jobs, limits, models, report
from litmos_async.bulk import Bulk
from litmos_async.config import CallOptions
from litmos_async.models.record import Record, Wire, fields_of
from litmos_async.resources.base import ListOptions, Resource
from litmos_async.resources.operations import operations
from litmos_async.resources.xapi import Xapi
from litmos_async.wire.operation import Operation

HERE = Path(__file__).parent
CONSTRUCTED = {"MemoryLimiter", "RateLimit", "RedisLimiter", "RetryPolicy", "SqliteLimiter", "XapiStore"}
"""Classes that callers make themselves; of the others the signature of the constructor says nothing."""

WIDEST = 70
"""A signature that is longer has a line for each parameter."""

FAMILIES = {
    "enums": "Enumerations",
    "error_detail": "Error answers",
    "ilt": "Sessions",
    "org": "The organisation",
    "org_links": "Links of the organisation",
    "xapi": "xAPI",
}
"""What the modules of records are called, where not by their names."""

OPTIONS = re.compile(r"`(\w+Options)`")
CALL = re.compile(r"^`(GET|POST|PUT|DELETE) ((?:/|\{endpoint\})[^`]*)`", re.MULTILINE)
SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises):\n((?:(?: .*)?\n?)+)", re.MULTILINE)
ENTRY = re.compile(r"^    (\*{0,2}[\w\[`][\w.\[\], `]*): ", re.MULTILINE)
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

    @property
    def records(self) -> str:
        """The records that it gives, as links."""
        names = re.findall(r"\w+", str(inspect.signature(self.function).return_annotation))
        return ", ".join(
            f"[{name}](reference/records.md#{name.lower()})" for name in names if name in models.__all__
        )

    def row(self) -> str:
        """Return its row in the table of all methods."""
        text = str(inspect.signature(self.function))
        paged = "yes" if "Pages[" in text else ""
        repeatable = "" if self.operation is None else "yes" if self.operation.repeatable else "no"
        mails = "may" if "send_message" in text else ""
        link = f"[`{self.id}`](reference/{self.family}.md#{self.name})"
        return f"| {link} | {self.calls} | {self.records} | {paged} | {repeatable} | {mails} |"


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
        parameter.replace(annotation=Bare(parameter.annotation), default=_default(parameter.default))
        for parameter in shown.parameters.values()
    ]
    shown = shown.replace(parameters=plain, return_annotation=Bare(shown.return_annotation))
    return _on_lines(shown) if len(str(shown)) > WIDEST else str(shown)


def _on_lines(shown: inspect.Signature) -> str:
    """Return a signature with a line for each parameter."""
    lines: list[str] = []
    for parameter in shown.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not any(line.startswith("*") for line in lines):
            lines.append("*")
        lines.append(str(parameter))
    gives = str(shown.replace(parameters=[])).removeprefix("()")
    return "".join(["(\n", *(f"    {line},\n" for line in lines), f"){gives}"])


def _default(value: Any) -> Any:
    """Return a default as it is shown: a class by its name."""
    return Bare(value.__name__) if inspect.isclass(value) and value is not inspect.Parameter.empty else value


def documented(thing: Any) -> str:
    """Return a docstring as Markdown: its sections as lists, each request on a line."""
    text = SECTION.sub(_listed, inspect.getdoc(thing) or "")
    # A backslash at the end of a line keeps the next one apart.
    return re.sub(r"^(`[A-Z]+ .*)$(?=\n`[A-Z]+ )", r"\1\\", text, flags=re.MULTILINE).strip()


def _listed(section: re.Match[str]) -> str:
    """Return a section of a docstring as a list, or as a paragraph where it has no entries."""
    title, text = section[1], section[2].rstrip()
    entries = list(_entries(text))
    if title in {"Returns", "Yields"} or not entries:
        return f"{title}: {' '.join(text.split())}\n\n"
    return "\n".join([f"{title}:", "", *(f"- `{name}`: {said}" for name, said in entries), "", ""])


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Yield the entries of a section of a docstring, each with what is said of it."""
    found = [*ENTRY.finditer(text)]
    for entry, end in zip(found, [*(each.start() for each in found[1:]), len(text)], strict=False):
        yield entry[1], " ".join(text[entry.end() : end].split())


def class_section(kind: type, level: int = 2) -> Iterator[str]:
    """Yield the lines about a class: its constructor where callers use it, its docstring, what it can do."""
    name = kind.__name__
    yield from (f"{'#' * level} {name}", "")
    if name in CONSTRUCTED or kind is LitmosClient:
        yield from (f"```python\n{name}{signature_of(kind)}\n```", "")
    yield from (documented(kind), "")
    for attribute, value in members(kind):
        function = getattr(value, "fget", None) or getattr(value, "func", None) or value
        if attribute.startswith("_") or not inspect.isfunction(function) or not function.__doc__:
            continue
        signature = signature_of(function) if function is value else ""
        yield from (f"{'#' * (level + 1)} {name}.{attribute}", "")
        if signature:
            yield from (f"```python\n{name}.{attribute}{signature}\n```", "")
        yield from (documented(function), "")


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield what a class has: its own, and what it has of classes that are not public."""
    public = {each for module in (litmos_async, bulk, errors, export, jobs) for each in classes(module)}
    for each in reversed(kind.__mro__):
        if each is kind or (each.__module__.startswith("litmos_async.jobs") and each not in public):
            yield from vars(each).items()


def classes(module: Any) -> list[type]:
    """Return the classes that a module makes public."""
    found = (getattr(module, name) for name in module.__all__)
    return [each for each in found if inspect.isclass(each)]


def client_page() -> str:
    """Return the page about the client, and about what is given to it and comes back from it."""
    elsewhere = {LitmosClient, *classes(bulk), *classes(models), *classes(limits)}
    others = [each for each in classes(litmos_async) if each not in elsewhere]
    lines = [*class_section(LitmosClient, 1)]
    for kind in (CallOptions, ListOptions, *others):
        lines += class_section(kind)
    return "\n".join(lines)


def module_page(title: str, module: Any) -> str:
    """Return the page about the public classes and functions of a module."""
    about = documented(module)
    # What others say after their first sentence is how they are built.
    lines = [f"# {title}", "", about if module is errors else about.partition("\n\n")[0], ""]
    for kind in classes(module):
        lines += class_section(kind)
    for name in module.__all__:
        if inspect.isfunction(function := getattr(module, name)):
            call = f"{module.__name__}.{name}{signature_of(function)}"
            lines += [f"## {name}", "", f"```python\n{call}\n```", "", documented(function), ""]
    return "\n".join(lines)


RECORDS_HEAD = """\
# Records

The records of the API, and the attributes of each in the order in which they travel. None means that the server did
not say. What this version does not know is in `extra`. *On the wire* is the name in XML and JSON; other spellings
are read, too. An attribute is

- *needed*: a create without it is refused before a request is spent;
- *always sent*: its element stands in every write, empty if need be;
- *read only*: never written;
- *secret*: in no repr, log, error, journal or export.
"""


def records_page() -> str:
    """Return the page about all records with their fields, family by family."""
    lines = [RECORDS_HEAD]
    kinds = [kind for kind in classes(models) if kind is not Record]
    for place in sorted({kind.__module__ for kind in kinds}):
        name = place.rpartition(".")[2]
        lines += [f"## {FAMILIES.get(name, name.replace('_', ' ').capitalize())}", ""]
        lines += [inspect.getdoc(import_module(place)) or "", ""]
        for kind in kinds:
            if kind.__module__ == place:
                lines += record_section(kind)
    return "\n".join(lines)


def record_section(kind: type) -> Iterator[str]:
    """Yield the lines about a record: what it is, and its attributes as a table; of an enumeration its values."""
    text, _, about = (inspect.getdoc(kind) or "").partition("Attributes:\n")
    yield from (f"### {kind.__name__}", "", text.strip(), "")
    if not issubclass(kind, Record):
        yield from ("Values: " + ", ".join(f"`{each.value}`" for each in cast("type[Enum]", kind)), "")
        return
    said = dict(_entries(about))
    yield from ("| attribute | on the wire | type | |", "|---|---|---|---|")
    for attribute, fact in fields_of(kind):
        name, how = attribute.name, ", ".join(_marks(fact))
        words = " ".join(filter(None, [f"*{how}*." if how else "", said.get(name, "")])).replace("|", "\\|")
        yield f"| `{name}` | `{fact.name}` | {_type(attribute.type)} | {words} |"
    yield ""


def _marks(fact: Wire) -> Iterator[str]:
    if fact.required:
        yield "Needed"
    if fact.mandatory:
        yield "Always sent"
    if fact.read_only:
        yield "Read only"
    if fact.secret:
        yield "Secret"


def _type(kind: Any) -> str:
    """Return the name of a type; that of a record leads to it."""
    if isinstance(kind, type) and not get_args(kind):
        name = kind.__name__
        return f"[{name}](#{name.lower()})" if name in models.__all__ else name
    parts = [each for each in get_args(kind) if each is not type(None)]
    if get_origin(kind) in {list, dict}:
        return f"{get_origin(kind).__name__} of {', '.join(map(_type, parts))}"
    return " or ".join(map(_type, parts))


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
        "[The client](reference/client.md): its constructor, options, retries and pages.",
        "[Limits](reference/limits.md), [errors](reference/errors.md), and [the records](reference/records.md).",
        "[Bulk jobs](reference/bulk.md): their options, and what they say; [more jobs](reference/jobs.md).",
        "[Exports](reference/export.md), and [reports](reference/report.md).",
        "",
        "*Repeatable*: sending it again after a lost answer does no harm, so the client does. *Mails*: it may send",
        "e-mails to people, and `send_message` says whether. *Source*, at the end of a method: where that is known",
        "from; [the facts of the API](api-facts.md#evidence) explain the words.",
        "",
        "| method | request | records | paged | repeatable | mails |",
        "|---|---|---|---|---|---|",
        *(method.row() for method in every),
        "",
        "```{toctree}",
        ":hidden:",
        "",
        *(f"reference/{family}" for family in sorted({method.family for method in every} - {"bulk"})),
        "```",
        "",
    ]
    found = {HERE / "reference.md": "\n".join(table)}
    others = {
        "client": client_page(),
        "limits": module_page("Limits", limits),
        "errors": module_page("Errors", errors),
        "jobs": module_page("More jobs", jobs),
        "export": module_page("Exports", export),
        "report": module_page("Reports", report),
        "records": records_page(),
    }
    found |= {HERE / "reference" / f"{name}.md": linked(text, name) for name, text in others.items()}
    for family in sorted({method.family for method in every}):
        lines = [f"# litmos.{family}", "", documented(type(getattr(client, family))), ""]
        for method in every:
            if method.family == family:
                lines += [
                    f"## {method.name}",
                    "",
                    f"```python\nlitmos.{method.id}{method.signature}\n```",
                    "",
                    documented(method.function),
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
