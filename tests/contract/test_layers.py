"""Imports run one way, importing is quick, and the public names are what they say."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

import litmos_async

PACKAGE = Path(litmos_async.__file__).parent

LAYERS = [
    {"version", "errors", "obstacle", "redaction", "wording"},
    {"checks", "iteration"},
    {"models", "limits", "names", "environment", "csv_line"},
    {"wire", "retry", "marks", "tokens", "retyped"},
    {"events"},
    {"hooks"},
    {"config", "reader", "attempt", "loops"},
    {"ahead", "trees"},
    {"profiles", "transport", "paging", "upcoming", "xapi_store"},
    {"resources"},
    {"bulk", "export", "report"},
    {"jobs"},
    {"client"},
    {"sync", "webhooks", "testing", "telemetry", "event_log"},
]
"""From the bottom to the top: a module imports from layers below its own, or from its own folder."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

PUBLIC_ONLY = {
    "cli": {
        "litmos_async",
        "litmos_async.bulk",
        "litmos_async.errors",
        "litmos_async.export",
        "litmos_async.jobs",
        "litmos_async.mcp",
        "litmos_async.profiles",
        "litmos_async.names",
        "litmos_async.report",
        "litmos_async.retyped",
        "litmos_async.sandbox",
        "litmos_async.testing",
        "litmos_async.wording",
    },
    "mcp": {
        "litmos_async",
        "litmos_async.bulk",
        "litmos_async.errors",
        "litmos_async.limits",
        "litmos_async.models",
        "litmos_async.report",
    },
    "pytest_plugin": {
        "litmos_async",
        "litmos_async.sandbox",
        "litmos_async.testing",
        "litmos_async.testing.clock",
        "litmos_async.transport",
    },
    "sandbox": set(),
}
"""Rooms that stand outside, and what they may import besides themselves."""


MOST_FLAT, MOST_ARROWS, LONGEST = 16, 60, 480
"""Files directly in a package, arrows between its rooms, and lines of a file, at most."""


def modules() -> list[Path]:
    """Return all modules of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def imports_of(module: Path) -> set[str]:
    """Return the absolute names of what a module imports, `from x import y` as `x`."""
    package = ["litmos_async", *module.relative_to(PACKAGE).parts[:-1]]
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            found.add(".".join([*base, *((node.module or "").split(".") if node.module else [])]))
    return found


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downward(module: Path) -> None:
    """No module imports from a layer above its own."""
    room = module.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for name in imports_of(module):
        if not name.startswith("litmos_async"):
            continue
        target = name.split(".")[1] if "." in name else "litmos_async"
        if room in {target, "__init__"}:
            continue
        if room in PUBLIC_ONLY:
            assert name in PUBLIC_ONLY[room], f"{module} imports {name}"
        else:
            assert LEVEL.get(target, 99) < LEVEL[room], f"{module} imports {name}"


def test_only_the_transport_knows_httpx() -> None:
    """One module imports httpx, and no other."""
    assert [path.name for path in modules() if "httpx" in imports_of(path)] == ["transport.py"]


def test_the_public_names() -> None:
    """Every public name exists, once, and a new one has to be added on purpose."""
    names = litmos_async.__all__
    assert len(names) == len(set(names))
    assert all(hasattr(litmos_async, name) for name in names)
    assert set(dir(litmos_async)) == set(names)
    assert all(hasattr(litmos_async.models, name) for name in dir(litmos_async.models))
    for module in (litmos_async, litmos_async.models):
        assert not hasattr(module, "NoSuchName")


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a new process has after a statement, and did not have before it."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_is_quick_and_brings_no_extra() -> None:
    """A name is loaded when it is first used; no extra comes along, nor what stands on public names only."""
    loaded = loaded_by("import litmos_async")
    own = {name for name in loaded if name.startswith("litmos_async")}
    assert own == {"litmos_async", "litmos_async.errors", "litmos_async.models", "litmos_async.version"}
    assert not {"httpx", "lxml", "attrs", "cattrs", "sqlite3"} & loaded
    # Not rich: httpx takes it along where it is installed.
    extras = {"cyclopts", "starlette", "uvicorn", "redis", "litmos_async.cli", "litmos_async.sandbox"}
    assert not extras & loaded_by("from litmos_async import LitmosClient; LitmosClient('key', 'source')")
    # Nobody answers while a receiver starts.
    assert "litmos_async.client" not in loaded_by("import litmos_async.webhooks")


def structures() -> ModuleType:
    """Return the script that prints the structure of a package."""
    spec = spec_from_file_location("structure", PACKAGE.parent / "docs" / "structure.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    # attrs looks a class up in its module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_no_file_is_long() -> None:
    """One that grows further is two."""
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: number for name, number in lines.items() if number > LONGEST} == {}


@pytest.mark.parametrize("package", ["bulk", "sandbox"])
def test_the_rooms_of_a_package(package: str) -> None:
    """Few files in one place, few arrows between rooms, and no two rooms that import each other."""
    found = structures().structure_of(package)
    assert found.flat <= MOST_FLAT
    assert len(found.arrows) <= MOST_ARROWS
    assert found.mutual == set()
    assert len(found.rooms) > 5
    assert len(found.arrows) > 10
    # The script sees absolute imports, and these packages have no others.
    for module in (PACKAGE / package).rglob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        assert not [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom) and each.level]
