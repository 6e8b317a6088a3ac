"""Prints the structure of a package: its rooms (files or folders directly below it), lines, and import arrows.

    python docs/structure.py bulk sandbox

An arrow counts once for each pair of rooms, imports for typing included.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from attrs import frozen

PACKAGE = Path(__file__).resolve().parent.parent / "litmos_async"


@frozen
class Structure:
    """A package as its imports draw it.

    Attributes:
        flat: How many modules stand directly in it, `__init__` included.
        rooms: Lines of each room.
        arrows: Pairs of rooms, of which the first imports the second.
        longest: The longest module, and its lines.
    """

    flat: int
    rooms: dict[str, int]
    arrows: set[tuple[str, str]]
    longest: tuple[str, int]

    @property
    def mutual(self) -> set[tuple[str, str]]:
        """Pairs of rooms that import each other."""
        return {(one, other) for one, other in self.arrows if (other, one) in self.arrows and one < other}


def structure_of(name: str) -> Structure:
    """Return the structure of `litmos_async.<name>`."""
    folder = PACKAGE / name
    modules = sorted(folder.rglob("*.py"))
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules}
    rooms: dict[str, int] = {}
    arrows: set[tuple[str, str]] = set()
    for path in modules:
        room = _room(path.relative_to(folder).parts[0])
        rooms[room] = rooms.get(room, 0) + lines[path]
        for target in _imports(path, f"litmos_async.{name}"):
            if target != room:
                arrows.add((room, target))
    longest = max(modules, key=lambda path: lines[path])
    flat = sum(path.parent == folder for path in modules)
    return Structure(flat, rooms, arrows, (str(longest.relative_to(folder)), lines[longest]))


def _room(part: str) -> str:
    return part.removesuffix(".py")


def _imports(path: Path, package: str) -> set[str]:
    """Return the rooms that a module imports from, by absolute names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith(package):
            continue
        rest = (node.module or "").removeprefix(package).strip(".")
        if rest:
            found.add(rest.split(".", 1)[0])
        else:
            found |= {alias.name for alias in node.names}
    return {name for name in found if _is_module(package, name)}


def _is_module(package: str, name: str) -> bool:
    place = PACKAGE.parent / package.replace(".", "/")
    return (place / f"{name}.py").exists() or (place / name).is_dir()


def main() -> None:
    """Print the structures of the packages named on the command line."""
    for name in sys.argv[1:] or ["bulk", "sandbox"]:
        structure = structure_of(name)
        print(
            f"{name}: {structure.flat} files directly in it, {len(structure.rooms)} rooms, "
            f"{sum(structure.rooms.values())} lines, {len(structure.arrows)} arrows, "
            f"longest {structure.longest[0]} ({structure.longest[1]} lines), "
            f"mutual: {sorted(structure.mutual) or 'none'}"
        )
        for one, other in sorted(structure.arrows):
            print(f"  {one} -> {other}")


if __name__ == "__main__":
    main()
