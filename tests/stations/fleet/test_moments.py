"""What befell a station: noted from its snapshots, kept in Redis for a day, in bounds."""

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from stations.state import keys, moments
from stations.state.moments import Moments, read


def snapshot(*statuses, connected=True, booted=True, power="on", error="", why=""):
    return {
        "connected": connected, "saved": {"booted": booted}, "faults": {"power": power},
        "connectors": [
            {"id": n, "status": status, "error": error} for n, status in enumerate(statuses, 1)
        ],
        "link": {"error": why},
    }  # fmt: skip


class Kept:
    """A Redis that keeps what is pushed, or is away."""

    def __init__(self):
        self.lists, self.away = {}, False

    def pipeline(self, transaction):
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    def rpush(self, key, *values):
        self.lists.setdefault(key, []).extend(values)

    def ltrim(self, key, first, last):
        self.lists[key] = self.lists[key][first:]

    def expire(self, key, seconds):
        assert seconds == moments.SECONDS

    async def execute(self):
        if self.away:
            raise RedisConnectionError("away")


@pytest.fixture
def kept():
    return Kept()


def told(kept, identity="CP1", since=0.0):
    return [each[1:] for each in read(kept.lists.get(keys.moments_key(identity), []), since)]


async def test_what_changes_between_two_snapshots_is_noted_once(kept):
    noted, glance = Moments(kept), None
    for time, state in enumerate((
        snapshot("Available", connected=False, booted=False),
        snapshot("Available", connected=True, booted=False),
        snapshot("Available"),
        snapshot("Available"),
        snapshot("Charging"),
        snapshot("Faulted", error="GroundFailure"),
        snapshot("Faulted", connected=False, booted=False, power="off", why="no power",
                 error="GroundFailure"),
    )):  # fmt: skip
        glance = noted.compare("CP1", glance, state, float(time))
    await noted.write()
    assert told(kept) == [
        ["link", True, ""], ["boot"],
        ["status", 1, "Available", "Charging", ""],
        ["status", 1, "Charging", "Faulted", "GroundFailure"],
        ["power", False], ["link", False, "no power"],
    ]  # fmt: skip
    assert told(kept, since=5.5) == [["power", False], ["link", False, "no power"]]


async def test_stations_that_look_alike_share_their_glances(kept):
    noted = Moments(kept)
    one, other = (noted.compare(name, None, snapshot("Available"), 1.0) for name in "ab")
    assert one is other


async def test_the_list_has_an_end_and_what_waits_has_too(kept, monkeypatch):
    noted = Moments(kept)
    for number in range(moments.KEPT + 50):
        noted.note("CP1", float(number), "boot")
    await noted.write()
    assert len(told(kept)) == moments.KEPT
    monkeypatch.setattr(moments, "MOST_WAITING", 3)
    for number in range(9):
        noted.note("CP2", float(number), "boot")
    await noted.write()
    assert len(told(kept, "CP2")) == 3


async def test_without_redis_what_was_noted_waits(kept):
    noted, kept.away = Moments(kept), True
    noted.note("CP1", 1.0, "started")
    await noted.write()
    kept.away, kept.lists = False, {}
    noted.note("CP1", 2.0, "boot")
    await noted.write()
    assert told(kept) == [["started"], ["boot"]]
    await noted.write()
    assert len(told(kept)) == 2


async def test_one_without_a_redis_keeps_nothing():
    noted = Moments()
    noted.note("CP1", 1.0, "started")
    await asyncio.wait_for(noted.write(), 5)
    assert isinstance(noted.compare("CP1", None, snapshot("Available"), 1.0), tuple)


async def test_in_the_real_redis_they_end_after_a_day(db, settings):
    async with Redis.from_url(settings.REDIS_URL) as client:
        await client.delete(keys.moments_key("MOMENTS"))
        noted = Moments(client)
        noted.note("MOMENTS", 5.0, "link", False, "refused: HTTP 401")
        await noted.write()
        values = await client.lrange(keys.moments_key("MOMENTS"), 0, -1)
        assert read(values, 0) == [[5.0, "link", False, "refused: HTTP 401"]]
        assert 0 < await client.ttl(keys.moments_key("MOMENTS")) <= moments.SECONDS
        await client.delete(keys.moments_key("MOMENTS"))
