"""A stand-in for the service, to try things and to test without an account.

It keeps an invented organisation in memory and answers like the recorded service does, down to the quirks:
the quota of 100 requests a minute, the order-sensitive XML reader, ids that are ignored in silence.

```python
sandbox = Sandbox(Tenant.example(users=200))
async with sandbox.serve() as base_url:
    ...  # over HTTP
transport = httpx.ASGITransport(app=sandbox.app)  # or in process, base URL http://127.0.0.1/v1.svc
```

It shares no code with the client: if both used one encoder, its bugs would cancel out.
"""

try:
    from litmos_async.sandbox.app import LoggedRequest, Sandbox, Snapshot
    from litmos_async.sandbox.faults import Fault
    from litmos_async.sandbox.lrs import RecordStore
except ModuleNotFoundError as problem:
    if (problem.name or "").partition(".")[0] != "starlette":
        raise
    raise ModuleNotFoundError(
        'the sandbox needs starlette: pip install "litmos-async[sandbox]"', name=problem.name
    ) from problem
from litmos_async.sandbox.quota import RequestLog
from litmos_async.sandbox.state.people import Mail
from litmos_async.sandbox.state.tenant import Tenant

__all__ = ["Fault", "LoggedRequest", "Mail", "RecordStore", "RequestLog", "Sandbox", "Snapshot", "Tenant"]
