"""Snapshots on a real Redis and a real SecantusDB: writing, reading, syncing, and each race."""

import asyncio
import time

import orjson
import pytest
from django.conf import settings
from redis.asyncio import Redis

from chargepoint.effects import SOON, TOUCH, URGENT
from stations.state import keys, snapshots
from stations.state.snapshot_writer import TOUCH_TICKS, TOUCHES, SnapshotWriter
from stations.state.stamps import make_stamp, pack_state, split_stamp, unpack_state
from stations.tasks import sync_station_state
from tests.stations.fleet.conftest import PATIENCE, until

pytestmark = pytest.mark.django_db(transaction=True)


class Source:
    """A station as the writer sees it: each snapshot says what it was taken of."""

    def __init__(self, identity: str, epoch: int = 1) -> None:
        self.identity, self.epoch = identity, epoch
        self.pending = self.taken = self.value = 0

    def packed_state(self) -> bytes:
        self.taken += 1
        state = {"identity": self.identity, "value": self.value, "saved": {"a.b": [1, None]}}
        return pack_state(make_stamp(self.epoch, self.taken), state)


@pytest.fixture
def writer(aredis):
    sources: list[Source] = []
    writer = SnapshotWriter(aredis, lambda: sources)
    writer.sources = sources
    return writer


@pytest.fixture
async def running(writer):
    task = asyncio.create_task(writer.run())
    yield writer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def stamp_in(store, identity: str) -> str:
    return store.getrange(keys.state_key(identity), 0, 24).decode()


def test_stamps_sort_as_strings():
    stamps = [make_stamp(e, v) for e, v in ((1, 2), (1, 10), (2, 1), (1_800_000_000_000, 0))]
    assert stamps == sorted(stamps) and {len(stamp) for stamp in stamps} == {25}
    assert split_stamp(stamps[-1]) == (1_800_000_000_000, 0)


# --- writing -----------------------------------------------------------------------------------


async def test_urgent_changes_wait_for_no_tick(writer, store, monkeypatch):
    monkeypatch.setattr("stations.state.snapshot_writer.TICK", 3600.0)
    source = Source("CP-1")
    task = asyncio.create_task(writer.run())
    await asyncio.sleep(0)
    writer.changed(source, URGENT)
    await until(lambda: stamp_in(store, "CP-1"))
    assert store.smembers(keys.dirty_key()) == {b"CP-1"} and source.pending == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_is_known_how_long_a_change_waits_for_redis(running, store, monkeypatch):
    source, write = Source("CP-1"), running.write
    let_go = asyncio.Event()

    async def slow(sources, **how):
        await let_go.wait()
        await write(sources, **how)

    monkeypatch.setattr(running, "write", slow)
    assert running.waits() == 0
    running.changed(source, URGENT)
    await until(lambda: running.waits() > 0.05)
    let_go.set()
    await until(lambda: running.waits() == 0)
    assert stamp_in(store, "CP-1")


async def test_changes_within_a_second_become_one_write(running, store):
    source = Source("CP-1")
    for value in range(50):
        source.value = value
        running.changed(source, SOON)
    await until(lambda: stamp_in(store, "CP-1"))
    stamp, state = unpack_state(store.get(keys.state_key("CP-1")))
    assert split_stamp(stamp)[1] == 1 and state["value"] == 49


async def test_touches_wait_longer_than_a_second_and_yield_to_urgent(running, store):
    source, other = Source("CP-1"), Source("CP-2")
    running.changed(source, TOUCH)
    running.changed(other, TOUCH)
    running.changed(other, URGENT)
    await asyncio.sleep(1.5)
    assert stamp_in(store, "CP-1") == "" and stamp_in(store, "CP-2") != ""
    assert source.pending == 1 and other.pending == 0


async def test_a_touch_whose_time_comes_after_a_later_write_is_written_no_second_time(writer):
    source = Source("CP-1")

    async def tick(number):
        writer._tick = number
        await writer._write_due()
        return source.taken

    writer.changed(source, TOUCH)
    writer.changed(source, SOON)
    assert await tick(1) == 1
    writer.changed(source, TOUCH)
    assert await tick(TOUCH_TICKS) == 1  # the first touch's
    writer.changed(source, URGENT)
    assert await tick(TOUCH_TICKS + 1) == 2  # once, for both
    assert source.pending == 0


async def test_of_what_was_only_heard_one_in_some_goes_on_to_mongodb(writer, store):
    source, marked = Source("CP-1"), []

    async def heard(urgency) -> None:
        writer.changed(source, urgency)
        writer._tick += TOUCH_TICKS
        await writer._write_due()
        assert stamp_in(store, "CP-1") == make_stamp(1, source.taken)
        marked.append(store.srem(keys.dirty_key(), "CP-1"))

    for _ in range(2 * TOUCHES):
        await heard(TOUCH)
    assert marked.count(1) == 2
    await heard(URGENT)
    writer.sources.append(source)
    for _ in range(2):
        writer.rewrite_all()  # Redis may have lost the mark of what was written before
        await heard(TOUCH)
    assert marked[-3:] == [1, 1, 1]


async def test_a_refused_write_reports_its_source(writer, store):
    old, new = Source("CP-1", epoch=1), Source("CP-1", epoch=2)
    refused = []
    writer.on_refused = refused.append
    await writer.write([new])
    await writer.write([old])
    assert refused == [old]
    assert stamp_in(store, "CP-1") == make_stamp(2, 1)


async def test_everything_is_written_again_after_redis_was_away(own_redis):
    client = Redis.from_url(own_redis.url)
    source, idle = Source("CP-1"), Source("CP-2")
    writer = SnapshotWriter(client, lambda: [source, idle])
    task = asyncio.create_task(writer.run())
    own_redis.stop()
    writer.changed(source, URGENT)
    await until(lambda: writer.owes)
    own_redis.start()
    both = [keys.state_key("CP-1"), keys.state_key("CP-2")]
    async with asyncio.timeout(PATIENCE):
        while await client.exists(*both) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await until(lambda: not writer.owes)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await client.aclose()


def write(*sources: Source) -> None:
    async def once() -> None:
        client = Redis.from_url(settings.REDIS_URL)
        await SnapshotWriter(client, list).write(list(sources))
        await client.aclose()

    asyncio.run(once())


# --- reading -----------------------------------------------------------------------------------


def test_states_are_read_from_redis_else_from_mongo(store, states):
    write(Source("hot"), Source("cold"))
    snapshots.sync_dirty()
    store.delete(keys.state_key("cold"))
    found = snapshots.read_states_sync(["hot", "cold", "none"])
    assert found["none"] is None
    assert found["hot"] == found["cold"] | {"identity": "hot"}
    assert found["cold"]["saved"] == {"a.b": [1, None]}
    assert asyncio.run(snapshots.read_states(["hot"])) == {"hot": found["hot"]}


def test_takeover_reads_the_newer_of_redis_and_mongo(store, states):
    newer = Source("CP-1", epoch=5)
    newer.value = 7
    write(newer)
    snapshots.sync_dirty()
    store.set(keys.state_key("CP-1"), pack_state(make_stamp(4, 1), {"value": 3, "saved": {}}))
    stamp, state = snapshots.read_newest(["CP-1"])["CP-1"]
    assert stamp == make_stamp(5, 1) and state["value"] == 7
    store.set(keys.state_key("CP-1"), pack_state(make_stamp(6, 1), {"value": 9, "saved": {}}))
    assert snapshots.read_newest(["CP-1"])["CP-1"][1]["value"] == 9


def test_a_station_named_dirty_is_a_station(store, states):
    write(Source("dirty"), Source("CP-1"))
    assert snapshots.sync_dirty()["written"] == 2


def test_forgotten_states_are_gone_everywhere(store, states):
    write(Source("CP-1"))
    snapshots.sync_dirty()
    write(Source("CP-1", epoch=2))
    snapshots.forget_states(["CP-1"])
    assert snapshots.read_states_sync(["CP-1"]) == {"CP-1": None}
    assert store.scard(keys.dirty_key()) == 0


# --- the sync ----------------------------------------------------------------------------------


def test_sync_stores_and_clears(store, states):
    write(*[Source(f"CP-{n}") for n in range(1200)])
    result = sync_station_state()
    assert (result["written"], result["stale"], result["lag"]) == (1200, 0, 0)
    assert states.count_documents({"stamp": make_stamp(1, 1)}) == 1200
    assert orjson.loads(store.get(keys.sync_last_key())) == result
    assert snapshots.last_sync()["dirty"] == 0


def test_race_station_changes_between_read_and_clear(store, states):
    source = Source("CP-1")
    write(source)
    values = snapshots.read_chunk(["CP-1"])
    write(source)
    snapshots.write_chunk(values)
    assert snapshots.clear_chunk(values) == 0
    assert store.smembers(keys.dirty_key()) == {b"CP-1"}
    snapshots.sync_dirty()
    assert states.find_one("CP-1")["stamp"] == make_stamp(1, 2)


def test_race_slow_sync_writes_after_a_faster_newer_one(store, states):
    source = Source("CP-1")
    write(source)
    slow = snapshots.read_chunk(["CP-1"])
    write(source)
    assert snapshots.sync_dirty()["written"] == 1
    assert snapshots.write_chunk(slow) == (0, 1)
    assert states.find_one("CP-1")["stamp"] == make_stamp(1, 2)


def test_race_overlapping_syncs_of_the_same_snapshot(store, states):
    write(Source("CP-1"))
    first = snapshots.read_chunk(["CP-1"])
    second = snapshots.read_chunk(["CP-1"])
    assert snapshots.write_chunk(first) == (1, 0)
    assert snapshots.write_chunk(second) == (0, 1)
    snapshots.clear_chunk(first)
    snapshots.clear_chunk(second)
    assert store.scard(keys.dirty_key()) == 0


def test_race_crash_between_store_and_clear_is_repeated(store, states):
    write(Source("CP-1"))
    snapshots.write_chunk(snapshots.read_chunk(["CP-1"]))
    assert snapshots.sync_dirty()["stale"] == 1
    assert store.scard(keys.dirty_key()) == 0


@pytest.mark.parametrize(
    ("epochs", "at", "written", "told"),
    [
        ((1,), 1, [0, 1, 5], (4, 1)),  # the first of them are inserted
        ((1, 2), 1, [4, 1, 5], (4, 1)),  # or replaced
        ((1,), 9, [0, 1], (5, 0)),
    ],
)
def test_race_the_store_dies_before_its_journal_has_the_first_of_a_chunk(
    store, states, monkeypatch, epochs, at, written, told
):
    """It comes back without what did not wait for the journal; what waited is all that it has."""
    names = [f"CP-{number}" for number in range(5)]
    for epoch in epochs[:-1]:
        write(*[Source(name, epoch) for name in names])
        snapshots.sync_dirty()
    write(*[Source(name, epochs[-1]) for name in names])
    real, replaced = snapshots._replace_older, []

    def dying(collection, documents):
        stale = real(collection, documents)
        replaced.append(len(documents))
        if len(replaced) == at:
            states.delete_many({})
        return stale

    monkeypatch.setattr(snapshots, "_replace_older", dying)
    assert snapshots.write_chunk(snapshots.read_chunk(names)) == told
    assert replaced == written
    assert {row["_id"] for row in states.find()} == set(names)


@pytest.mark.parametrize("taken", [1, snapshots.FRESH, snapshots.FRESH + 1])
def test_of_first_states_each_is_kept_where_it_is_the_newest(store, states, taken):
    """Some have none yet, some an older one, some a newer one: whether it is new or taken often."""
    names = [f"CP-{number}" for number in range(6)]
    write(*[Source(name, 1) for name in names[:2]], *[Source(name, 3) for name in names[2:4]])
    snapshots.sync_dirty()
    values = {
        name: pack_state(make_stamp(2, taken), {"identity": name, "saved": {}}) for name in names
    }
    assert snapshots.write_chunk(values) == (4, 2)
    kept = {row["_id"]: row["stamp"] for row in states.find()}
    newer = dict.fromkeys(names[2:4], make_stamp(3, 1))
    assert kept == dict.fromkeys(names, make_stamp(2, taken)) | newer


def test_race_takeover_while_a_sync_holds_the_old_owners_snapshot(store, states):
    write(Source("CP-1", epoch=1))
    values = snapshots.read_chunk(["CP-1"])
    write(Source("CP-1", epoch=2))
    snapshots.sync_dirty()
    assert snapshots.write_chunk(values) == (0, 1)
    assert states.find_one("CP-1")["stamp"] == make_stamp(2, 1)


def test_dirty_id_without_a_state_is_cleared(store, states):
    store.sadd(keys.dirty_key(), "gone")
    assert snapshots.sync_dirty()["written"] == 0
    assert store.scard(keys.dirty_key()) == 0


@pytest.mark.slow
def test_five_thousand_changed_stations_sync_in_seconds(store, states, capsys):
    for epoch in (1, 2):
        write(*[Source(f"CP-{n}", epoch) for n in range(5000)])
        began = time.monotonic()
        assert snapshots.sync_dirty()["written"] == 5000
        with capsys.disabled():
            print(f"\nsync of 5,000 stations, round {epoch}: {time.monotonic() - began:.2f} s")
