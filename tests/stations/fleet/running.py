"""A whole worker in this process, and looks at what it leaves in the stores."""

import asyncio

from asgiref.sync import sync_to_async

from stations.models import Station
from stations.orders.commands import send_command
from stations.state import keys, snapshots
from stations.state.stamps import unpack_state
from stations.worker.worker import Worker, WorkerOptions
from tests.stations.fleet.conftest import PATIENCE, KeptFrames, until
from tests.stations.fleet.sink import Sink

OPTIONS = WorkerOptions(reconcile_every=15.0, lease_ms=1000, tend_every=0.1)

in_database = sync_to_async


class RunningWorker:
    """A worker with its task; `kill` ends it as kill -9 would, without a word to anybody."""

    def __init__(self, options: WorkerOptions = OPTIONS) -> None:
        self.kept = KeptFrames()
        self.worker = Worker(self.kept, options)
        self.task = asyncio.create_task(self.worker.run())

    async def stop(self) -> None:
        self.worker.stop()
        async with asyncio.timeout(PATIENCE):
            await self.task

    async def kill(self) -> None:
        async def no_goodbye(tasks):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        worker = self.worker
        worker._leave = no_goodbye
        for shard in list(worker._listeners):
            await worker._deafen(shard)
        worker.stop()
        await self.task
        for station in worker.fleet.running.values():
            if station.dialer.transport is not None:
                station.dialer.transport.disconnect(False)
                station.dialer.transport = None
        worker.host.deadlines.close()
        await worker.queue.close()
        await worker.host.transfers.close()
        await worker.redis.aclose()
        worker.database.shutdown()

    def running(self, identity: str):
        station = self.worker.fleet.running.get(identity)
        return station and station.consumer.station


@sync_to_async
def configure(sink: Sink, *identities: str, **fields) -> None:
    values = {"csms_url": sink.url, "running": True, "serial": "S-1"} | fields
    for identity in identities:
        Station.objects.create(identity=identity, **values)


@sync_to_async
def stored_state(identity: str) -> dict | None:
    return snapshots.state_collection().find_one(identity)


def hot_state(store, identity: str) -> dict | None:
    value = store.get(keys.state_key(identity))
    return unpack_state(value)[1] if value else None


def stamp_of(store, identity: str) -> str:
    return store.getrange(keys.state_key(identity), 0, 24).decode()


async def charging(worker: RunningWorker, sink: Sink, identity: str) -> None:
    """Bring a station up and start a transaction on it."""
    await until(lambda: sink.connections and worker.running(identity).registration == "Accepted")
    await send_command(identity, "start-transaction", {"connector": 1, "id_tag": "TAG"})
    await until(lambda: "StartTransaction" in sink.connections[-1].actions())
    await until(lambda: worker.running(identity).snapshot()["connectors"][0]["transaction"])
