"""A worker whose Redis goes away or comes back empty."""

import asyncio

import pytest

from stations.orders.commands import notify_changed, send_command
from stations.state import keys, snapshots
from tests.stations.fleet.conftest import until
from tests.stations.fleet.running import (
    RunningWorker,
    configure,
    hot_state,
    stored_state,
)

pytestmark = pytest.mark.django_db(transaction=True)


async def test_emptied_redis_is_filled_again(worker, sink, store):
    names = [f"CP-{n}" for n in range(10)]
    await configure(sink, *names)
    await notify_changed(names)
    await until(lambda: all(hot_state(store, name) for name in names))
    store.flushdb()
    await until(lambda: all(hot_state(store, name) for name in names))
    assert store.scard(keys.dirty_key()) == 10
    assert len(sink.connections) == 10


async def test_stations_keep_running_while_redis_is_away(
    transactional_db, layers, sink, own_redis, settings, monkeypatch
):
    monkeypatch.setattr(snapshots, "_client", None)
    settings.REDIS_URL = own_redis.url
    host = {"address": own_redis.url, "socket_timeout": 30}
    workers = dict(settings.CHANNEL_LAYERS["workers"])
    workers["CONFIG"] = workers["CONFIG"] | {"hosts": [host]}
    settings.CHANNEL_LAYERS = settings.CHANNEL_LAYERS | {"workers": workers}
    names = [f"CP-{n}" for n in range(20)]
    await configure(sink, *names)
    worker = RunningWorker()
    await until(lambda: sum("BootNotification" in c.actions() for c in sink.live()) == 20)
    held = dict(worker.worker.leases.held)

    own_redis.stop()
    await asyncio.sleep(1.5)  # longer than a lease
    for connection in sink.live():
        connection.send('[2,"while-away","ClearCache",{}]')
    await until(lambda: all(c.received[-1][:2] == [3, "while-away"] for c in sink.live()))
    own_redis.start()

    client = snapshots.redis_client()
    await until(lambda: client.scard(keys.dirty_key()) == 20)
    await until(lambda: client.hlen(keys.workers_key()) == 1)
    assert worker.worker.leases.held == held
    assert len(sink.connections) == 20  # not one of them dialed again
    state = await send_command("CP-3", "state")
    assert state["connected"]
    await worker.stop()


async def test_last_states_go_to_mongo_if_redis_is_away_at_the_stop(
    transactional_db, layers, sink, own_redis, settings, monkeypatch
):
    monkeypatch.setattr(snapshots, "_client", None)
    monkeypatch.setattr("stations.worker.worker.FINAL_WRITE_PATIENCE", 1.0)
    settings.REDIS_URL = own_redis.url
    await configure(sink, "CP-1")
    worker = RunningWorker()
    await until(lambda: worker.running("CP-1") and sink.connections)
    await until(lambda: worker.running("CP-1").registration == "Accepted")
    own_redis.stop()
    await worker.stop()
    assert (await stored_state("CP-1"))["connected"] is False
