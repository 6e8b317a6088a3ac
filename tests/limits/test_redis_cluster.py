"""A real Redis Cluster: the limiter finds its key, whichever node the URL names."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import traceback
from pathlib import Path

import pytest
import redis

from litmos_async.errors import ConfigurationError, LimiterUnavailable
from litmos_async.limits import RateLimit, RedisLimiter
from tests.limits.redis_cluster import RedisCluster
from tests.limits.small import take, time


def account_on(cluster: RedisCluster, number: int) -> str:
    """Return an account whose key one of the nodes has."""
    accounts = (secrets.token_hex(8) for _ in itertools.count())
    return next(one for one in accounts if cluster.owner(one) is cluster.nodes[number])


@pytest.mark.costly
@pytest.mark.parametrize("owner", range(3))
async def test_any_node_leads_to_the_key(redis_cluster: RedisCluster, owner: int) -> None:
    """Processes that name different nodes share one window, wherever the account's key is."""
    account = account_on(redis_cluster, owner)
    limiters = [RedisLimiter(node.url, RateLimit(6), account=account) for node in redis_cluster.nodes]
    for limiter in limiters:
        for lease in await take(limiter, 2):
            lease.answered()
    for limiter in limiters:
        assert (await limiter.usage()).quota.used == 6
        await limiter.aclose()
    with redis.Redis.from_url(redis_cluster.nodes[owner].url, decode_responses=True) as client:
        assert f"litmos:{{{account}}}:limit" in client


async def test_a_key_that_is_on_its_way_to_another_node_is_followed(redis_cluster: RedisCluster) -> None:
    """While an administrator moves the slot, and afterwards, nothing is lost and nobody waits."""
    account = account_on(redis_cluster, 0)
    limiter = RedisLimiter(
        redis_cluster.nodes[0].url, RateLimit(6), account=account, on_outage="fail", timeout=60.0
    )
    await take(limiter, 2)
    key = f"litmos:{{{account}}}:limit"
    source, target = (redis.Redis.from_url(one.url, decode_responses=True) for one in redis_cluster.nodes[:2])
    slot = source.execute_command("CLUSTER KEYSLOT", key)
    source_id, target_id = (one.execute_command("CLUSTER MYID") for one in (source, target))
    target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", source_id)
    source.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", target_id)
    source.migrate("127.0.0.1", redis_cluster.nodes[1].port, key, 0, 1_000)
    await take(limiter, 2)
    assert (await limiter.usage()).quota.used == 4
    for node in (target, source):
        node.execute_command("CLUSTER SETSLOT", slot, "NODE", target_id)
    await take(limiter, 2)
    assert (await limiter.usage()).quota.used == 6
    await limiter.aclose()
    target.delete(key)
    for node in (source, target):  # as it was, for the other tests
        node.execute_command("CLUSTER SETSLOT", slot, "NODE", source_id)
        node.close()


@pytest.mark.costly
async def test_a_node_that_does_not_know_its_own_name_is_found(redis_cluster: RedisCluster) -> None:
    """Behind some load balancers a node tells only the port: the host is the same then."""
    account = account_on(redis_cluster, 0)
    node = redis_cluster.nodes[2]
    with redis.Redis.from_url(node.url) as client:
        client.config_set("cluster-preferred-endpoint-type", "unknown-endpoint")
        try:
            limiter = RedisLimiter(node.url, account=account, on_outage="fail", timeout=60.0)
            await take(limiter, 2)
            await limiter.aclose()
        finally:
            client.config_set("cluster-preferred-endpoint-type", "ip")


async def test_nodes_that_do_not_agree_send_nobody_in_circles(redis_cluster: RedisCluster) -> None:
    """Two nodes each say that the other one has the key: that is an outage."""
    account = account_on(redis_cluster, 0)
    one, two = (redis.Redis.from_url(node.url, decode_responses=True) for node in redis_cluster.nodes[:2])
    slot = one.execute_command("CLUSTER KEYSLOT", account)
    one_id, two_id = (client.execute_command("CLUSTER MYID") for client in (one, two))
    one.execute_command("CLUSTER SETSLOT", slot, "NODE", two_id)
    try:
        limiter = RedisLimiter(redis_cluster.nodes[0].url, account=account, on_outage="fail", timeout=60.0)
        with pytest.raises(LimiterUnavailable, match="do not agree"):
            await limiter.acquire()
        await limiter.aclose()
    finally:
        one.execute_command("CLUSTER SETSLOT", slot, "NODE", one_id)
        for client in (one, two):
            client.close()


async def test_the_password_goes_along_and_is_not_told(
    redis_cluster: RedisCluster, caplog: pytest.LogCaptureFixture
) -> None:
    """A node to which one is sent gets user and password as well; errors and logs do not."""
    account, password = account_on(redis_cluster, 0), "pass-WORD-marker"
    clients = [redis.Redis.from_url(node.url) for node in redis_cluster.nodes]
    url = redis_cluster.nodes[1].url.replace("://", f"://default:{password}@")
    limiter = RedisLimiter(url, account=account, on_outage="fail", timeout=60.0)
    with caplog.at_level(logging.DEBUG):
        for client in clients:
            client.config_set("requirepass", password)
        (await limiter.acquire()).answered()
        for client in clients:
            client.config_set("requirepass", "")
        clients[0].config_set("requirepass", "another")
        clients[0].execute_command("CLIENT KILL TYPE normal SKIPME yes")
        with pytest.raises(ConfigurationError, match="user and password") as caught:
            await limiter.usage()
        clients[0].config_set("requirepass", "")
        await limiter.aclose()
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert password not in told
    for client in clients:
        client.close()


@pytest.mark.slow
@pytest.mark.parametrize("keeps", [True, False])
async def test_a_node_that_is_restarted_is_an_outage(
    redis_program: str, tmp_path: Path, *, keeps: bool
) -> None:
    """Callers wait until it is back, or hear of it if they want to; with its data lost, they wait a period."""
    with RedisCluster(tmp_path, redis_program) as cluster:
        account = account_on(cluster, 1)
        rate = RateLimit(4, period=2.0)
        patient, hasty = (
            RedisLimiter(cluster.nodes[0].url, rate, account=account, on_outage=on_outage, timeout=60.0)
            for on_outage in ("wait", "fail")
        )
        if keeps:
            cluster.nodes[1].stop()
            cluster.nodes[1].start(keeps=True)
            cluster.wait()
        for limiter in (patient, hasty):
            (await limiter.acquire()).answered()
            await limiter.usage()
        await asyncio.to_thread(cluster.nodes[1].stop)
        with pytest.raises(LimiterUnavailable):
            await hasty.acquire()
        caller = asyncio.ensure_future(patient.acquire())
        begin = time()
        await asyncio.sleep(0.3)
        await asyncio.to_thread(cluster.nodes[1].start, keeps=keeps)
        (await caller).answered()
        assert keeps or time() - begin >= 2.0
        for limiter in (patient, hasty):
            await limiter.aclose()
