"""The plugin of pytest: fixtures for programs that use this library. It is loaded where the package is installed.

```python
@pytest.mark.litmos(users=200, requests=20, faults=[Fault(status=503, nth=3)])
async def test_the_nightly_job(litmos, litmos_sandbox, litmos_clock):
    await nightly_job(litmos)
    assert litmos_sandbox.quota.rejections == [litmos_clock.now]
```
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from litmos_async import LitmosClient
    from litmos_async.sandbox import Sandbox
    from litmos_async.testing import Clock

# Imports of the library stand inside the fixtures: pytest loads this module in every run, also of other programs.

_MARKER: Final = "litmos"
_CLOCK: Final = "litmos_clock"
_SIZES: Final = ("users", "courses", "teams", "learning_paths", "seed")
_LIMIT: Final = ("requests", "period")

KEY: Final = "sandbox-key"
BASE_URL: Final = "http://127.0.0.1/v1.svc"


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker."""
    config.addinivalue_line(
        "markers",
        "litmos(users, courses, teams, learning_paths, seed, requests, period, faults): the size of "
        "litmos_sandbox, its limit, and the faults that wait in it",
    )


@pytest.fixture
def litmos_sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """A stand-in for the service, new for each test; the marker `litmos` says how large, and what goes wrong."""
    from litmos_async.sandbox import Sandbox, Tenant  # noqa: PLC0415

    said = _said(request)
    faults = said.pop("faults", ())
    limit = {name: said.pop(name) for name in _LIMIT if name in said}
    sandbox = Sandbox(Tenant.example(**said), **limit)
    for fault in faults:
        sandbox.faults.add(fault)
    return sandbox


@pytest.fixture
def litmos(litmos_sandbox: Sandbox) -> LitmosClient:
    """A client of `litmos_sandbox`, in process and with the limit of that. It holds nothing that needs closing."""
    from litmos_async import LitmosClient, MemoryLimiter, RateLimit  # noqa: PLC0415
    from litmos_async.transport import mounted  # noqa: PLC0415

    quota = litmos_sandbox.quota
    rate = RateLimit(requests=quota.requests, period=quota.period, burst=quota.requests)
    return LitmosClient(
        KEY, "tests", base_url=BASE_URL, limiter=MemoryLimiter(rate), transport=mounted(litmos_sandbox.app)
    )


@pytest.fixture
def litmos_clock() -> Iterator[Clock]:
    """A clock that costs no time: an `async` test that uses it runs on it; others say `litmos_clock.run(...)`."""
    from litmos_async.testing.clock import Clock  # noqa: PLC0415

    clock = Clock()
    yield clock
    clock.close()


def _said(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return what the markers say; the one that is nearest to the test goes before."""
    said: dict[str, Any] = {}
    for marker in reversed(list(request.node.iter_markers(_MARKER))):
        unknown = sorted(marker.kwargs.keys() - {*_SIZES, *_LIMIT, "faults"})
        if marker.args or unknown:
            what = "what has no name" if marker.args else ", ".join(unknown)
            raise pytest.UsageError(f"the marker litmos does not take {what}")
        said |= marker.kwargs
    return said


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_pycollect_makeitem() -> Generator[None, object, object]:
    """Let coroutines that use the clock run on it, before plugins for asyncio take them for theirs."""
    made = yield
    for item in made if isinstance(made, list) else [made]:
        if isinstance(item, pytest.Function) and _CLOCK in item.fixturenames:
            function = item.obj
            if inspect.iscoroutinefunction(function):
                item.obj = _on_clock(item, function)
    return made


def _on_clock(item: pytest.Function, function: Callable[..., Any]) -> Callable[..., None]:
    @wraps(function)
    def run(**arguments: Any) -> None:
        clock: Any = item.funcargs[_CLOCK]
        clock.run(function(**arguments))

    return run
