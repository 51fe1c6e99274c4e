"""Clients of Redis by its Sentinels: the master is found, followed, and asked with its password."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import kombu
import pytest
import redis
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.asyncio import Connection

from benchmarks.processes import wait_until
from emulator.profiles import addresses
from runtime import redis_clients, redis_links
from tests.sentinels import OWN, PASSWORD, PATIENCE, Watched

QUICK = {"socket_timeout": 5.0, "socket_connect_timeout": 5.0}


@pytest.mark.parametrize("url, expected", [
    ("redis+sentinel://a/main", ((("a", 26379),), "main", False, {"db": 0}, {})),
    ("redis+sentinel://u:p%40@a,b:1,[::1]:7/main/2", (
        (("a", 26379), ("b", 1), ("::1", 7)), "main", False,
        {"db": 2, "username": "u", "password": "p@"}, {})),
    ("rediss+sentinel://:p@a/m/0?sentinel_username=s&sentinel_password=q%20r&ssl_check_hostname=true",
     ((("a", 26379),), "m", True, {"db": 0, "password": "p", "ssl_check_hostname": True},
      {"username": "s", "password": "q r"})),
])  # fmt: skip
def test_an_address_is_read(url, expected):
    found = redis_clients.sentinels_of(url)
    assert (found.addresses, found.service, found.tls, found.master, found.own) == expected
    assert "p@" not in repr(found) and "q r" not in repr(found)


@pytest.mark.parametrize("url", ["redis://h:1/0", "rediss://h/0", "unix:///run/redis.sock"])
def test_the_address_of_a_server_names_no_sentinels(url):
    assert redis_clients.sentinels_of(url) is None
    assert redis_clients.broker_url(url) == (url, {})
    assert redis_clients.with_sentinel_password(url, "p") == url


@pytest.mark.parametrize("url", [
    "redis+sentinel://a", "redis+sentinel:///main", "http+sentinel://a/main",
    "redis+sentinel://a,,b/main", "redis+sentinel://a:port/main",
    "redis+sentinel://" + ",".join("abcdefghijklmnopq") + "/main",
])  # fmt: skip
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ValueError, match="REDIS_URL"):
        redis_clients.sentinels_of(url)


def test_a_broker_s_address_names_each_sentinel():
    url, options = redis_clients.broker_url("redis+sentinel://u:p@a,[::1]:7/main/2")
    assert url == "sentinel://u:p@a:26379/2;sentinel://u:p@[::1]:7/2"
    assert options["master_name"] == "main"


def test_a_sentinel_has_as_long_as_redis_and_is_not_asked_twice():
    times = {"socket_timeout": 7, "socket_connect_timeout": 3}
    url = "redis+sentinel://a/main?sentinel_password=q"
    own = redis_links.options_of(url, **times, health_check_interval=9)["sentinel_kwargs"]
    assert own.pop("retry").get_retries() == 0
    assert own == {**times, "password": "q"}


def test_passwords_come_from_files_of_their_own(monkeypatch, tmp_path):
    for name, text in (("REDIS_PASSWORD", "p@ss"), ("REDIS_SENTINEL_PASSWORD", "own&one")):
        (tmp_path / name).write_text(text)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    monkeypatch.setenv("REDIS_URL", "redis+sentinel://a:1,b:2/main/1")
    found = redis_clients.sentinels_of(addresses.redis_url(tmp_path))
    assert found.master == {"db": 1, "password": "p@ss"} and found.own == {"password": "own&one"}


# --- real ones ---------------------------------------------------------------------------------


@pytest.fixture
def watched(tmp_path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    try:
        yield made.start()
    finally:
        made.stop()


@contextlib.contextmanager
def tried_again():
    """Until the first answer after a change of master, as every caller of ours does."""

    def step(work):
        def once() -> bool:
            try:
                work()
            except redis.RedisError:
                return False
            return True

        wait_until(once, PATIENCE, "the new master answers", 0.2)

    yield step


def test_a_blocking_client_follows_the_master(watched):
    with redis_clients.connect(watched.url, **QUICK) as client, tried_again() as again:
        client.set("before", 1)
        wait_until(lambda: watched.client("replica").get("before"), PATIENCE, "it is replicated")
        watched.fail_over()
        again(lambda: client.set("after", 2))
        assert watched.client("replica").get("after") == b"2" and client.get("before") == b"1"
        watched.come_back()
        assert client.get("after") == b"2"


def test_without_the_passwords_nobody_comes_in(watched):
    with (
        redis_clients.connect(watched.bare_url, **QUICK) as client,
        pytest.raises(redis.ConnectionError),
    ):
        client.ping()
    half = redis_clients.with_sentinel_password(watched.bare_url, OWN)
    with redis_clients.connect(half, **QUICK) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    assert PASSWORD not in repr(redis_clients.sentinels_of(watched.url))


async def test_a_client_of_a_loop_follows_the_master(watched):
    client = redis_links.connect(watched.url, **QUICK)
    await client.set("before", 1)
    await asyncio.to_thread(watched.fail_over)
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await client.set("after", 2)
                break
            except redis.RedisError:
                await asyncio.sleep(0.2)
    assert watched.client("replica").get("after") == b"2"
    await client.aclose()


async def test_a_connection_whose_transport_is_closed_is_a_lost_one(watched):
    """uvloop's RuntimeError, at the master's connection and at a Sentinel's."""
    client = redis_links.connect(watched.url, **QUICK)
    await client.ping()
    pool = client.connection_pool

    def broken(*args, **kwargs):
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "send_packed_command", broken)
        with pytest.raises(redis.ConnectionError):
            await client.ping()
        patch.setattr(pool.sentinel_manager, "discover_master", broken)
        await pool.disconnect()
        with pytest.raises(redis.ConnectionError):
            await client.ping()
    assert await client.ping()
    await client.aclose()


async def test_many_ask_at_once_while_a_sentinel_is_away(watched):
    """redis-py lets one who asks change the order of those whom another goes through."""
    client = redis_links.connect(watched.url, **QUICK)
    found = await asyncio.gather(*(client.ping() for _ in range(50)))
    assert found == [True] * 50
    await client.aclose()


def asking(watched) -> set[str]:
    """Who is connected to the Sentinel, but for whoever asks this."""
    with watched.client("sentinel") as own:
        return {row["id"] for row in own.client_list() if not row["cmd"].startswith("client")}


async def test_a_client_that_is_closed_leaves_no_connection_to_a_sentinel(watched):
    before = asking(watched)

    def gone() -> bool:
        return asking(watched) <= before

    with redis_clients.connect(watched.url, **QUICK) as blocking:
        blocking.ping()
        assert not gone()
    await asyncio.to_thread(wait_until, gone, PATIENCE, "the blocking client has gone")
    client = redis_links.connect(watched.url, **QUICK)
    await client.ping()
    assert not gone()
    await client.aclose()
    await asyncio.to_thread(wait_until, gone, PATIENCE, "the client of a loop has gone")


@pytest.mark.parametrize("layer", [RedisChannelLayer, RedisPubSubChannelLayer])
async def test_a_channel_layer_goes_by_the_sentinels(watched, layer):
    made = layer(hosts=[redis_links.options_of(watched.url, socket_timeout=30)])
    channel = await made.new_channel()
    sending = asyncio.create_task(made.receive(channel))
    async with asyncio.timeout(PATIENCE):
        while not sending.done():
            await made.send(channel, {"type": "told"})
            await asyncio.sleep(0.1)
    assert (await sending)["type"] == "told"
    await (made.close_pools() if hasattr(made, "close_pools") else made.flush())


def test_celery_s_broker_is_the_master(watched):
    url, options = redis_clients.broker_url(watched.url)
    options = {"global_keyprefix": "p:", **options}
    with kombu.Connection(url, transport_options=options) as connection:
        queue = connection.SimpleQueue("tasks")
        queue.put({"n": 1})
        assert watched.client("master").llen("p:tasks") == 1
        assert queue.get(timeout=10).payload == {"n": 1}
        queue.close()
