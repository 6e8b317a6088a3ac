"""Any environment and any address make a client, or end in one typed error."""

from __future__ import annotations

import asyncio
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmos_async import LitmosClient, errors
from tests.support.amounts import amount
from tests.wire.ways import VARIABLES, client

WORDS = st.sampled_from(
    [
        "http://",
        "https://",
        "socks5://",
        "socks4://",
        "://",
        ":",
        "@",
        "/",
        "[",
        "]",
        "%",
        "%00",
        "#",
        "?",
        "\\",
        " ",
        "127.0.0.1",
        "::1",
        "proxy.example.com",
        "xn--a",
        "xn--",
        "ü",
        "\udcff",
        "3128",
        "0",
        "99999999",
        "user",
        "..",
        "*",
        ",",
        "10.0.0.0/8",
        "/nowhere",
        "/dev/null",
        "/",
        "/etc",
        "a" * 300,
        "\u2028",
        "\n",
        "\x1b[31m",
    ]
)


VALUES = st.lists(WORDS, max_size=7).map("".join) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20
)


ADDRESSES = st.sampled_from(
    ["https://litmos.example.com", "https://10.1.2.3:8443/v1.svc", "http://127.0.0.1:9", "http://[::1]:9"]
)


@settings(max_examples=amount(150, quick=40))
@given(st.dictionaries(st.sampled_from(VARIABLES), VALUES, min_size=1, max_size=3), ADDRESSES)
def test_any_environment(environment: dict[str, str], base_url: str) -> None:
    """Whatever the environment holds, a client is made or a `ConfigurationError` says in one line why not."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            # OpenSSL makes the file that SSLKEYLOGFILE names: none outside of the folder of the test.
            elsewhere = name == "SSLKEYLOGFILE" and value.startswith("/") and value != "/dev/null"
            patch.setenv(name, f"/nowhere/{value}" if elsewhere else value)
        try:
            client(base_url)
        except errors.ConfigurationError as problem:
            text = "".join(traceback.format_exception_only(problem)).strip()
            assert len(text.splitlines()) == 1, text
            assert any(name in text for name in environment), text


BASES = st.lists(
    st.sampled_from(
        [
            "https://",
            "http://",
            "litmos.example.com",
            "127.0.0.1",
            "localhost",
            "[::1]",
            "xn--a",
            "xn--",
            "ü",
            "ß",
            "\ud800",
            "\udcff",
            ":",
            ":0",
            ":443",
            ":99999",
            ":x",
            "/",
            "/v1.svc",
            "..",
            "@",
            "?",
            "#",
            "%",
            "%zz",
            "\\",
            " ",
            "\n",
            "\0",
            "a" * 64,
            "." * 3,
            "\u2028",
            "\u200b",
            "[",
            "]",
            "[v1.x]",
            "1.2.3",
            "٣",
        ]
    ),
    max_size=6,
).map("".join)


@settings(max_examples=amount(300, quick=75))
@given(BASES | st.text(max_size=20).map("https://".__add__))
def test_any_address(base_url: str) -> None:
    """Whatever stands in `base_url`: a client that can make requests, or a `ConfigurationError`."""

    async def main(litmos: LitmosClient) -> None:
        await litmos._sender._pools.here()
        litmos._sender._http.build_request(
            "GET", f"{litmos._sender.base_url}/users?source=t"
        ).url.host.encode("idna")
        await litmos.aclose()

    try:
        litmos = client(base_url)
    except errors.ConfigurationError:
        return
    asyncio.run(main(litmos))
