"""The Redis that the tests of the limiters use."""

from tests.limits.conftest import redis_server

__all__ = ["redis_server"]
