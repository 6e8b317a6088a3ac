"""A real Redis on a free loopback port, and limiters over each of the three stores."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.limits.redis_cluster import RedisCluster
from tests.limits.redis_server import INSTALLED, NO_REDIS, RedisServer
from tests.limits.small import Office


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis of this test session. It keeps nothing on disk."""
    if not INSTALLED:
        pytest.skip(NO_REDIS)
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def own_redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that a test may stop and start."""
    if not INSTALLED:
        pytest.skip(NO_REDIS)
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def redis_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    """A Redis Cluster of this test session, without replicas."""
    if not INSTALLED:
        pytest.skip(NO_REDIS)
    with RedisCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def url_of(store: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of a store that no other test uses."""
    if store == "redis":
        return request.getfixturevalue("redis_server").url
    if store == "sqlite":
        return f"sqlite://{request.getfixturevalue('tmp_path')}/limits.db"
    return "memory://"


@pytest.fixture(params=["memory", "sqlite", "redis"])
async def office(request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    """An account over each store in turn."""
    office = Office(url_of(request.param, request), secrets.token_hex(8))
    yield office
    await office.aclose()


@pytest.fixture(params=["sqlite", "redis"])
def shared_url(request: pytest.FixtureRequest) -> str:
    """A store that processes can share."""
    return url_of(request.param, request)
