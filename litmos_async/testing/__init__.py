"""What tests of programs that use this library need. It needs no pytest; the fixtures are in a plugin of their own.

- `run_virtual(...)`, `Clock` and `VirtualLoop`: hours in milliseconds;
- `recorded(...)` and `replayed(...)`: what a real account answers, without secrets and names, and again without it;
- `probe(...)`: which fields an account's answers have, and nothing of what they hold.

A stand-in for the service is `litmos_async.sandbox`.
"""

from litmos_async.testing.clock import Clock, VirtualLoop, run_virtual
from litmos_async.testing.probing import MOST_REQUESTS, probe
from litmos_async.testing.recording import recorded, replayed

__all__ = [
    "MOST_REQUESTS",
    "Clock",
    "VirtualLoop",
    "probe",
    "recorded",
    "replayed",
    "run_virtual",
]
