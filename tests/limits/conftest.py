"""Real Redis servers on free loopback ports, and limiters over each of the three stores."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.limits.redis_cluster import RedisCluster
from tests.limits.redis_server import NO_REDIS, PROGRAMS, RedisServer
from tests.limits.small import Office

REDIS: Final = list(PROGRAMS) or [pytest.param("redis", marks=pytest.mark.skip(reason=NO_REDIS))]
"""The parameters of what needs a Redis: their names hold `redis`."""


@pytest.fixture(scope="session", params=REDIS)
def redis_program(request: pytest.FixtureRequest) -> str:
    """The name of a server program, each in turn."""
    return request.param


@pytest.fixture(scope="session")
def redis_server_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], RedisServer]]:
    """Returns the server of a program, started at its first use. It keeps nothing on disk."""
    with ExitStack() as stack:

        @cache
        def server_of(program: str) -> RedisServer:
            return stack.enter_context(RedisServer(tmp_path_factory.mktemp("redis"), program=program))

        yield server_of


@pytest.fixture(scope="session")
def redis_server(redis_program: str, redis_server_of: Callable[[str], RedisServer]) -> RedisServer:
    """A Redis of this test session."""
    return redis_server_of(redis_program)


@pytest.fixture
def own_redis_server(redis_program: str, tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that a test may stop and start."""
    with RedisServer(tmp_path, program=redis_program) as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster(redis_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """A Redis Cluster of this test session, without replicas."""
    with RedisCluster(tmp_path_factory.mktemp("cluster"), redis_program) as cluster:
        yield cluster


def url_of(store: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of a store that no other test uses."""
    if store == "sqlite":
        return f"sqlite://{request.getfixturevalue('tmp_path')}/limits.db"
    if store == "memory":
        return "memory://"
    return request.getfixturevalue("redis_server_of")(store).url


@pytest.fixture(params=["memory", "sqlite", *REDIS])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """An account over each store in turn."""
    office = Office(url_of(request.param, request), secrets.token_hex(8))
    yield office
    await office.aclose()


@pytest.fixture(params=["sqlite", *REDIS])
def shared_url(request: pytest.FixtureRequest) -> str:
    """A store that processes can share."""
    return url_of(request.param, request)
