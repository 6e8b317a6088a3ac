"""Fixtures of the tests of the wire."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wire.ways import VARIABLES


@pytest.fixture(autouse=True)
def _without_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start from an environment without any of the variables, in a folder where files may be made.

    OpenSSL makes the file that SSLKEYLOGFILE names, and a relative name is one in the current folder.
    """
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
