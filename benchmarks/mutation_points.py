"""Where a module can be changed so that a test should notice it: what `benchmarks.mutants` draws from.

Each point replaces one piece of the source by another. Left out is what no test should hold fast: annotations,
decorators, docstrings, the words of messages and logs, and what only a type checker reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Final

from attrs import frozen

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
_LOGS: Final = frozenset({"log", "logger", "_log", "_logger", "warnings"})
_FOR_TYPE_CHECKERS: Final = frozenset({"Literal", "TypeVar", "cast", "TYPE_CHECKING"})


@frozen
class Point:
    """One change of one module.

    Attributes:
        path: The module, from the root of the clone.
        line: Where the piece begins.
        column: The same, in bytes from 0.
        start: Its first byte in the module.
        end: The byte after it.
        was: The piece.
        now: What stands there instead.
        lines: The lines one of which a test must run to notice; None for what any test of the module may notice,
            such as a constant.
    """

    path: str
    line: int
    column: int
    start: int
    end: int
    was: str
    now: str
    lines: range | None

    @property
    def change(self) -> str:
        """The piece and what replaces it, on one line."""
        was, now = (" ".join(text.split()) for text in (self.was, self.now))
        return f"{was} -> {now}"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.change}"

    def applied(self, source: bytes) -> bytes:
        """Return the module with the change."""
        return source[: self.start] + self.now.encode() + source[self.end :]


def points_of(path: str, source: str, *, strings: bool) -> list[Point]:
    """Return all points of a module.

    Args:
        path: The module, from the root of the clone.
        source: Its text.
        strings: Whether strings count, too: in a module whose strings are on the wire.
    """
    finder = _Finder(path, source.encode(), strings=strings)
    finder.visit(ast.parse(source))
    return sorted(finder.found, key=lambda point: (point.start, point.now))


class _Finder(ast.NodeVisitor):
    """Goes through a module, and leaves out what does not count by not visiting it."""

    def __init__(self, path: str, source: bytes, *, strings: bool) -> None:
        self.found: set[Point] = set()
        self._path, self._source, self._strings = path, source, strings
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._functions = 0  # around the node
        self._lines: range | None = None  # of the statement around it, if that is in a function

    def _add(self, node: ast.expr | ast.stmt, now: ast.AST | str) -> None:
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        was = self._source[start:end].decode()
        if isinstance(now, ast.expr):
            now = f"({ast.unparse(now)})"
        elif isinstance(now, ast.AST):
            now = ast.unparse(now)
        self.found.add(Point(self._path, node.lineno, node.col_offset, start, end, was, now, self._lines))

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def visit(self, node: ast.AST) -> None:
        """Visit a node, and know which lines run it."""
        around = self._lines
        if isinstance(node, ast.stmt):
            self._lines = _own_lines(node) if self._functions else None
        elif isinstance(node, ast.arguments):
            self._lines = None
        super().visit(node)
        self._lines = around

    # ------------------------------------------------ expressions

    def visit_Compare(self, node: ast.Compare) -> None:
        for index, operator in enumerate(node.ops):
            if type(operator) in _COMPARISONS:
                ops = [*node.ops]
                ops[index] = _COMPARISONS[type(operator)]()
                self._add(node, ast.Compare(node.left, ops, node.comparators))
            else:  # `in`, `not in`
                self._add(node, ast.UnaryOp(ast.Not(), node))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        self._add(node, ast.BoolOp(other, node.values))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._add(node, node.operand)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in _ARITHMETIC and not (_is_text(node.left) or _is_text(node.right)):
            self._add(node, ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._add(node, str(not value))
        elif isinstance(value, int):
            self._add(node, str(value + 1))
        elif isinstance(value, float):
            self._add(node, repr(value * 1.5 if value else 1.0))
        elif self._strings and isinstance(value, str) and " " not in value:
            self._add(node, repr(value + "X"))
        elif self._strings and isinstance(value, bytes) and b" " not in value:
            self._add(node, repr(value + b"X"))

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def _negate(self, test: ast.expr) -> None:
        """Add the opposite of a condition that has no operator of its own to change."""
        if not isinstance(test, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.Constant):
            self._add(test, ast.UnaryOp(ast.Not(), test))

    def visit_Call(self, node: ast.Call) -> None:
        if _name(node.func) in _FOR_TYPE_CHECKERS:
            self._visit_all(node.args[1:])
        else:
            self.generic_visit(node)

    def visit_keyword(self, node: ast.keyword) -> None:
        """Leave out whether an attribute of our own is also a parameter of `__init__`: nobody passes one."""
        if node.arg != "init":
            self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if _name(node.value) not in _FOR_TYPE_CHECKERS:
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """The words of a message; and Python 3.11 does not say where its parts are."""

    def visit_arg(self, node: ast.arg) -> None:
        """A name and an annotation."""

    # ------------------------------------------------ statements

    def visit_Expr(self, node: ast.Expr) -> None:
        called = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(called, ast.Constant) or _name(called) in _LOGS:
            return
        if isinstance(called, ast.Call) or called is not node.value:
            self._add(node, "pass")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Name) and target.id.startswith("__") for target in node.targets):
            return
        if any(isinstance(target, ast.Attribute | ast.Subscript) for target in node.targets):
            self._add(node, "pass")
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is None or _name(node.annotation) == "TypeAlias":
            return
        if isinstance(node.target, ast.Attribute | ast.Subscript):
            self._add(node, "pass")
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._add(node, "pass")
        if type(node.op) in _ARITHMETIC:
            self._add(node, ast.AugAssign(node.target, _ARITHMETIC[type(node.op)](), node.value))
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is None:
            self._add(node, "pass")
        elif not isinstance(node.value, ast.Constant):
            self._add(node, "return None")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._add(node, "pass")
        if isinstance(node.exc, ast.Call):
            words = (ast.Constant, ast.BinOp, ast.IfExp)
            self._visit_all(each for each in node.exc.args if not isinstance(each, words))
            self._visit_all(node.exc.keywords)

    def visit_Delete(self, node: ast.Delete) -> None:
        self._add(node, "pass")
        self.generic_visit(node)

    def visit_Break(self, node: ast.Break) -> None:
        self._add(node, "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._add(node, "break")

    def visit_If(self, node: ast.If) -> None:
        if _name(node.test) not in _FOR_TYPE_CHECKERS:
            self._negate(node.test)
            self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if any(_name(decorator) == "overload" for decorator in node.decorator_list):
            return
        self.visit(node.args)
        self._functions += 1
        self._visit_all(node.body)
        self._functions -= 1

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(node.body)


def _own_lines(statement: ast.stmt) -> range:
    """Return the lines of a statement without those of its block."""
    block = getattr(statement, "body", None) or getattr(statement, "cases", None)
    if not block:
        return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    first = block[0].pattern if isinstance(block[0], ast.match_case) else block[0]
    return range(statement.lineno, max(first.lineno, statement.lineno + 1))


def _name(node: ast.expr) -> str:
    """Return the first name in `a`, `a.b`, `a.b.c()`."""
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
    )
