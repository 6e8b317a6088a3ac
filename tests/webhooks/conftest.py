"""The Redis that the tests of the limiters use."""

from tests.limits.conftest import redis_program, redis_server, redis_server_of

__all__ = ["redis_program", "redis_server", "redis_server_of"]
