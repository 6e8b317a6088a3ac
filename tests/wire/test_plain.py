"""Answers as plain data, for `client.request`."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.errors import LitmosError
from litmos_async.wire import codec
from litmos_async.wire.verdict import Reply
from tests.support.showing import tell_all


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        (b"", None),
        (b" \r\n", None),
        (b'{"Tokens": {"Token": {"Id": 1}}}', {"Tokens": {"Token": {"Id": 1}}}),
        (b"<User><Id>u1</Id><Name>Ada</Name></User>", {"Id": "u1", "Name": "Ada"}),
        # A single record in the root of its list is that record (api-facts 10); a single text is a field.
        (b"<Tokens><Token><Id>t1</Id></Token></Tokens>", {"Id": "t1"}),
        (
            b"<Tokens><Token><Id>t1</Id></Token><Token><Id>t2</Id></Token></Tokens>",
            [{"Id": "t1"}, {"Id": "t2"}],
        ),
        (b"<Tokens><Token>t1</Token></Tokens>", {"Token": "t1"}),
        (b"<Team><Id>1</Id></Team>", {"Id": "1"}),
    ],
)
def test_plain_data(body: bytes, plain: Any) -> None:
    """Whatever is inside stays as it was written."""
    assert codec.decode_plain(Reply(200, body=body)) == plain


async def test_a_secret_in_plain_data_that_the_server_quotes_is_not_shown() -> None:
    """By the name that it has on the wire, at any depth, whatever its case."""
    password, key = "marker-password", "marker-login-key"

    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400, text=f"refused: {request.content.decode()}")

    transport = httpx.MockTransport(refuse)
    body = [{"UserName": "ada", "Password": password, "More": {"LOGINKEY": key}}]
    async with LitmosClient("k", "t", base_url="https://litmos.example.com", transport=transport) as litmos:
        with pytest.raises(LitmosError, match="ada") as caught:
            await litmos.request("POST", "/users/bulk", body=body)
    assert password not in tell_all(caught.value)
    assert key not in tell_all(caught.value)
