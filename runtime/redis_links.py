"""Connections to Redis for processes on uvloop.

A transport that a reset has closed answers the next write with a RuntimeError under uvloop, which
redis-py passes on: no RedisError, no OSError, and nothing tries again. Here it is what it means, a
ConnectionError, which a retry of redis-py's heals and which STORE_ERRORS has.
"""

from __future__ import annotations

import functools
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.exceptions import ConnectionError as RedisConnectionError


class _Steady:
    async def send_packed_command(self, *args: Any, **kwargs: Any) -> None:
        try:
            await super().send_packed_command(*args, **kwargs)
        except RuntimeError as error:
            raise RedisConnectionError(f"The connection is closed: {error}") from error


@functools.cache
def _steady(base: type) -> type:
    return type(f"Steady{base.__name__}", (_Steady, base), {})


def options_of(url: str, **more: Any) -> dict[str, Any]:
    """Arguments of redis.asyncio.ConnectionPool for a URL, as Redis.from_url takes them."""
    options = {**more, **parse_url(url)}
    base = options.get("connection_class", Connection)  # that of TLS or of a unix socket
    return {**options, "connection_class": _steady(base)}


def connect(url: str, **options: Any) -> Redis:
    """As redis.asyncio.Redis.from_url."""
    return Redis.from_pool(ConnectionPool(**options_of(url, **options)))
