"""Starts and stops a real Redis Cluster."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from redis import Redis
from redis.crc import key_slot

from tests.limits.redis_server import RedisServer

SLOTS: Final = 16_384
NODES: Final = 3


class RedisCluster:
    """Three nodes on free loopback ports, each with a third of the slots and no replica.

    Args:
        folder: Where they may write.
        program: The name of one of `PROGRAMS`.

    Attributes:
        nodes: The servers.
    """

    def __init__(self, folder: Path, program: str) -> None:
        self.nodes: list[RedisServer] = []
        self._stack = ExitStack()
        for number in range(NODES):
            (own := folder / str(number)).mkdir()
            options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
            self.nodes.append(RedisServer(own, *options, also="--cluster-port", program=program))

    def owner(self, account: str) -> RedisServer:
        """Return the node that has the key of an account."""
        return self.nodes[key_slot(account.encode()) * NODES // SLOTS]

    def strangers(self, account: str) -> list[RedisServer]:
        """Return the nodes that do not have it."""
        return [node for node in self.nodes if node is not self.owner(account)]

    def wait(self) -> None:
        """Wait until every node finds the cluster whole."""
        give_up_at = time.monotonic() + 120
        for node in self.nodes:
            with Redis.from_url(node.url, decode_responses=True) as client:
                while not self._whole(client.execute_command("CLUSTER INFO")):
                    assert time.monotonic() < give_up_at
                    time.sleep(0.02)

    def _whole(self, info: dict[str, str]) -> bool:
        return info["cluster_state"] == "ok" and info["cluster_known_nodes"] == str(NODES)

    def _join(self) -> None:
        """Give each node its slots, and tell it of the first one."""
        for number, node in enumerate(self.nodes):
            # As `owner` divides: slot * NODES // SLOTS is the number of the node.
            first, end = (-(-SLOTS * one // NODES) for one in (number, number + 1))
            with Redis.from_url(node.url) as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", first, end - 1)
                client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
                first_node = self.nodes[0]
                client.execute_command("CLUSTER MEET", "127.0.0.1", first_node.port, first_node.other_port)

    def __enter__(self) -> Self:
        for node in self.nodes:
            self._stack.enter_context(node)
        self._join()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
