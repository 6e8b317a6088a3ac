"""What CONTRIBUTING.md says of the dialect, as far as ruff does not check it."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import litmos_async
from tests.support.public_names import MODULES

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = Path(litmos_async.__file__).parent

CONSTANT: Final = re.compile(r"_?[A-Z][A-Z0-9_]+")

FOREIGN: Final = re.compile(
    r"\b(culprits?|crew|hasty|heeds?|strikes|whoever|somebody|nobody)\b|tells? whether"
    r"|what (became|would become) of|is no (id|token|address|encoding|export|workbook)\b"
    r"|(goes|go) on where|can be said several times",
    re.IGNORECASE,
)
"""Words that readers would have to learn first, or that make people of processes."""

DATA: Final = re.compile(r"\w+@example\.com|no id yet")
"""Where one of them is a name, or no judgement of a value."""


def constants(tree: ast.Module) -> Iterator[tuple[int, str, str, str]]:
    """Yield line, name, annotation and value of what a module writes in capitals."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                annotation = ""
            case ast.AnnAssign(target=ast.Name(id=name), annotation=said, value=value):
                annotation = ast.unparse(said)
            case _:
                continue
        if CONSTANT.fullmatch(name):
            yield node.lineno, name, annotation, "" if value is None else ast.unparse(value)


def test_constants_are_final() -> None:
    """Those in capitals; an `Operation` is a constant by its kind."""
    loose = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, name, annotation, value in constants(ast.parse(path.read_text(encoding="utf-8")))
        if not annotation.startswith(("Final", "ClassVar[Final", "TypeAlias", "Operation["))
        and not value.startswith("Operation(")
    ]
    assert loose == []


def test_public_modules_say_what_is_public() -> None:
    """In `__all__`, of which every name is there."""
    assert [
        f"{home}.{name}"
        for home, module in MODULES.items()
        for name in module.__all__
        if not hasattr(module, name)
    ] == []
    silent = [
        str(path.relative_to(ROOT))
        for path in sorted(PACKAGE.glob("*/__init__.py"))
        if "import " in (text := path.read_text(encoding="utf-8")) and "\n__all__ = " not in text
    ]
    assert silent == []


def test_the_words_are_those_of_the_field() -> None:
    """In code, messages, docstrings and pages."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *PACKAGE.rglob("*.py")]
    foreign = [
        f"{path.relative_to(ROOT)}:{number} {found[0]}"
        for path in sorted(pages)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (found := FOREIGN.search(DATA.sub("", line)))
    ]
    assert foreign == []


def test_no_test_module_imports_another() -> None:
    """What several share stands in a module of its own."""
    shared = re.compile(r"^\s*(from|import) tests[\w.]*\.test_\w+", re.MULTILINE)
    assert [
        path.name for path in (ROOT / "tests").rglob("*.py") if shared.search(path.read_text("utf-8"))
    ] == []
    assert shared.search("    from tests.limits.test_sqlite import virtual")


def test_contributors_install_every_extra() -> None:
    """The tests need all of them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = ",".join(sorted(project["optional-dependencies"]))
    assert f'pip install -e ".[{extras}]" --group dev' in (ROOT / "CONTRIBUTING.md").read_text(
        encoding="utf-8"
    )


def test_what_the_rules_are_for_is_found() -> None:
    """A constant without `Final`, and a word that is not ours."""
    made = list(constants(ast.parse("LIMIT = 5\nother = 6\nMOST: Final = 7\n")))
    assert made == [(1, "LIMIT", "", "5"), (3, "MOST", "Final", "7")]
    assert FOREIGN.search("until the culprit stands alone")
    assert FOREIGN.search("What became of the request")
    assert FOREIGN.search("The same command goes on where this one was")
