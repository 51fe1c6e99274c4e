"""Any interleaving of change, snapshot, sync, crash, takeover and loss of Redis's data.

Two things must hold after every step: no store's snapshot is ever replaced by an older one, and a
station whose hot state is newer than MongoDB's is in the dirty set. The steps are the real code on
a real Redis and a real SecantusDB; only the order in which they happen is made up.
"""

import asyncio

import pytest
from django.conf import settings
from hypothesis import HealthCheck, strategies
from hypothesis import settings as hypothesis_settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)  # fmt: skip
from redis.asyncio import Redis

from stations.state import keys, snapshots
from stations.state.snapshot_writer import SnapshotWriter
from stations.state.stamps import make_stamp, pack_state, unpack_state

STATIONS = ("CP-0", "CP-1")
PICK = strategies.integers(0, 5).map(lambda number: lambda items: items[-1 - number % len(items)])


class Owner:
    """A station on one worker: what is in its memory."""

    def __init__(self, identity: str, epoch: int) -> None:
        self.identity, self.epoch = identity, epoch
        self.pending = self.taken = 0

    def packed_state(self) -> bytes:
        self.taken += 1
        stamp = make_stamp(self.epoch, self.taken)
        return pack_state(stamp, {"own_stamp": stamp, "saved": {}})


class InFlight:
    """A snapshot that was taken but not yet written: its owner may change or die meanwhile."""

    def __init__(self, owner: Owner) -> None:
        self.identity, self.pending = owner.identity, 0
        self._value = owner.packed_state()

    def packed_state(self) -> bytes:
        return self._value


class Interleavings(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.client = Redis.from_url(settings.REDIS_URL)
        self.writer = SnapshotWriter(self.client, list)
        self.redis = snapshots.redis_client()
        self.redis.flushdb()
        snapshots.state_collection().delete_many({})
        self.epoch = 0
        self.owners: list[Owner] = []
        self.flights: list[InFlight] = []
        self.syncs: list[dict] = []  # each under way: the values it read, then also "stored"
        self.seen_in_redis = dict.fromkeys(STATIONS, "")
        self.seen_in_mongo = dict.fromkeys(STATIONS, "")
        for identity in STATIONS:
            self.take_over(identity)

    def teardown(self) -> None:
        snapshots.sync_dirty()
        hot, cold = self.stamps_in_redis(), self.stamps_in_mongo()
        assert all(cold[identity] >= hot[identity] for identity in STATIONS)
        assert self.redis.scard(keys.dirty_key()) == 0
        self.loop.run_until_complete(self.client.aclose())
        self.loop.close()

    def write_now(self, sources: list) -> None:
        self.loop.run_until_complete(self.writer.write(sources))

    # --- steps ---------------------------------------------------------------------------------

    @rule(identity=strategies.sampled_from(STATIONS))
    def take_over(self, identity):
        """A new owner; the old one may be dead, or may not know yet and go on."""
        newest = snapshots.read_newest([identity]).get(identity)
        best = max(self.stamps_in_redis()[identity], self.stamps_in_mongo()[identity])
        assert (newest[0] if newest else "") == best
        self.epoch += 1
        self.owners.append(Owner(identity, self.epoch))

    @precondition(lambda self: self.owners)
    @rule(pick=PICK)
    def change_and_write(self, pick):
        self.write_now([pick(self.owners)])

    @precondition(lambda self: self.owners)
    @rule(pick=PICK)
    def take_snapshot(self, pick):
        self.flights.append(InFlight(pick(self.owners)))

    @precondition(lambda self: self.flights)
    @rule(pick=PICK)
    def snapshot_arrives(self, pick):
        flight = pick(self.flights)
        self.flights.remove(flight)
        self.write_now([flight])

    @precondition(lambda self: self.owners)
    @rule(pick=PICK)
    def crash(self, pick):
        self.owners.remove(pick(self.owners))

    @rule()
    def sync_reads(self):
        identities = [name for chunk in snapshots.dirty_chunks() for name in chunk]
        if identities:
            self.syncs.append({"values": snapshots.read_chunk(identities)})

    @precondition(lambda self: self.syncs)
    @rule(pick=PICK)
    def sync_goes_on(self, pick):
        sync = pick(self.syncs)
        if "stored" not in sync:
            sync["stored"] = snapshots.write_chunk(sync["values"])
        else:
            snapshots.clear_chunk(sync["values"])
            self.syncs.remove(sync)

    @precondition(lambda self: self.syncs)
    @rule(pick=PICK)
    def sync_dies(self, pick):
        self.syncs.remove(pick(self.syncs))

    @rule()
    def whole_sync(self):
        snapshots.sync_dirty()

    @rule()
    def redis_loses_its_data(self):
        self.redis.flushdb()
        self.seen_in_redis = dict.fromkeys(STATIONS, "")
        self.write_now(self.owners)

    # --- what must hold ------------------------------------------------------------------------

    @invariant()
    def nothing_newer_was_replaced(self):
        hot, cold = self.stamps_in_redis(), self.stamps_in_mongo()
        for identity in STATIONS:
            assert hot[identity] >= self.seen_in_redis[identity]
            assert cold[identity] >= self.seen_in_mongo[identity]
        self.seen_in_redis, self.seen_in_mongo = hot, cold

    @invariant()
    def nothing_dirty_is_lost(self):
        hot, cold = self.stamps_in_redis(), self.stamps_in_mongo()
        dirty = {raw.decode() for raw in self.redis.smembers(keys.dirty_key())}
        behind = {identity for identity in STATIONS if hot[identity] > cold[identity]}
        assert behind <= dirty

    def stamps_in_redis(self) -> dict[str, str]:
        found = dict.fromkeys(STATIONS, "")
        for identity in STATIONS:
            if value := self.redis.get(keys.state_key(identity)):
                found[identity], state = unpack_state(value)
                assert state["own_stamp"] == found[identity]
        return found

    def stamps_in_mongo(self) -> dict[str, str]:
        found = dict.fromkeys(STATIONS, "")
        for document in snapshots.state_collection().find():
            found[document["_id"]] = document["stamp"]
            assert document["own_stamp"] == document["stamp"]
        return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_no_interleaving_loses_or_reverts_a_state():
    run_state_machine_as_test(
        Interleavings,
        settings=hypothesis_settings(
            max_examples=120,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
