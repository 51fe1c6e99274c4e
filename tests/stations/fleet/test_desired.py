"""A worker knows what the rows say, and reads an unchanged fleet no second time."""

from __future__ import annotations

import random

import pytest
import redis
from django.db import connection

from stations.configuration import changes
from stations.models import Station
from stations.orders import named, switching
from stations.orders.sharding import Share, shard_of
from stations.roster import marks
from stations.state.snapshots import redis_client
from stations.worker.desired import AGE, Desired, Wish
from tests.stations.roster.test_roster import WRITES

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 8
ALL = Share(range(NUMBER), NUMBER)
HALF = Share(range(0, NUMBER, 2), NUMBER)
NAMES = [f"R{number}" for number in range(6)]


@pytest.fixture
def rows(db):
    Station.objects.bulk_create(
        Station(identity=name, csms_url="ws://h", tags=["t"], running=True) for name in NAMES
    )


def stored(share: Share, standing: set[str] = frozenset()) -> set[Wish]:
    found = map(Wish.of, connection.get_collection(named.TABLE).find({}))
    return {
        w for w in found
        if w.identity in share and (w.is_enabled and w.is_running or w.identity in standing)
    }  # fmt: skip


@pytest.fixture
def reads(monkeypatch):
    """How often all of a share was read ("all") or a part of it, and which names were."""
    told: list[str | set[str]] = []
    ranged, some = named.runnable, named.rows

    def runnable(ranges, *columns):
        told.append("all" if ranges == ALL.ranges() else f"{len(ranges)} ranges")
        return ranged(ranges, *columns)

    monkeypatch.setattr(named, "runnable", runnable)
    monkeypatch.setattr(
        named, "rows", lambda names, *columns: told.append(set(names)) or some(names, *columns)
    )
    return told


@pytest.mark.parametrize("share", [ALL, HALF], ids=["all", "half"])
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_whatever_was_written_is_known_at_the_next_look(rows, write, share):
    desired = Desired()
    assert set(desired.runnable(share)) == stored(share)
    write()
    assert set(desired.runnable(share)) == stored(share)


def one_write(chance: random.Random) -> None:
    name, table = chance.choice(NAMES), connection.get_collection(named.TABLE)
    match chance.randrange(7):
        case 0:
            changes.delete([name])
        case 1:
            if not Station.objects.filter(identity=name).exists():
                Station.objects.create(identity=name, csms_url="ws://h", running=True)
        case 2:
            switching.set_running(chance.sample(NAMES, 3), chance.random() < 0.7)
        case 3:
            if station := Station.objects.filter(identity=name).first():
                station.enabled = not station.enabled
                station.save()
        case 4:
            table.update_one({"identity": name}, {"$set": {"held_back": chance.choice(["", "w"])}})
        case 5:
            row = table.find_one({"identity": name})
            table.update_one({"_id": row and row["_id"]}, {"$inc": {"revision": 1}})
        case _:
            table.update_many({"running": True}, {"$inc": {"ordered": 1}})


@pytest.mark.parametrize("seed", range(6))
def test_many_writes_and_other_shards_leave_nothing_old(rows, seed):
    chance = random.Random(seed)
    known = [(Desired(), ALL), (Desired(), HALF)]
    moving = Desired()
    for _ in range(40):
        for _ in range(chance.randrange(3)):
            one_write(chance)
        for desired, share in known:
            standing = set(chance.sample([*NAMES, "NOBODY"], chance.randrange(4)))
            assert set(desired.runnable(share, standing)) == stored(share, standing)
        share = Share(chance.sample(range(NUMBER), 4), NUMBER)
        assert set(moving.runnable(share)) == stored(share)


def test_an_unchanged_fleet_is_not_read_again(rows, reads):
    desired = Desired()
    for _ in range(3):
        assert len(desired.runnable(ALL)) == len(NAMES)
    assert reads == ["all"]


def test_of_a_few_that_were_written_only_these_are_read(rows, reads):
    desired = Desired()
    desired.runnable(ALL)
    Station.objects.filter(identity="R1").update(enabled=False)
    Station.objects.get(identity="R2").save()
    del reads[:]
    assert {wish.identity for wish in desired.runnable(ALL)} == {*NAMES} - {"R1"}
    assert reads == [{"R1", "R2"}]


def test_rows_that_orders_name_are_read_once_until_they_are_written(rows, reads):
    Station.objects.filter(identity__in=["R1", "R2"]).update(running=False)
    desired = Desired()
    for _ in range(3):
        assert len(desired.runnable(ALL, {"R1", "R2", "R3", "GONE"})) == len(NAMES)
    assert reads == ["all", {"R1", "R2", "GONE"}]
    Station.objects.filter(identity="R1").update(running=True)
    assert len(desired.runnable(ALL, {"R2"})) == len(NAMES)
    assert reads[2:] == [{"R1"}]
    own = next(name for name in NAMES if shard_of(name, NUMBER) % 2)
    assert own not in {wish.identity for wish in desired.runnable(HALF, {own})}


def test_a_row_that_is_switched_on_by_its_id_is_found(rows, reads):
    Station.objects.filter(identity="R1").update(enabled=False)
    desired = Desired()
    desired.runnable(ALL)
    table = connection.get_collection(named.TABLE)
    key = table.find_one({"identity": "R1"})["_id"]
    table.update_one({"_id": key}, {"$set": {"enabled": True}})
    assert "R1" in {wish.identity for wish in desired.runnable(ALL)}
    assert reads.count("all") == 1


def test_of_other_shards_than_before_only_what_came_is_read(rows, reads):
    desired = Desired()
    even = [name for name in NAMES if shard_of(name, NUMBER) % 2 == 0]
    assert {wish.identity for wish in desired.runnable(HALF)} == set(even)
    assert len(desired.runnable(ALL)) == len(NAMES)
    assert {wish.identity for wish in desired.runnable(Share([0, 2, 4, 6], NUMBER))} == set(even)
    assert {wish.identity for wish in desired.runnable(Share(range(4), 4))} == set(NAMES)
    # The even ones are the lower half of the column; four shards out of two lose and gain nothing.
    assert reads == ["1 ranges", "1 ranges", "1 ranges"]
    desired.runnable(Share(range(2), 2))
    assert len(reads) == 3


def test_a_row_without_its_place_in_the_index_is_found(rows, reads):
    """As a version before the column writes it while the workers are of this one."""
    table = connection.get_collection(named.TABLE)
    table.update_one({"identity": "R1"}, {"$unset": {"spread": ""}})
    table.update_one({"identity": "R2"}, {"$set": {"spread": None}})
    assert {wish.identity for wish in Desired().runnable(ALL)} == set(NAMES)
    own = {name for name in NAMES if name in HALF}
    assert {wish.identity for wish in Desired().runnable(HALF)} == own


def test_a_redis_without_its_data_has_all_read(rows, reads):
    desired = Desired()
    desired.runnable(ALL)
    redis_client().flushdb()
    desired.runnable(ALL)
    desired.runnable(ALL)
    assert reads == ["all", "all"]


def test_without_redis_all_is_read_each_time(rows, reads, monkeypatch):
    desired = Desired()
    desired.runnable(ALL)

    def away(*_: object):
        raise redis.ConnectionError("away")

    with monkeypatch.context() as patch:
        patch.setattr(marks, "since", away)
        patch.setattr(marks, "here", away)
        connection.get_collection(named.TABLE).update_one(
            {"identity": "R1"}, {"$set": {"enabled": False}}
        )
        assert len(desired.runnable(ALL)) == len(NAMES) - 1
        desired.runnable(ALL)
    assert reads == ["all"] * 3
    desired.runnable(ALL)  # nobody knows what was written meanwhile
    desired.runnable(ALL)
    assert reads == ["all"] * 4


def test_a_look_that_failed_is_made_whole_by_the_next(rows, reads, monkeypatch):
    desired = Desired()
    desired.runnable(ALL)
    Station.objects.filter(identity="R1").update(enabled=False)

    def away(*_: object):
        raise ConnectionError("away")

    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(named, "rows", away)
        desired.runnable(ALL)
    assert {wish.identity for wish in desired.runnable(ALL)} == {*NAMES} - {"R1"}


def test_what_others_wrote_past_our_connections_is_found_with_age(rows, reads, monkeypatch):
    now = 1000.0
    monkeypatch.setattr("stations.worker.desired.time.monotonic", lambda: now)
    desired = Desired()
    desired.runnable(ALL)
    monkeypatch.setattr(marks, "since", lambda place: (place, marks.Written()))
    connection.get_collection(named.TABLE).delete_one({"identity": "R1"})
    assert len(desired.runnable(ALL)) == len(NAMES)
    now += AGE + 1
    assert len(desired.runnable(ALL)) == len(NAMES) - 1
