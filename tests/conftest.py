"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# An example may take as long as the machine needs for it, and so may thinking one up.
settings.register_profile(
    "patient", settings(settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
)
settings.load_profile("patient")
