"""The probe: at most 60 reading requests, and a report without a value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from litmos_async import LitmosClient, errors
from litmos_async.resources.operations import operations
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import MOST_REQUESTS, probe, run_virtual
from litmos_async.transport import mounted


def report(sandbox: Sandbox, **options: Any) -> dict[str, Any]:
    """Probe a sandbox."""

    async def main() -> dict[str, Any]:
        base_url = "http://127.0.0.1/v1.svc"
        async with LitmosClient(
            "sandbox-key", "x", base_url=base_url, transport=mounted(sandbox.app)
        ) as litmos:
            return await probe(litmos, **options)

    return run_virtual(main())


def values_in(plain: Any) -> set[str]:
    """Return all texts and large numbers of an organisation."""
    if isinstance(plain, dict):
        return set().union(*map(values_in, plain.values()))
    if isinstance(plain, list | tuple):
        return set().union(*map(values_in, plain))
    text = str(plain)
    return {text} if len(text) > 6 else set()


def test_it_reads_and_tells_no_value() -> None:
    """Each reading operation is in the report, with its fields and without what they hold."""
    sandbox = Sandbox(Tenant.example(users=20))
    found = report(sandbox)
    assert len(sandbox.requests) == found["requests"] == MOST_REQUESTS
    assert {request.method for request in sandbox.requests} == {"GET"}
    reading = {
        each.id for each in operations().values() if each.method == "GET" and each.path.startswith("/")
    }
    assert found["operations"].keys() == reading
    fields = found["operations"]["users.get"]["fields"]
    assert fields["UserName"] == {"types": ["text"], "known": True}
    assert fields["OriginalId"] == {"types": ["number"], "known": True}
    text = json.dumps(found)
    held = values_in([list(sandbox.tenant.users.values()), list(sandbox.tenant.courses.values())])
    assert not [value for value in held - {"Learner", "Default"} if f'"{value}"' in text]


def test_a_field_that_nothing_knows() -> None:
    """It is in the report as unknown; a name that only the account has is not in it."""
    sandbox = Sandbox(Tenant.example(users=3))
    body = (
        '[{"Id": "u1", "ShinyNewField": 1, "Our Secret Field": "x", "Created": "/Date(1700000000000+0000)/", '
        '"Active": "True", "Brand": " ", "Teams": [], "Odd": "12.5"}, 7]'
    )
    sandbox.faults.add(Fault(path="/users", body=body, after=True))
    found = report(sandbox)
    fields = found["operations"]["users.list"]["fields"]
    assert fields["ShinyNewField"] == {"types": ["number"], "known": False}
    assert fields["(a name of the account)"]["types"] == ["text"]
    assert fields["Created"]["types"] == ["date as /Date(9+9)/"]
    types = {name: fields[name]["types"] for name in ("Active", "Brand", "Teams", "Odd")}
    assert types == {
        "Active": ["boolean as text"],
        "Brand": ["empty text"],
        "Teams": ["empty list"],
        "Odd": ["number as text"],
    }
    assert "Secret" not in json.dumps(found)


def test_refused_calls_are_counted_and_said() -> None:
    """A module that an account does not have is a line of the report, and costs one request."""
    sandbox = Sandbox(Tenant.example(users=3))
    sandbox.faults.add(Fault(path="/tokens", status=403))
    sandbox.faults.add(Fault(path="/locations", drop=True))
    found = report(sandbox, most_requests=20)
    assert len(sandbox.requests) == found["requests"] == 20
    assert found["operations"]["tokens.list"] == {"result": "Forbidden", "status": 403}
    assert found["operations"]["locations.list"] == {"result": "NetworkError"}


@pytest.mark.parametrize("most", [0, 61, -1])
def test_how_many(most: int) -> None:
    """60 at most."""
    with pytest.raises(errors.ConfigurationError, match="1 to 60"):
        report(Sandbox(), most_requests=most)


def test_a_key_that_does_not_work() -> None:
    """Nothing more is asked."""
    sandbox = Sandbox(api_key="another")
    with pytest.raises(errors.Unauthorized):
        report(sandbox)
    assert len(sandbox.requests) == 1
