"""Clients that go over the network, and the variables that say how."""

from __future__ import annotations

from litmos_async import LitmosClient, RetryPolicy

VARIABLES = (
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSLKEYLOGFILE",
    "REQUEST_METHOD",
)


def client(base_url: str = "https://litmos.example.com/v1.svc") -> LitmosClient:
    """Return a client of an address that is reached over the network, if at all."""
    return LitmosClient("the-key", "tests", base_url=base_url, retry=RetryPolicy(max_attempts=1), timeout=5.0)
