"""What holds for all tests."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from hypothesis import HealthCheck, settings

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

# An example may take as long as the machine needs for it, and so may thinking one up.
settings.register_profile(
    "patient", settings(settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
)
settings.load_profile("patient")
