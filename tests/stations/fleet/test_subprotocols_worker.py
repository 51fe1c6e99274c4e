"""A station whose version the CSMS has chosen, on a whole worker: restarts and changes."""

from stations.models import Station
from stations.orders.commands import notify_changed
from tests.stations.fleet.conftest import until
from tests.stations.fleet.running import RunningWorker, charging, configure, in_database


async def test_the_chosen_version_outlives_the_worker_and_a_change(worker, sink):
    sink.subprotocol = "ocpp1.6"
    await configure(sink, "CP-1", ocpp_version="2.0.1", offered_versions=["2.0.1", "1.6"])
    await notify_changed(["CP-1"])
    await until(lambda: worker.running("CP-1"), 15)
    await charging(worker, sink, "CP-1")
    transaction = worker.running("CP-1").snapshot()["connectors"][0]["transaction"]

    links = len(sink.connections)
    await in_database(Station.objects.filter(identity="CP-1").update)(call_timeout=77, revision=2)
    await notify_changed(["CP-1"])
    await until(lambda: worker.running("CP-1").config.call_timeout == 77, 15)
    assert len(sink.connections) == links  # no other link was wanted

    await worker.stop()
    other = RunningWorker()
    try:
        await until(lambda: other.running("CP-1"), 15)
        station = other.running("CP-1")
        assert station.config.version == "1.6"
        assert station.snapshot()["connectors"][0]["transaction"] == transaction
        assert not [s for s in other.kept.sessions if s["state"] == "ended"]
        await until(lambda: len(sink.connections) > links)
        sink.subprotocol = "ocpp2.0.1"
        await in_database(Station.objects.filter(identity="CP-1").update)(
            offered_versions=[], revision=3
        )
        await notify_changed(["CP-1"])  # 1.6 is not offered any more
        await until(lambda: other.running("CP-1").config.version == "2.0.1", 15)
    finally:
        await other.stop()
