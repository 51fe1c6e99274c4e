"""A connection to Redis that is reset under a process on uvloop is a ConnectionError, or healed."""

from __future__ import annotations

import asyncio
import os
from urllib.parse import urlsplit

import pytest
import uvloop
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.asyncio import ConnectionPool, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from chaos.proxy import Proxy
from runtime import redis_links

TRIES = 40


def reset_again_and_again(make) -> list[BaseException]:
    """What a client says that is used just after its connection was reset, on uvloop."""

    async def run() -> list[BaseException]:
        proxy = Proxy(urlsplit(os.environ["REDIS_URL"]).port)
        client = make(f"redis://127.0.0.1:{await proxy.listen()}/0")
        said: list[BaseException] = []
        for _ in range(TRIES):
            try:
                await client.ping()
                link = client.connection_pool._available_connections[0]
                proxy.reset()
                # The transport knows of it, and redis-py does not yet.
                async with asyncio.timeout(30):
                    await until_closing(link._writer.transport)
                await client.ping()
            except Exception as error:  # noqa: BLE001 - that is what is asked
                said.append(error)
        await client.aclose()
        return said

    return uvloop.run(run())


async def until_closing(transport: asyncio.Transport) -> None:
    while not transport.is_closing():  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0)


def test_what_redis_py_alone_says():
    """The reason for all this; where it fails, redis_links.py may go."""
    said = reset_again_and_again(Redis.from_url)
    assert any(isinstance(error, RuntimeError) for error in said)


def test_a_reset_connection_is_a_connection_error():
    said = reset_again_and_again(redis_links.connect)
    assert {type(error) for error in said} == {RedisConnectionError}


def test_one_retry_heals_it():
    retry = Retry(NoBackoff(), 1)
    assert reset_again_and_again(lambda url: redis_links.connect(url, retry=retry)) == []


@pytest.mark.parametrize(
    ("url", "base"),
    [("rediss://localhost/0", SSLConnection), ("unix:///redis", UnixDomainSocketConnection)],
)
def test_the_kind_of_link_stays(url, base):
    assert issubclass(redis_links.options_of(url)["connection_class"], base)


@pytest.mark.parametrize("layer", [RedisChannelLayer, RedisPubSubChannelLayer])
async def test_channel_layers_take_the_options(layer):
    made = layer(hosts=[redis_links.options_of(os.environ["REDIS_URL"], socket_timeout=30)])
    await made.group_add("links", channel := await made.new_channel())
    await made.group_send("links", {"type": "hello"})
    assert await made.receive(channel) == {"type": "hello"}
    await made.close_pools() if hasattr(made, "close_pools") else await made.flush()


def test_a_pool_of_a_link_has_its_options():
    pool = ConnectionPool(**redis_links.options_of("redis://h:7/3", socket_timeout=30))
    made = pool.make_connection()
    assert (made.host, made.port, made.db, made.socket_timeout) == ("h", 7, 3, 30)
