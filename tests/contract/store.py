"""A learning record store in the process, and a client of it."""

from __future__ import annotations

import json
from typing import Any

import httpx

from litmos_async import LitmosClient, XapiStore
from litmos_async.models import XapiStatement

ID, OTHER = "01c01e01-b123-4567-b890-01ce011fe1af", "01c01e01-b123-4567-b890-01ce011fe1a0"
PASSWORD = "marker-store-password"
ENDPOINT = "https://lrs.litmos.example/TCAPI/acme/db1/statements"
DID = {
    "actor": {"mbox": "mailto:user@example.com"},
    "verb": {"id": "http://example.com/did"},
    "object": {"id": "x"},
}


def statement(**more: Any) -> XapiStatement:
    """Return a statement."""
    return XapiStatement(extra=dict(DID), **more)


class Store:
    """Keeps what was asked, and answers what it is told to."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return the next answer: a status, or the content of a 200."""
        self.requests.append(request)
        found = self.answers.pop(0)
        return httpx.Response(found) if type(found) is int else httpx.Response(200, content=json.dumps(found))

    def client(self, endpoint: str = ENDPOINT, **options: Any) -> LitmosClient:
        """Return a client whose store this is."""
        return LitmosClient(
            "marker-key",
            "tests",
            transport=httpx.MockTransport(self.answer),
            xapi=XapiStore(endpoint, "name", PASSWORD),
            **options,
        )
