"""What holds for all tests."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import amounts, jitter

# What takes a browser, or a library of an example, has a session of its own, and is no part of `nox -s tests`.
collect_ignore = [
    *([] if "LITMOS_BROWSER" in os.environ else ["browser"]),
    *([] if find_spec("dlt") else ["examples/test_dlt_source.py"]),
]

# A journal waits at every write until the disk has it, and no kill of a process can tell a disk from memory:
# where a file system in memory has room, the folders of the tests are there.
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2 << 30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# A hundred authorities that the machine names would be read anew by each client, and prove nothing; and options for
# this run are not meant for one that a test starts.
for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "PYTEST_ADDOPTS"):
    os.environ.pop(name, None)

# A run in the background ignores Ctrl-C, and so would every process that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# An example may take as long as the machine needs for it, and so may thinking one up.
settings.register_profile(
    "patient", settings(settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
)
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take `--in-part` and `--jitter`."""
    parser.addoption("--in-part", action="store_true", help="try a part of what tests could: see amounts.py")
    parser.addoption("--jitter", choices=list(jitter.ENDS), help="draw no waits by chance: see jitter.py")


def pytest_configure(config: pytest.Config) -> None:
    """Let tests try a part of what they could, and leave nothing to chance, where that is asked for."""
    if end := config.getoption("jitter"):
        jitter.pin(end)
    amounts.choose(in_part=config.getoption("in_part"))
    # So do properties that say nothing of how many examples they take.
    examples = amounts.amount(settings.default.max_examples, quick=30)
    settings.register_profile("so many", settings(settings.default, max_examples=examples))
    settings.load_profile("so many")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what is slow, so that no process works on it alone while the others have nothing left."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Keep what is imported and collected out of the collector's rounds: it stays to the end."""
    gc.collect()
    gc.freeze()
