"""The Redis that the tests of the limiters use, and both kinds of spools."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litmos_async.webhooks import MemorySpool, SqliteSpool
from tests.limits.conftest import redis_program, redis_server, redis_server_of

__all__ = ["make_spool", "redis_program", "redis_server", "redis_server_of"]


@pytest.fixture(params=["memory", "sqlite"])
def make_spool(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Any]:
    """Return what makes a spool of each kind."""
    return MemorySpool if request.param == "memory" else lambda **most: SqliteSpool(tmp_path / "w.db", **most)
