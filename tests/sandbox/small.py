"""Known ids, and a plain HTTP client: the client under test stays outside."""

from __future__ import annotations

import functools
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import httpx

from litmos_async.sandbox import Sandbox
from litmos_async.testing import run_virtual

NOW = datetime(2024, 7, 9, 11, 2, 3, 643_999, tzinfo=UTC)
ADA, BEN = "hQ7rBz0Kc-3TtWm5LpXeYA2", "Zk_41nVdRfUoEJ8sHgPq2w2"
SALES, NORTH = "uJ2hXe9-GaF1", "Nc7QwRt5ZoK1"
SAFETY, WELCOME = "r4TnWq8zBcE1", "Yp0_kLs6VdM1"
ONBOARDING = "sD3mVb_8HyU1"
FIRE_DRILL = "Kx5eTf2cLqR1"
LOGIN_KEY = "https://acme.example.com/login.aspx?loginkey=00000000-0000-4000-8000-000000000001"


class Client:
    """Sends requests to the sandbox with key and source, and reads what comes back."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def send(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """Send JSON, or XML if the body is text, and take the answer whatever it is."""
        wire = "text/xml" if isinstance(body, str) else "application/json"
        content = body if isinstance(body, str) else None if body is None else json.dumps(body)
        params = {"source": "tests", "format": "xml" if isinstance(body, str) else "json"} | query
        headers = {"content-type": wire} if content is not None else {}
        return await self.http.request(method, path, content=content, params=params, headers=headers)

    async def json(self, path: str, **query: Any) -> Any:
        """GET JSON."""
        response = await self.send("GET", path, **query)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        return response.json()

    async def xml(self, path: str, **query: Any) -> ET.Element:
        """GET XML."""
        response = await self.send("GET", path, format="xml", **query)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == "application/xml; charset=utf-8"
        return ET.fromstring(response.content)

    async def status(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
        """Return the status, and the reason where there is one."""
        response = await self.send(method, path, body, **query)
        text = response.text
        return response.status_code, json.loads(text)["Detail"] if text.startswith('{"Detail"') else text


@asynccontextmanager
async def reach(sandbox: Sandbox) -> AsyncGenerator[Client]:
    """Give a client that reaches the sandbox in process, with the right key."""
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://127.0.0.1/v1.svc",
        headers={"apikey": "sandbox-key"},
        timeout=None,
    ) as http:
        yield Client(http)


def on_a_virtual_clock(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on a loop whose clock jumps, so that waiting costs nothing."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        run_virtual(test(*args, **kwargs))

    return run
