"""What needs an extra says which one where it is missing, and hides no other error."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import pytest

EXTRAS = [("litmos_async.telemetry", "opentelemetry", "otel"), ("litmos_async.mcp", "mcp", "mcp")]


def _unload(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let modules be imported anew, and put them back afterwards."""
    for name in names:
        for loaded in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
            monkeypatch.delitem(sys.modules, loaded)


@pytest.mark.parametrize(("module", "package", "extra"), EXTRAS)
def test_an_extra_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, module: str, package: str, extra: str
) -> None:
    """The line to install it is in the error."""
    _unload(monkeypatch, module, package)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModuleNotFoundError, match=rf'pip install "litmos-async\[{extra}\]"'):
        importlib.import_module(module)


@pytest.mark.parametrize(("module", "package", "extra"), EXTRAS)
def test_an_extra_that_is_damaged(
    monkeypatch: pytest.MonkeyPatch, module: str, package: str, extra: str
) -> None:
    """Where the extra is there and what it needs is not, installing it again would not help: nobody says so."""

    class Damaged(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise ModuleNotFoundError("No module named 'needed'", name="needed")

    _unload(monkeypatch, module, package)
    monkeypatch.setitem(sys.modules, package, Damaged(package))
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module(module)
    assert caught.value.name == "needed"
    assert extra not in str(caught.value)
