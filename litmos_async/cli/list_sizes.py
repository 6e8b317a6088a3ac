"""How many ids one request takes, as jobs have learned it: kept in the user's state folder for later commands."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from litmos_async import LitmosClient
from litmos_async.profiles import state_folder

__all__ = ["recall", "remember"]

_NAME: Final = "list-sizes.json"
_MOST: Final = 20
"""Services that are remembered: a port of a test server is one of its own."""


def recall(litmos: LitmosClient) -> None:
    """Tell a client what earlier commands have learned of its service. A file that makes no sense says nothing."""
    litmos.bulk.list_sizes.learn(json.dumps(_read().get(litmos.base_url, {})))


def remember(litmos: LitmosClient) -> None:
    """Keep what a client knows for later commands. Where that cannot be written, they learn it anew."""
    known, learned = _read(), json.loads(litmos.bulk.list_sizes.to_json())
    if not learned or known.get(litmos.base_url) == learned:
        return
    known.pop(litmos.base_url, None)
    kept = dict([*known.items(), (litmos.base_url, learned)][-_MOST:])
    path = _path()
    temporary = path.with_name(f".{_NAME}.{os.getpid()}.part")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(kept, indent=2), "utf-8")
        temporary.replace(path)


def _path() -> Path:
    return state_folder(os.environ) / _NAME


def _read() -> dict[str, Any]:
    try:
        known = json.loads(_path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
