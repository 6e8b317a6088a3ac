"""The network transport itself, with respx in place of the wire: what users of the library mock in their tests."""

from __future__ import annotations

import httpx
import pytest
import respx

from litmos_async import LitmosClient, RetryPolicy, errors

BASE = "https://api.litmoseu.com/v1.svc"


@pytest.fixture
def wire(respx_mock: respx.MockRouter, monkeypatch: pytest.MonkeyPatch) -> respx.MockRouter:
    """Replace the network, whatever proxies the machine is set up with."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return respx_mock


async def test_a_call_through_the_network_transport(wire: respx.MockRouter) -> None:
    """A client without a transport of its own goes to its region's address, with key and source."""
    route = wire.get(f"{BASE}/users/u1").respond(json={"Id": "u1"})
    async with LitmosClient("the-key", "tests", region="eu") as litmos:
        assert (await litmos.users.get("u1")).id == "u1"
    request = route.calls.last.request
    assert request.headers["apikey"] == "the-key"
    assert request.url.params["source"] == "tests"


async def test_a_refusal_is_tried_again(wire: respx.MockRouter) -> None:
    """A 503 is tried again when its Retry-After is over."""
    route = wire.post(f"{BASE}/teams/t1/users")
    route.side_effect = [httpx.Response(503, headers={"Retry-After": "0"}), httpx.Response(201)]
    async with LitmosClient("k", "tests", region="eu") as litmos:
        await litmos.teams.add_users("t1", ["u1", "u2"])
        assert litmos.quota.rejected == 1
    assert route.calls.last.request.content == b'[{"Id":"u1"},{"Id":"u2"}]'


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(httpx.ConnectError, errors.ConnectError), (httpx.ReadTimeout, errors.RequestTimeout)],
)
async def test_faults_of_the_network(
    wire: respx.MockRouter, fault: type[Exception], kind: type[errors.NetworkError]
) -> None:
    """Faults of httpx become errors of this library, with the cause attached."""
    wire.get(f"{BASE}/users/u1").mock(side_effect=fault)
    async with LitmosClient("k", "tests", region="eu", retry=RetryPolicy(max_attempts=1)) as litmos:
        with pytest.raises(kind) as caught:
            await litmos.users.get("u1")
    assert isinstance(caught.value.__cause__, fault)


async def test_a_proxy_from_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine behind a proxy reaches the API through it; loopback addresses are reached directly."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    async with LitmosClient("k", "tests", region="eu", retry=RetryPolicy(max_attempts=1)) as litmos:
        with pytest.raises(errors.ConnectError):
            await litmos.users.get("u1")
        pool = litmos._sender._http._transport._inner._pool
        assert type(pool).__name__ == "AsyncHTTPProxy"
    async with LitmosClient(
        "k", "tests", base_url="http://127.0.0.1:9", retry=RetryPolicy(max_attempts=1)
    ) as litmos:
        assert type(litmos._sender._http._transport._inner._pool).__name__ == "AsyncConnectionPool"
