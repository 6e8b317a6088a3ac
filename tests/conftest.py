"""What holds for all tests."""

from __future__ import annotations

import os
from importlib.util import find_spec

from hypothesis import HealthCheck, settings

# What takes a browser, or a library of an example, has a session of its own, and is no part of `nox -s tests`.
collect_ignore = [
    *([] if "LITMOS_BROWSER" in os.environ else ["browser"]),
    *([] if find_spec("dlt") else ["examples/test_dlt_source.py"]),
]

# An example may take as long as the machine needs for it, and so may thinking one up.
settings.register_profile(
    "patient", settings(settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
)
settings.load_profile("patient")
