"""Who may use a Redis, over TLS too, and what must not be told."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import attrs
import pytest
import redis.asyncio
import trustme

from litmos_async.errors import ConfigurationError, LimiterUnavailable
from litmos_async.limits import RateLimit, RedisLimiter, limiter_from_url
from litmos_async.webhooks import RedisSeen
from tests.limits.redis_server import RedisServer
from tests.limits.small import take
from tests.limits.tls_relay import tls_relay
from tests.support.showing import tell_all

USER: Final = "litmos-user"
PASSWORD: Final = "pass-WORD-marker"


async def only_user(server: RedisServer, *rules: str) -> None:
    """Let one user in, with these rules, and nobody else."""
    async with redis.asyncio.Redis.from_url(server.url) as admin:
        await admin.execute_command("ACL", "SETUSER", USER, "on", f">{PASSWORD}", *rules)
        await admin.execute_command("ACL", "SETUSER", "default", "off")


def told(error: BaseException, *more: object) -> str:
    """Return everything that somebody could read."""
    return "".join([*traceback.format_exception(error), *map(repr, more)])


def with_user(url: str, password: str = PASSWORD) -> str:
    """Write user and password into a URL."""
    return url.replace("://", f"://{USER}:{password}@")


async def test_the_least_permissions_are_enough(own_redis_server: RedisServer) -> None:
    """An ACL user with the rules of the docstring may use the limiter."""
    rules = re.findall(r"`(~litmos:\* [^`]*)`", RedisLimiter.__doc__ or "")[0].split()
    await only_user(own_redis_server, *rules)
    limiter = RedisLimiter(with_user(own_redis_server.url), account="one")
    (await limiter.acquire()).answered()
    assert (await limiter.usage()).quota.used == 1
    await limiter.aclose()


@pytest.mark.parametrize(
    ("rules", "password", "message"),
    [
        (["~litmos:*", "+@all"], f"{PASSWORD}-wrong", "user and password"),
        (["~litmos:*", "+ping"], PASSWORD, "EVAL"),
        (["~other:*", "+@all"], PASSWORD, "EVAL"),
    ],
)
async def test_who_is_not_let_in_hears_why_at_once(
    own_redis_server: RedisServer,
    caplog: pytest.LogCaptureFixture,
    rules: list[str],
    password: str,
    message: str,
) -> None:
    """A wrong password or too few permissions is no outage; user and password are never told."""
    await only_user(own_redis_server, *rules)
    with caplog.at_level(logging.DEBUG):
        limiter = RedisLimiter(with_user(own_redis_server.url, password), account="one")
        with pytest.raises(ConfigurationError, match=message) as caught:
            await limiter.acquire()
        await limiter.aclose()
    text = told(caught.value, limiter) + caplog.text
    assert PASSWORD not in text
    assert USER not in text


# TLS


@attrs.frozen
class TlsRedis:
    """A Redis behind a relay that speaks TLS."""

    server: RedisServer
    port: int
    authority: Path  # who vouches for it

    def url(self, host: str = "127.0.0.1", authority: Path | None = None) -> str:
        """Return its address."""
        return f"rediss://{host}:{self.port}/0?ssl_ca_certs={authority or self.authority}"


def write_authority(authority: trustme.CA, path: Path) -> Path:
    """Write the certificate of an authority into a file."""
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
async def tls_redis(own_redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[TlsRedis]:
    """A Redis with a certificate for 127.0.0.1, from an authority of our own."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with tls_relay(own_redis_server.port, context) as port:
        yield TlsRedis(own_redis_server, port, write_authority(authority, tmp_path / "ca.pem"))


async def test_processes_share_a_limit_over_tls(tls_redis: TlsRedis) -> None:
    """With user and password, and a certificate whose authority the URL names."""
    await only_user(tls_redis.server, "~litmos:*", "+@all", "-@admin")
    one, two = (RedisLimiter(with_user(tls_redis.url()), RateLimit(5), account="one") for _ in range(2))
    for limiter in (one, two):
        for lease in await take(limiter, 2):
            lease.answered()
    assert (await two.usage()).quota.used == 4
    for limiter in (one, two):
        await limiter.aclose()


@pytest.mark.costly
@pytest.mark.parametrize("wrong", ["authority", "host", "no TLS"])
async def test_a_redis_that_cannot_prove_who_it_is_gets_no_password(
    tls_redis: TlsRedis, tmp_path: Path, caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    """A certificate of a strange authority, or for another host, or none at all, ends the connection."""
    url = {
        "authority": tls_redis.url(authority=write_authority(trustme.CA(), tmp_path / "strange.pem")),
        "host": tls_redis.url("localhost"),
        "no TLS": tls_redis.url().replace(f":{tls_redis.port}/", f":{tls_redis.server.port}/"),
    }[wrong]
    with caplog.at_level(logging.DEBUG):
        limiter = RedisLimiter(with_user(url), account="one", on_outage="fail")
        with pytest.raises(LimiterUnavailable) as caught:
            await limiter.acquire()
        await limiter.aclose()
    text = told(caught.value, limiter) + caplog.text
    assert PASSWORD not in text
    assert USER not in text
    async with redis.asyncio.Redis.from_url(tls_redis.server.url) as admin:
        assert await admin.acl_log() == []  # nobody tried to log in


# Addresses


async def test_the_address_is_shown_without_user_and_password() -> None:
    """Neither in the representation, nor anywhere in the attributes that a debugger shows."""
    limiter = RedisLimiter(f"rediss://{USER}:{PASSWORD}@redis.example.com:6380/3")
    assert repr(limiter) == "RedisLimiter('rediss://redis.example.com:6380/3')"
    store = limiter._store._store
    for part in (limiter, limiter._store, store, store._here()):
        assert PASSWORD not in repr(part)


@pytest.mark.parametrize(
    "url",
    [
        f"redis://user:{PASSWORD}/x@host:6379",
        f"redis://user:12/{PASSWORD}@host:6379",
        f"redis://host:port-{PASSWORD}",
        f"http://{PASSWORD}@host",
        f"host:6379/{PASSWORD}",
    ],
)
def test_an_address_that_cannot_be_read_is_not_quoted(url: str) -> None:
    """A password with an unquoted slash ends up in the wrong part of the address, so no part is shown."""
    with pytest.raises(ConfigurationError, match="not the address of a Redis") as caught:
        RedisLimiter(url)
    assert PASSWORD not in "".join(traceback.format_exception(caught.value)).replace(url, "")


@pytest.mark.parametrize("answer", ["silent", "gone", "quoted", "garbage"])
async def test_a_redis_that_fails_at_the_log_in_leaves_no_password(answer: str) -> None:
    """Frames of redis-py hold user and password, and an old Redis quotes the words of HELLO."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            words = data.split(b"\r\n")[2::2]
            if answer == "gone":
                break
            if answer == "quoted":
                writer.write(b"-ERR unknown command, with args beginning with: " + b" ".join(words) + b"\r\n")
            elif answer == "garbage":
                writer.write(b"*nonsense\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = with_user(f"redis://127.0.0.1:{port}/0")
    limiter = RedisLimiter(url, account="one", on_outage="fail", timeout=0.2)
    async with server:
        with pytest.raises(LimiterUnavailable) as caught:
            await limiter.acquire()
        await limiter.aclose()
    assert PASSWORD not in tell_all(caught.value)


@pytest.mark.parametrize("option", ["x=y", "max_connections=-1", "protocol=9", "socket_timeout=soon"])
@pytest.mark.parametrize("make", [RedisLimiter, limiter_from_url, RedisSeen])
def test_a_redis_option_that_cannot_work_is_refused(make: Callable[[str], object], option: str) -> None:
    """By our own error, whatever redis-py raises of it, and without what the address holds."""
    with pytest.raises(ConfigurationError) as caught:
        make(with_user(f"redis://127.0.0.1:1/0?{option}"))
    assert PASSWORD not in tell_all(caught.value)
